"""The only place that talks to the kernel: acts change it, looks return frozen values."""
