"""The tests that iptables and nft share, of a packet at a hook: address, device, protocol, ICMP, TCP flags, length."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netkit.diagnosis.packet import Packet
    from netkit.model import Rule

Holds = bool | None
"""Whether a condition is met; None where that is not known."""


@dataclass(frozen=True)
class Passing:
    """A packet at a hook.

    Attributes:
        packet: the packet.
        iif: the interface that it came in by, "" for one of the namespace's own; at a bridge's hooks the port.
        oif: the interface that it leaves by, "" where that is not decided or it is delivered; or the port.
        own: the namespace's addresses.
        port_in: the bridge's port that it came in by, where a bridge shows its packets to the filter of IP.
        port_out: the port that it leaves by.
        masquerade: the address that MASQUERADE would give it.
        redirect: the address that REDIRECT would lead it to.
        mac: the MAC that its frame came from; "" where nobody knows.
        target: the MAC that its frame is for; "" where nobody knows.
        meant: of a question for a MAC, the one that is the right answer; "" where nobody knows.
        bridge: the bridge, at a bridge's hooks.
        broadcasts: the broadcast addresses of the namespace's networks.
        state: of its connection: "NEW", "ESTABLISHED", "RELATED", "INVALID" or "UNTRACKED"; "" where an answer belongs
            to a connection and all else begins one.
        first: the first packet of its connection as it came to this namespace, None where that was never seen.
        translated: what became of that: "DNAT", "SNAT".
        proxies: whether the programs listen that rules of nft hand packets to: those rules end where none does.
    """

    packet: Packet
    iif: str = ""
    oif: str = ""
    own: frozenset[str] = frozenset()
    port_in: str = ""
    port_out: str = ""
    masquerade: str = ""
    redirect: str = ""
    mac: str = ""
    target: str = ""
    meant: str = ""
    bridge: str = ""
    broadcasts: frozenset[str] = frozenset()
    state: str = ""
    first: Packet | None = None
    translated: frozenset[str] = frozenset()
    proxies: bool = True

    @property
    def tracked(self) -> str:
        """The state of its connection, in iptables' words."""
        if self.packet.untracked:
            return "UNTRACKED"
        return self.state or ("ESTABLISHED" if self.packet.answer or self.packet.kind == "later" else "NEW")

    @property
    def original(self) -> Packet | None:
        """The first packet of its connection, perhaps itself; None where that was never seen."""
        return self.first or (self.packet if self.tracked == "NEW" else None)

    def with_packet(self, packet: Packet) -> Passing:
        """The same place, and the packet as it goes on."""
        return self if packet is self.packet else replace(self, packet=packet)


@dataclass(frozen=True)
class Place:
    """Where a packet is asked about.

    Attributes:
        namespace: which.
        hook: "FORWARD" …
        iif: the interface that it came in by, "" for none; at a bridge's hooks the port.
        oif: the interface that it leaves by.
        ports: a bridge's ports that it passes from the one to the other, where IP's filter sees what a bridge forwards.
        bridge: the bridge, at its own hooks.
        layer: "bridge", "arp" or "netdev"; "" for IP.
    """

    namespace: str
    hook: str
    iif: str = ""
    oif: str = ""
    ports: tuple[str, str] = ("", "")
    bridge: str = ""
    layer: str = ""


@dataclass(frozen=True)
class Doubt:
    """Rules that may have dropped a packet: nobody knows whether they match it."""

    place: Place
    passing: Passing
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Turn:
    """A rule that may have led a packet elsewhere: nobody knows whether it matches it.

    Attributes:
        namespace: whose rule.
        rule: the rule.
        before: the packet as it came.
        after: as it went on if it did.
    """

    namespace: str
    rule: Rule
    before: Packet
    after: Packet


@dataclass(frozen=True)
class Setting:
    """A rule that changed a packet's TTL."""

    namespace: str
    rule: Rule


@dataclass(frozen=True)
class Act:
    """What a rule does with a packet, or may do.

    Attributes:
        kind: "on" to the next rule, "accept", "drop", "jump", "goto", "return", or "proxy" where a program gets it.
        chain: where a jump leads.
        packet: as it goes on, None where nothing is changed.
    """

    kind: str
    chain: str = ""
    packet: Packet | None = None


ON, ACCEPT, DROP, RETURN, PROXY = map(Act, ("on", "accept", "drop", "return", "proxy"))


def negated(holds: Holds, no: bool) -> Holds:  # noqa: FBT001  (a word of the rule's)
    """What is left of a condition that may stand behind a "!".

    Args:
        holds: whether it is met without that.
        no: whether it stands there.
    """
    return None if holds is None else holds is not no


def both(conditions: list[Holds]) -> Holds:
    """Whether all of some conditions are met: false if one is not, else unknown if one is that."""
    return False if False in conditions else None if None in conditions else True


