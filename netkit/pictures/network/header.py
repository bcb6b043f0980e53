"""Knows what a room says about itself: its name, its sysctls, its packet-filter rules and its routes (4 at most)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.model.facts import Facts, own_addresses
from netkit.pictures.network.badges import badges
from netkit.pictures.network.parts import NORMAL, Sizes, Words
from netkit.pictures.network.scene import Badge, Box, Text
from netkit.visible import in_line

if TYPE_CHECKING:
    from netkit.pictures.network.scene import Scene, Stations

MOST_ROUTES = 4


@dataclass
class Header:
    """The name of a room and the facts that concern it as a whole.

    Attributes:
        namespace: whose room it is.
        items: the words, the name first; those with a frame have a role of Badge.
        sizes: of its letters.
        centred: one below the other in the middle, not side by side from the left.
    """

    namespace: str
    items: list[Words]
    sizes: Sizes
    centred: bool

    FRAMED = frozenset({"nat", "drop", "switch", "lo", "station"})
    GAP = 8.0

    def _width(self, words: Words) -> float:
        return words.width(self._size(words)) + (14 if words.role in self.FRAMED else 0) + words.indent

    def _size(self, words: Words) -> float:
        return self.sizes.title if words.role == "title" else self.sizes.label * 0.93

    def _height(self, words: Words) -> float:
        return self.sizes.title * 1.4 if words.role == "title" else self.sizes.label * 1.62

    @property
    def width(self) -> float:
        """The least width that it needs."""
        return max(self._width(words) for words in self.items)

    def rows(self, width: float) -> list[list[Words]]:
        """The words in lines of at most this width."""
        rows: list[list[Words]] = []
        used = width
        for words in self.items:
            beside = words.role == rows[-1][-1].role == "station" if rows and self._stands_alone(words) else bool(rows)
            if not beside or used + self.GAP + self._width(words) > width:
                rows.append([words])
                used = self._width(words)
            else:
                rows[-1].append(words)
                used += self.GAP + self._width(words)
        return rows

    def _stands_alone(self, words: Words) -> bool:
        """Whether it begins a new line, but for stations of a packet beside one another."""
        return self.centred or words.role == "station"

    def height(self, width: float) -> float:
        """How high it is when it may be this wide."""
        return sum(max(self._height(w) for w in row) + 2 for row in self.rows(width))

    def write(self, scene: Scene, x: float, y: float, width: float) -> None:
        """Put it into the scene: upper left corner at (x, y)."""
        for row in self.rows(width):
            height = max(self._height(words) for words in row)
            across = sum(self._width(words) for words in row) + self.GAP * (len(row) - 1)
            left = x + (width - across) / 2 if self.centred else x
            for words in row:
                self._write(scene, words, left, y + height / 2)
                left += self._width(words) + self.GAP
            y += height + 2

    def _write(self, scene: Scene, words: Words, x: float, middle: float) -> None:
        size, width, height = self._size(words), self._width(words), self._height(words)
        if words.role in self.FRAMED:
            box = Box(x, middle - height / 2, width, height)
            told = {"lo": "lo", "station": words.text}.get(words.role, "")
            scene.badges.append(Badge((self.namespace, told), box, words.role))
        middle_of_it = self.centred or words.role in self.FRAMED
        at, anchor = (x + (width + words.indent) / 2, "middle") if middle_of_it else (x, "start")
        scene.texts.append(Text(at, middle + 0.36 * size, words.text, size, anchor, words.role, words.bold))


def header(
    facts: Facts, namespace: str, sizes: Sizes = NORMAL, *, centred: bool, stations: Stations | None = None
) -> Header:
    """What a room says about itself.

    Args:
        namespace: which room.
        sizes: of its letters.
        centred: whether it stands in the middle of its room.
        stations: of packets, see `lay_out`.
    """
    items = [Words(in_line(facts.called(namespace)), "title", bold=True)]
    items += [Words(in_line(text), "quiet") for text in facts.lived_in(namespace)]
    if facts.tells_loopback(namespace):
        lo = facts.link((namespace, "lo")) if "lo" in facts.spaces[namespace].interfaces else None
        items += [Words(" ".join(["lo", "up" if lo.up else "down", *own_addresses(lo)]), "lo")] if lo else []
    items += [
        Words(f"{name.removeprefix('net.').removeprefix('ipv4.').removeprefix('bridge.')} = {value}", "switch")
        for name, value in facts.switches(namespace).items()
    ]
    items += [Words(in_line(text), role) for text, role in badges(facts.spaces[namespace].rules)]
    routes = [r for r in facts.routes(namespace) if r.via or r.destination == "default" or r.kind != "unicast"]
    for route in routes[:MOST_ROUTES]:
        way = [f"via {route.via}"] if route.via else [f"dev {route.device}"] if route.device else [route.kind]
        items.append(Words(in_line(" ".join([route.destination, *way])), "route"))
    if len(routes) > MOST_ROUTES:
        items.append(Words(f"+ {len(routes) - MOST_ROUTES} more routes", "quiet"))
    spaces = (stations or {}).get(namespace, {})
    items += [Words(name, "station", indent=space) for name, space in spaces.items()]
    return Header(namespace, items, sizes, centred)
