"""Helpers set aside for a while ("nk.why is set aside"), since a ticket is to be solved without them."""

from __future__ import annotations

from netkit.errors import Conflict

_aside: frozenset[str] = frozenset()
_reason, _instead = "", ""


def set_aside(names: frozenset[str], reason: str, instead: str) -> None:
    """Set helpers aside until `give_back`.

    Args:
        names: "why", "xray" …
        reason: why, as a sentence's second half.
        instead: what to take in their stead.
    """
    global _aside, _reason, _instead
    _aside, _reason, _instead = names, reason, instead


def give_back() -> None:
    """Let all helpers work again."""
    set_aside(frozenset(), "", "")


def refuse(name: str) -> None:
    """Refuse a helper that is set aside.

    Args:
        name: of the helper.

    Raises:
        Conflict: it is set aside.
    """
    if name in _aside:
        raise Conflict(f"nk.{name} is set aside", _reason, _instead)
