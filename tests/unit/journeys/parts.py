"""What the simulated network consists of, and what is remembered of its packets."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netkit.netfilter import TraceEvent
    from tests.unit.journeys.packets import Packet
    from tests.unit.journeys.translating import Translator


@dataclass
class Tap:
    """A frame as it was seen, and the truth about it."""

    order: int
    stamp: int
    place: tuple[str, str]
    direction: str
    data: bytes
    packet: int
    after: Tap | None


@dataclass
class Told:
    """A report of netfilter, and the truth: which packet, and the frame behind which it passed."""

    order: int
    event: TraceEvent
    packet: int
    after: Tap | None


@dataclass
class Card:
    """An interface.

    Attributes:
        numbers: whether each packet that a VXLAN device sends has an identification of its own, as Linux draws it.
    """

    name: str
    kind: str
    mac: bytes
    address: str = ""
    peer: tuple[str, str] | None = None
    master: str | None = None
    vni: int = 0
    remotes: tuple[str, ...] = ()
    mtu: int = 1500
    numbers: bool = True


@dataclass
class Space:
    """A namespace: interfaces, routes (prefix, interface, next router), translations, and what was put together."""

    name: str
    cards: dict[str, Card] = field(default_factory=dict)
    routes: list[tuple[str, str, str]] = field(default_factory=list)
    translator: Translator | None = None
    traced: bool = False
    pieces: dict[tuple, list[Packet]] = field(default_factory=dict)

    @cached_property
    def own(self) -> set[str]:
        return {card.address.partition("/")[0] for card in self.cards.values()} | {"127.0.0.1"}
