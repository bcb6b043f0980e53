"""The world of its own that a notebook's kernel lives in: how it is made, entered and examined.

Importing this package loads nothing: process 1 of User-Mode Linux needs little of it, and imports are slow there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netkit.sandbox.marker import Inside, inside, require_sandbox

__all__ = ["Inside", "inside", "require_sandbox"]


def __getattr__(name: str) -> Any:
    """Load what is asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'netkit.sandbox' has no attribute '{name}'")
    from netkit.sandbox import marker

    return getattr(marker, name)
