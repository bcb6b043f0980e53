"""What only looks at the kernel's networks, and returns frozen values."""