def either(conditions: list[Holds]) -> Holds:
    """Whether one of some conditions is met: true if one is, else unknown if one is that."""
    return True if True in conditions else None if None in conditions else False


def within(address: str, text: str) -> Holds:
    """Whether an address is the one, or in the prefix or the range, that a rule names.

    Args:
        address: the packet's; "" where it has none.
        text: "10.0.0.1", "10.0.0.0/8", "10.0.0.0/255.0.0.0", "10.0.0.1-10.0.0.9".
    """
    low, dash, high = text.partition("-")
    try:
        own = ipaddress.ip_address(address) if address else None
        if own is None or own.version != ipaddress.ip_address(low.partition("/")[0]).version:
            return False
        if dash:
            first, last = ipaddress.ip_address(low), ipaddress.ip_address(high)
            return int(first) <= int(own) <= int(last)
        return own in ipaddress.ip_network(low, strict=False)
    except ValueError:
        return _masked(address, low)


def _masked(address: str, text: str) -> Holds:
    """The same for a mask with gaps, 10.0.0.1/255.0.0.255."""
    wanted, slash, mask = text.partition("/")
    try:
        bits = int(ipaddress.ip_address(mask)) if slash else -1
        return (int(ipaddress.ip_address(address)) ^ int(ipaddress.ip_address(wanted))) & bits == 0
    except ValueError:
        return None


def device(name: str, wanted: str) -> bool:
    """Whether an interface is the one that a rule names; "veth+" means every one that begins so.

    Args:
        name: the packet's; "" for none.
        wanted: the rule's.
    """
    return bool(name) and (name == wanted or (wanted.endswith("+") and name.startswith(wanted[:-1])))


_PROTOCOLS = {
    "1": "icmp",
    "6": "tcp",
    "17": "udp",
    "47": "gre",
    "58": "ipv6-icmp",
    "TCP": "tcp",
    "icmpv6": "ipv6-icmp",
    "ipencap": "4",
    "ipv6": "41",
}


def protocol_of(packet: Packet) -> str:
    """Its protocol's name (protocols(5)); ICMP is IPv4's, ICMPv6 is IPv6's; "" for ARP."""
    if packet.protocol == "icmp" and packet.version == 6:
        return "ipv6-icmp"
    return "" if packet.protocol == "arp" else packet.protocol


def protocol(packet: Packet, name: str) -> bool:
    """Whether a packet is of the protocol that a rule names.

    Args:
        name: of the protocol, or its number.
    """
    return name in ("all", "0") or _PROTOCOLS.get(name, name.lower()) == protocol_of(packet)


_SENT, _ANSWERED = ("echo-request", "8", "128"), ("echo-reply", "0", "129")
_KINDS = {
    "neighbour-solicitation": ("neighbour-solicitation", "neighbor-solicitation", "nd-neighbor-solicit", "135"),
    "neighbour-advertisement": ("neighbour-advertisement", "neighbor-advertisement", "nd-neighbor-advert", "136"),
    "fragmentation-needed": ("fragmentation-needed", "3/4", "destination-unreachable", "3"),
    "packet-too-big": ("packet-too-big", "2"),
}


def icmp(packet: Packet, kind: str) -> bool:
    """Whether a packet is of the kind of ICMP message that a rule names; false for all that is no ICMP.

    Args:
        kind: its number, with a code perhaps, or its name; "any".
    """
    if packet.protocol != "icmp":
        return False
    names = _KINDS.get(packet.kind) or (_ANSWERED if packet.answer else _SENT)
    return kind == "any" or kind in names or (kind.endswith("/0") and kind[:-2] in names)


def flags(packet: Packet) -> frozenset[str]:
    """The flags of a TCP packet: of the first one, of the answer to it, or of the one behind that; none for others."""
    if packet.protocol != "tcp":
        return frozenset()
    if packet.kind == "later":
        return frozenset({"ACK"})
    return frozenset({"SYN", "ACK"} if packet.answer else {"SYN"})


def kind_of_address(passing: Passing, address: str) -> str:
    """What an address is to a namespace: "LOCAL", "BROADCAST", "MULTICAST" or "UNICAST"."""
    if not address:
        return "UNICAST"
    known = ipaddress.ip_address(address)
    if known.is_multicast:
        return "MULTICAST"
    if address in passing.own or known.is_loopback:
        return "LOCAL"
    return "BROADCAST" if address == "255.255.255.255" or address in passing.broadcasts else "UNICAST"


_LEAST = {"tcp": 40, "udp": 28, "icmp": 28}
_MOST = 65535


def length(packet: Packet, low: int, high: int) -> Holds:
    """Whether its length lies between two numbers of bytes; nobody knows how much it carries.

    Args:
        low: the least.
        high: the most.
    """
    least = _LEAST.get(packet.protocol, 28) + (20 if packet.version == 6 else 0)
    if high < least:
        return False
    return True if low <= least and high >= _MOST else None
