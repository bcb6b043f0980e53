"""What changes the kernel's networks: one function does one kernel act."""
