"""What nk.why said last: for whoever helps a learner who agreed to share it."""

from __future__ import annotations

_said = ""


def keep(text: str) -> None:
    """Remember what was said.

    Args:
        text: the diagnosis in words.
    """
    global _said  # noqa: PLW0603  (one notebook, one learner)
    _said = text


def told() -> str:
    """What was said last; "" for nothing yet."""
    return _said
