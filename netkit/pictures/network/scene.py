"""Knows what a picture of a network consists of: boxes, texts and lines with their places, as plain values.

The unit is the CSS pixel; x grows to the right and y downward, as in SVG.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from netkit.pictures.network.measure import ASCENT, DESCENT, text_width

if TYPE_CHECKING:
    from netkit.model import End

Stations = Mapping[str, Mapping[str, float]]
"""Namespace -> what packets pass there beside interfaces ("FORWARD") -> the space for a number before it, in pixels."""
Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True)
class Box:
    """An upright rectangle: its upper left corner, width and height."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        """The x of its right side."""
        return self.x + self.w

    @property
    def bottom(self) -> float:
        """The y of its lower side."""
        return self.y + self.h

    @property
    def cx(self) -> float:
        """The x of its centre."""
        return self.x + self.w / 2

    @property
    def cy(self) -> float:
        """The y of its centre."""
        return self.y + self.h / 2


@dataclass(frozen=True)
class Text:
    """One line of text.

    Attributes:
        x, y: the place of its anchor, on the base line.
        text: what it says.
        size: of the font, in pixels.
        anchor: which part of it stands at x.
        role: what it means, which decides its colour: "title", "name", "chip", "label", "quiet", "warning" …
        bold: whether it is set in bold.
    """

    x: float
    y: float
    text: str
    size: float
    anchor: Anchor = "start"
    role: str = "label"
    bold: bool = False

    @property
    def box(self) -> Box:
        """The rectangle that its letters take up."""
        width = text_width(self.text, self.size, bold=self.bold)
        left = self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return Box(left, self.y - ASCENT * self.size, width, (ASCENT + DESCENT) * self.size)


@dataclass(frozen=True)
class Room:
    """A namespace; kind is "host", "namespace", "group" (a frame around many) or "inner" (a part of another room)."""

    namespace: str
    box: Box
    kind: str


@dataclass(frozen=True)
class Chip:
    """An interface; kind is "veth", "ethernet", "vxlan", "other" or "bundle" (many)."""

    end: End
    box: Box
    kind: str
    up: bool


@dataclass(frozen=True)
class Bar:
    """A bridge."""

    end: End
    box: Box
    up: bool


@dataclass(frozen=True)
class Badge:
    """A small framed text on a room; role is "nat", "drop", "switch", "lo" or "station"."""

    end: End
    box: Box
    role: str


@dataclass(frozen=True)
class Line:
    """A cable, a tunnel, or the inner connection of a port with its bridge.

    Attributes:
        ends: what it connects.
        points: its corners; four points of a curve where `curved`.
        kind: "cable", "tunnel", "stack", "port" or "trunk".
        alive: whether packets can pass.
        curved: whether the points are those of one cubic Bézier curve.
    """

    ends: tuple[End, End]
    points: tuple[Point, ...]
    kind: str
    alive: bool = True
    curved: bool = False


@dataclass
class Scene:
    """A whole picture: what is where."""

    width: float = 0.0
    height: float = 0.0
    rooms: list[Room] = field(default_factory=list)
    chips: list[Chip] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    badges: list[Badge] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)


@dataclass
class Lanes:
    """What cables need to know that do not lead straight down.

    Attributes:
        places: by a cable's lower end, the x of its lane beside other rooms, its number among the column's lanes, and
            among those to the same room.
        bundles: the ends of the thick lines that stand for many cables.
    """

    places: dict[End, tuple[float, int, int]] = field(default_factory=dict)
    bundles: list[tuple[End, End]] = field(default_factory=list)
