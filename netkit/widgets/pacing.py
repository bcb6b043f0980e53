"""When a live view looks and draws: 0.1 s after an event, 0.35 s apart at least, and once more after the last one."""

from __future__ import annotations

SECONDS_TO_GATHER = 0.1
"""So long further events are waited for after the first: one act makes many."""

SECONDS_BETWEEN_DRAWINGS = 0.35

_SHARE = 0.004
"""The part of a processor that something regular may take."""


class Drawing:
    """When to draw next.

    Attributes:
        due: when (seconds on any clock); None when nothing happened since the last drawing.
    """

    def __init__(self) -> None:
        self.due: float | None = None
        self._free = 0.0

    def heard(self, now: float) -> None:
        """Something happened."""
        if self.due is None:
            self.due = max(now + SECONDS_TO_GATHER, self._free)

    def drawn(self, began: float, ended: float) -> None:
        """What had happened when the drawing began is in the picture; a slow one is followed by a longer pause."""
        self.due = None
        self._free = max(began + SECONDS_BETWEEN_DRAWINGS, 2 * ended - began)


class Regular:
    """When to do again what is done all the time, so that it costs next to nothing.

    Args:
        seconds: float, between two times; longer when it is expensive.
        now: the first time.

    Attributes:
        due: when to do it next.
    """

    def __init__(self, seconds: float, now: float) -> None:
        self._seconds = seconds
        self._ended = self._cost = 0.0
        self.due = now

    def done(self, ended: float, cost: float) -> None:
        """It was done.

        Args:
            ended: when.
            cost: seconds of a processor that it took.
        """
        self._ended, self._cost = ended, cost
        self.due = ended + max(self._seconds, cost / _SHARE)

    def hasten(self, now: float) -> None:
        """Do it as soon as that would not take more than a tenth of a processor, should this be asked for again."""
        self.due = min(self.due, max(now, self._ended + 10 * self._cost))
