"""What works on this machine and what is missing, each with its cause and a remedy."""
