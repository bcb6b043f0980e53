"""What moves in a notebook: the player of packet journeys and the live view of the network."""
