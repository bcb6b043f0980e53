"""Which of an x-ray's journeys a player offers: those that its filter, protocol, address and words, leaves over."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.journey.shown.table import ends, sent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from netkit.journey.shown.table import Journey

ANY_PROTOCOL = "all"
"""The choice that leaves every protocol over."""


@dataclass(frozen=True)
class Choice:
    """What the journeys that are offered have in common.

    Attributes:
        protocol: "ICMP", "TCP" …; ANY_PROTOCOL for every one.
        address: of the source or the destination: "172.17.0.2", how it begins, "172.17.", or a network,
            "172.17.0.0/16"; "" for every one.
        text: words that all occur in what a player says of the journey: "dropped forward"; "" for none.
    """

    protocol: str = ANY_PROTOCOL
    address: str = ""
    text: str = ""

    def of(self, journeys: Iterable[Journey]) -> list[Journey]:
        """Those of some journeys that it leaves over, in their order.

        Args:
            journeys: to choose from.

        Example:
            >>> from netkit.journey.shown.table import Journey
            >>> ping, web = Journey(1, "ICMP", "10.0.0.1", "10.0.0.2"), Journey(2, "TCP", "10.1.0.1", "10.0.0.2")
            >>> [journey.number for journey in Choice(address="10.1.0.0/16").of([ping, web])]
            [2]
        """
        words = self.text.lower().split()
        return [
            journey
            for journey in journeys
            if self.protocol in (ANY_PROTOCOL, journey.protocol)
            and (not self.address.strip() or self._is_end_of(journey))
            and (not words or all(word in _said(journey) for word in words))
        ]

    def _is_end_of(self, journey: Journey) -> bool:
        wanted = self.address.strip().lower()
        if "/" not in wanted:
            return any(end.lower().startswith(wanted) for end in (journey.source, journey.destination))
        try:
            network = ipaddress.ip_network(wanted, strict=False)
        except ValueError:  # it is being typed
            return False
        return any(_lies_in(end, network) for end in (journey.source, journey.destination))


def _lies_in(address: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        return ipaddress.ip_address(address) in network
    except ValueError:  # a MAC
        return False


def _said(journey: Journey) -> str:
    """All that is said of a journey, in small letters."""
    hops = (f"{hop.where} {hop.decided} {' '.join(hop.changed)}" for hop in journey.hops)
    return " ".join((sent(journey), ends(journey), journey.end, *hops)).lower()


def protocols(journeys: Iterable[Journey]) -> list[str]:
    """The protocols that occur, in the order of the alphabet.

    Args:
        journeys: an x-ray's.
    """
    return sorted({journey.protocol for journey in journeys})


def addresses(journeys: Sequence[Journey], most: int = 200) -> list[str]:
    """The addresses that occur as source or destination.

    Args:
        journeys: an x-ray's.
        most: so many of them, no more.
    """
    found = dict.fromkeys(end for journey in journeys for end in (journey.source, journey.destination))
    return sorted(found)[:most]
