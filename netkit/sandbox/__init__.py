"""The world of its own that a notebook's kernel lives in: how it is made, entered and examined."""

from netkit.sandbox.marker import Inside, inside, require_sandbox

__all__ = ["Inside", "inside", "require_sandbox"]
