"""Knows the lifelines of a ladder diagram: one for each interface, and one for the kernel of each namespace."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netkit.journey.telling.verdicts import dropped
from netkit.journey.values import ROUTING
from netkit.model import HOST
from netkit.pictures.network.measure import text_width
from netkit.pictures.network.scene import Box, Text
from netkit.pictures.network.sheet import Panel, Sheet, Stroke
from netkit.visible import in_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.journey.values import Hop
    from netkit.model import End

NAME, CHIP, STATION = 12.0, 9.5, 9.0
"""Sizes of the letters of namespaces, interfaces and hooks."""
TOP, HEADER = 16.0, 54.0
"""Where the bands begin, and how high their heads are."""
BETWEEN_BANDS, PAD = 9.0, 6.0
LEAST = 42.0
NUMBER = 17.0
"""The size of the circle with a hop's number."""
KERNEL = "kernel"
"""The head of the lifeline on which hooks and the routing decision stand."""


def lane_of(hop: Hop) -> End:
    """The lifeline that a hop stands on: (namespace, interface), or (namespace, "") for the kernel's."""
    return hop.namespace, hop.interface or ""


def label(hop: Hop) -> tuple[str, str]:
    """What is written on the box of a hook or a routing decision, and the box's role: "FORWARD ✕ drop"."""
    if hop.hook == ROUTING:
        return ROUTING, "hook"
    name = str(hop.hook).upper()
    if dropped(hop.events):
        return f"{name} ✕ drop", "hook drop"
    return (f"{name} ✓ accept", "hook accept") if hop.events else (name, "hook")


def box_width(hop: Hop) -> float:
    """How wide the box of a hook is."""
    return text_width(label(hop)[0], STATION, bold=True) + NUMBER + 14


@dataclass
class Lanes:
    """The lifelines in the order in which journeys come by, those of a namespace together.

    Attributes:
        width: of all of them with the margins.
        centre: where each one stands.
        bands: namespace -> where it begins and ends.
    """

    width: float = 0.0
    centre: dict[End, float] = field(default_factory=dict)
    bands: dict[str, tuple[float, float]] = field(default_factory=dict)

    def write(self, sheet: Sheet, bottom: float) -> None:
        """Put the bands and lifelines, down to `bottom`, with their heads into a sheet."""
        for space, (left, right) in self.bands.items():
            kind = "host" if space == HOST else "namespace"
            sheet.grounds.append(Panel(Box(left, TOP, right - left, bottom - TOP), f"band {kind}", 10))
            middle, name = (left + right) / 2, in_line(space)
            sheet.texts.append(Text(middle, TOP + 18, name, NAME, "middle", "title", bold=True))
        for (_, name), x in self.centre.items():
            middle = TOP + HEADER - 15
            sheet.strokes.append(Stroke(((x, middle + 9), (x, bottom)), "life"))
            text, role = (in_line(name), "chip") if name else (KERNEL, "kernel")
            width = text_width(text, CHIP, bold=True) + 12
            sheet.panels.append(Panel(Box(x - width / 2, middle - 9, width, 18), role, 5))
            sheet.texts.append(Text(x, middle + 0.36 * CHIP, text, CHIP, "middle", role, bold=True))


def lanes(hops: Iterable[Hop]) -> Lanes:
    """The lifelines for some hops.

    Args:
        hops: in the order in which they will be drawn.
    """
    spaces: dict[str, dict[str, float]] = {}
    for hop in hops:
        space, name = lane_of(hop)
        chip = text_width(in_line(name) if name else KERNEL, CHIP, bold=True) + 12
        need = max(LEAST, chip, 0.0 if name else box_width(hop))
        known = spaces.setdefault(space, {})
        known[name] = max(known.get(name, 0.0), need)
    found, x = Lanes(), TOP
    for space, widths in spaces.items():
        title = text_width(in_line(space), NAME, bold=True)
        spare = max(0.0, title + 2 * PAD - sum(w + PAD for w in widths.values()) - PAD)
        left, x = x, x + PAD + spare / 2
        for name, width in widths.items():
            found.centre[space, name] = round(x + width / 2)
            x += width + PAD
        x += spare / 2
        found.bands[space] = (left, x)
        x += BETWEEN_BANDS
    found.width = x - BETWEEN_BANDS + TOP if spaces else 2 * TOP
    return found
