"""The value that a notebook shows for a ladder diagram; where everything of it stands is in `pictures/journey`."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from netkit.handles import keep
from netkit.journey.shown.table import hops_text
from netkit.pictures.ink.image import Image
from netkit.pictures.journey import ladder as layout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from netkit.journey.shown.table import Journey
    from netkit.pictures.network.sheet import Sheet


class Ladder(Image):
    """Journeys as a ladder diagram: a lifeline for each interface, an arrow for each step, time runs downward.

    Args:
        journeys: one or several, drawn one below the other.
        hops: how many hops may be drawn; journeys that have no space are counted. The first is always there.
    """

    def __init__(self, journeys: Iterable[Journey], *, hops: int = layout.MOST) -> None:
        wanted = list(journeys)
        keep(self, journeys=layout.drawn(wanted, hops))
        self._left_out = len(wanted) - len(self.journeys)

    @cached_property
    def text(self) -> str:
        """The journeys hop by hop, in words."""
        more = [f"{self._left_out} more journeys are not drawn here."] if self._left_out else []
        return "\n\n".join([*map(hops_text, self.journeys), *more]) or "No packet was seen."

    @cached_property
    def sheet(self) -> Sheet:
        """What stands where."""
        return layout.ladder(self.journeys, self._left_out)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height, in pixels."""
        return self.sheet.width, self.sheet.height

    def draw(self, ax: Axes) -> list[Artist]:
        """Draw it on axes; see `Image.draw`."""
        from netkit.pictures.ink.sheets import draw_sheet

        return draw_sheet(ax, self.sheet)


def ladder(journeys: Journey | Iterable[Journey], *, hops: int = layout.MOST) -> Ladder:
    """Journeys as a ladder diagram; see `Ladder`.

    Args:
        journeys: one or several.
        hops: how many hops may be drawn.
    """
    from netkit.journey.shown.table import Journey as One

    return Ladder([journeys] if isinstance(journeys, One) else journeys, hops=hops)
