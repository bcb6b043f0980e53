"""A packet on its way, as far as that depends on it: addresses, ports, protocol, TTL, size, mark, TOS, zone."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace

TOO_LARGE = {4: "fragmentation-needed", 6: "packet-too-big"}
"""By version of IP, how a router's word is called that a packet is too large for the next link."""


NUMBERS = {("icmp", 4): 1, ("tcp", 4): 6, ("udp", 4): 17, ("icmp", 6): 58, ("tcp", 6): 6, ("udp", 6): 17}
"""Of protocols, by their names here and the version of IP."""


@dataclass(frozen=True)
class Packet:
    """A packet on its way, as far as its way depends on it.

    Attributes:
        source: its address; "" until the kernel has chosen one.
        destination: its address.
        protocol: "icmp", "tcp" or "udp"; "arp" for a question or an answer of ARP.
        source_port: None for ICMP.
        destination_port: None for ICMP.
        answer: whether it belongs to a connection that was seen before.
        ttl: how many routers it may pass, and one; 0 until its sender, or its sender's tunnel, has set it.
        size: bytes of the largest packet that its sender would send that way; 0 until that is known.
        scope: the interface, of the namespace where it is, behind which its link-local addresses are valid: that which
            its sender named, then that by which it came in; "" while nobody knows.
        mark: the number that rules have put on it, for other rules and for routes to ask (`fwmark`), None where nobody
            knows it; it stays in its namespace.
        kind: of ICMP, "neighbour-solicitation", "neighbour-advertisement" or one of TOO_LARGE, "" for an echo request
            or reply; of TCP, "later" for what follows when a connection is there.
        asked: of a neighbour solicitation, whose MAC it asks for; "" for other packets.
        untracked: whether a rule has kept it from being remembered as a part of a connection (NOTRACK).
        service: its type of service, for rules of routing to ask (`tos`); None where nobody knows it.
        zone: of conntrack, in which its connection is looked for.
        kept: the mark of its connection (`ct mark`), which its namespace remembers; None where nobody knows it.
    """

    source: str
    destination: str
    protocol: str = "icmp"
    source_port: int | None = None
    destination_port: int | None = None
    answer: bool = False
    ttl: int = 0
    size: int = 0
    scope: str = ""
    mark: int | None = 0
    kind: str = ""
    asked: str = ""
    untracked: bool = False
    service: int | None = 0
    kept: int | None = 0
    zone: int = 0

    @property
    def version(self) -> int:
        """4 or 6."""
        return ipaddress.ip_address(self.destination).version

    @property
    def iptables(self) -> str:
        """The program whose rules it meets: iptables or ip6tables."""
        return "iptables" if self.version == 4 else "ip6tables"

    @property
    def aim(self) -> tuple[str, int | None]:
        """Where it is led: its destination, and the port there."""
        return self.destination, self.destination_port

    @property
    def bound(self) -> str | None:
        """The interface that it has to leave by, since its destination is valid on one link only; None for others."""
        return self.scope or None if on_one_link(self.destination) else None

    def reversed(self) -> Packet:
        """The answer to it."""
        return replace(
            self,
            source=self.destination,
            destination=self.source,
            source_port=self.destination_port,
            destination_port=self.source_port,
            answer=True,
            ttl=0,
            size=0,
            mark=0,
            untracked=False,
            service=self.service if self.protocol == "icmp" else 0,  # an echo's is sent back (RFC 1122, 3.2.2.6)
            kept=0,
            zone=0,
        )


def on_one_link(address: str) -> bool:
    """Whether an address is valid on one link only, and its interface belongs to it (RFC 4007): fe80::/10, ff00::/8.

    Args:
        address: without an interface.
    """
    known = ipaddress.ip_address(address)
    return known.version == 6 and (known.is_link_local or known.is_multicast)


def version_of(address: str) -> int:
    """4 or 6."""
    return 6 if ":" in address else 4
