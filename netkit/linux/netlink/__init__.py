"""How the kernel is talked to: netlink messages, packed, sent and read."""
