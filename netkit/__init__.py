"""Docker networking built by hand, on a real Linux kernel, in a sandbox of its own."""
