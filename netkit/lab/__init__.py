"""What a learner types: handles for namespaces and interfaces, whose every act shows its command."""

from netkit.lab import bridges, tunnels  # noqa: F401  (their handles are then known to every namespace)
