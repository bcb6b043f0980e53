"""`.path` of an x-ray: journeys on the picture of their network, drawn once, and over it what each hop lights."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from netkit.errors import InvalidValue
from netkit.handles import keep
from netkit.journey.shown.table import hops_text
from netkit.pictures.ink.image import Image
from netkit.pictures.ink.words import describe
from netkit.pictures.journey.trail import Trail, legend, stations
from netkit.pictures.network import lay_out
from netkit.pictures.network.spots import Spots

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from netkit.journey.shown.table import Journey
    from netkit.model import Snapshot
    from netkit.pictures.network.scene import Scene
    from netkit.pictures.network.sheet import Sheet


class Stage:
    """The picture of a network that journeys are drawn over: it is drawn once, a hop over it in about a millisecond.

    For a player: show `base` once, as an image; over it, at the same place and size, an image of `over(journey,
    hop)`, which is transparent but for what is lit and has the same viewBox.  `svg(journey, hop)` is both in one.

    Args:
        snapshot: the network.
        journeys: those that will be drawn; their hooks get badges in the rooms.

    Attributes:
        scene (Scene): what stands where; its width and height are those of the viewBox.
        base (str): the picture without any journey, as SVG.

    Example:
        >>> from netkit.journey.shown.table import Journey
        >>> from netkit.journey.values import Hop
        >>> from netkit.model import Interface, Namespace, Snapshot
        >>> snapshot = Snapshot({"ns1": Namespace("ns1", {"eth0": Interface("eth0", "ethernet", up=True)})})
        >>> journey = Journey(1, "ICMP", "10.0.0.1", "10.0.0.2", hops=(Hop(0, None, "ns1", "eth0", direction="out"),))
        >>> stage = Stage(snapshot, [journey])
        >>> stage.over(journey, hop=0).startswith("<svg"), stage.base.count("<svg"), stage.svg(journey).count("<svg")
        (True, 1, 1)
    """

    def __init__(self, snapshot: Snapshot, journeys: Iterable[Journey]) -> None:
        self.snapshot = snapshot
        self.scene: Scene = lay_out(snapshot, stations=stations(journeys))
        self._spots = Spots(self.scene)
        self._trails: dict[int, Trail] = {}

    @cached_property
    def base(self) -> str:
        """The picture without any journey, as SVG."""
        from netkit.pictures.ink import render
        from netkit.pictures.ink.artists import draw_scene

        with render.figure(self.scene.width, self.scene.height, lambda ax: draw_scene(ax, self.scene)) as page:
            return render.svg(page)

    def sheet(self, journey: Journey, hop: int | None = None) -> Sheet:
        """What is drawn over the picture.

        Args:
            journey: one of those that the stage was made for.
            hop: the number, from 0 on, of the hop that is looked at; None for the whole journey.

        Raises:
            InvalidValue: the journey has no such hop.
        """
        number = _checked(journey, hop)
        trail = self._trails.get(id(journey))
        if trail is None or trail.journey is not journey:
            trail = self._trails[id(journey)] = Trail(journey, self.scene, self._spots)
        return trail.sheet(number)

    def over(self, journey: Journey, hop: int | None = None) -> str:
        """What is drawn over the picture, as a transparent SVG with the picture's viewBox.

        Args:
            journey: see `sheet`.
            hop: see `sheet`.
        """
        from netkit.pictures.ink.sheets import svg_of

        width, height = self.scene.width, self.scene.height
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt" '
            f'viewBox="0 0 {width} {height}">{svg_of(self.sheet(journey, hop))}</svg>'
        )

    def svg(self, journey: Journey, hop: int | None = None) -> str:
        """The picture with the journey over it, as SVG.

        Args:
            journey: see `sheet`.
            hop: see `sheet`.
        """
        from netkit.pictures.ink.sheets import svg_of

        before, end, after = self.base.rpartition("</svg>")
        return f"{before}{svg_of(self.sheet(journey, hop))}{end}{after}"


class PathPicture(Image):
    """A journey on the picture of its network: its hops numbered, what it passed lit, where it ended said.

    Args:
        journey: which.
        snapshot: the network.
        hop: the number, from 0 on, of the hop to look at; None for the whole journey.

    Raises:
        InvalidValue: the journey has no such hop.
    """

    def __init__(self, journey: Journey, snapshot: Snapshot, hop: int | None = None) -> None:
        keep(self, journey=journey, hop=_checked(journey, hop), stage=Stage(snapshot, [journey]))
        self._legend = legend(journey, self.stage.scene.width, hop)

    @cached_property
    def text(self) -> str:
        """The journey hop by hop, and the network, in words."""
        looked = [] if self.hop is None else [f"Looked at: hop {self.hop + 1} of {len(self.journey.hops)}."]
        return "\n".join([hops_text(self.journey), *looked, describe(self.stage.snapshot)])

    @property
    def size(self) -> tuple[float, float]:
        """Width and height, in pixels."""
        return self.stage.scene.width, self.stage.scene.height + self._legend.height

    def draw(self, ax: Axes) -> list[Artist]:
        """Draw it on axes; see `Image.draw`."""
        from netkit.pictures.ink.artists import draw_scene
        from netkit.pictures.ink.sheets import draw_sheet

        width, height = self.size
        scene, sheet = self.stage.scene, self.stage.sheet(self.journey, self.hop)
        moved = [replace(text, y=text.y + scene.height) for text in self._legend.texts]
        whole = replace(sheet, width=width, height=height, texts=[*sheet.texts, *moved])
        return [*draw_scene(ax, replace(scene, height=height)), *draw_sheet(ax, whole, z=10)]


def _checked(journey: Journey, hop: int | None) -> int | None:
    numbers = range(len(journey.hops))
    if hop is not None and (isinstance(hop, bool) or not isinstance(hop, int) or hop not in numbers):
        rule = f"journey {journey.number} has {len(numbers)} hops, numbered from 0 on"
        raise InvalidValue(f"{hop!r} is no hop of this journey", rule, "Try hop=0, or leave it out")
    return hop
