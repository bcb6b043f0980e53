"""`nk.Docker`, made only of the library's acts: containers, networks, published ports, links and names."""
