"""What is said about the steps of a packet: what changed, who decided, what became of it."""
