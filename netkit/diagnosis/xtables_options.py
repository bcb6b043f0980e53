"""What single options of iptables, ebtables and arptables ask of a packet: -s, -i, --dport, --ctstate, --mark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis import matching

if TYPE_CHECKING:
    from collections.abc import Callable

    from netkit.diagnosis.matching import Holds, Passing

    Test = Callable[[Passing, tuple[str, ...]], Holds]

ALL = 0xFFFFFFFF
"""Every bit of a mark."""


def with_mask(text: str) -> tuple[int, int]:
    """The number and the mask of "0x5/0xff"; all bits where none is told."""
    value, _, mask = text.partition("/")
    return int(value, 0), int(mask, 0) if mask else ALL


def _ports(number: int | None, text: str) -> bool:
    """Whether a port is one of those that a rule names: "80", "1024:", "22,80,8000:8080"."""
    if number is None:
        return False
    bounds = ((part.partition(":")[0], part.rpartition(":")[2]) for part in text.split(","))
    return any(int(low or 0) <= number <= int(high or 65535) for low, high in bounds)


def _state(passing: Passing, words: tuple[str, ...]) -> bool:
    wanted = words[0].split(",")
    return passing.tracked in wanted or any(each in wanted for each in passing.translated)


def _tcp_flags(passing: Passing, words: tuple[str, ...]) -> Holds:
    mask, wanted = (_flag_set(word) for word in words[:2])
    own = matching.flags(passing.packet)
    return bool(own) and own & mask == wanted


def _asking_for_ecn(passing: Passing, _: tuple[str, ...]) -> Holds:
    """Only who begins a connection may ask for ECN so; whether it does, a switch of its kernel says (tcp_ecn)."""
    return None if "SYN" in matching.flags(passing.packet) else False


def _flag_set(word: str) -> frozenset[str]:
    names = {"ALL": "FIN,SYN,RST,PSH,ACK,URG", "NONE": ""}.get(word, word)
    return frozenset(filter(None, names.split(",")))


def _mark(passing: Passing, words: tuple[str, ...]) -> Holds:
    value, mask = with_mask(words[0])
    return None if passing.packet.mark is None else passing.packet.mark & mask == value


def of_connection(passing: Passing, words: tuple[str, ...]) -> Holds:
    """Whether the mark of a packet's connection is the one that a rule names."""
    value, mask = with_mask(words[0])
    return None if passing.packet.kept is None else passing.packet.kept & mask == value


def _service(shift: int) -> Test:
    """Whether a packet's type of service, or the code point in it, is the one that a rule names."""

    def test(passing: Passing, words: tuple[str, ...]) -> Holds:
        value, mask = with_mask(words[0])
        return None if passing.packet.service is None else passing.packet.service >> shift & mask == value

    return test


def _probability(_: Passing, words: tuple[str, ...]) -> Holds:
    return {0.0: False, 1.0: True}.get(float(words[0]))


def _length(passing: Passing, words: tuple[str, ...]) -> Holds:
    low, colon, high = words[0].partition(":")
    return matching.length(passing.packet, int(low or 0), int(high or 65535) if colon else int(low))


def _packet_type(passing: Passing, words: tuple[str, ...]) -> Holds:
    asks = passing.packet.protocol == "arp" and not passing.packet.answer
    kind = "BROADCAST" if asks else matching.kind_of_address(passing, passing.packet.destination)
    known = {"LOCAL": "unicast", "UNICAST": "unicast"}.get(kind, kind.lower())
    return words[0] in (known, "host" if known == "unicast" else known)


def _mac(mac: str, text: str) -> Holds:
    """Whether a MAC is the one that a rule names, perhaps with a mask."""
    special = {
        "Unicast": ("00:00:00:00:00:00", "01:00:00:00:00:00"),
        "Multicast": ("01:00:00:00:00:00", "01:00:00:00:00:00"),
        "Broadcast": ("ff:ff:ff:ff:ff:ff", "ff:ff:ff:ff:ff:ff"),
    }
    wanted, mask = special.get(text, (text.partition("/")[0], text.partition("/")[2] or "ff:ff:ff:ff:ff:ff"))
    try:
        own, value, bits = (int(each.replace(":", ""), 16) for each in (mac, wanted, mask))
    except ValueError:
        return None
    return own & bits == value & bits


def _original(field: str) -> Test:
    """What a connection's first packet was like when it came to this namespace."""

    def test(passing: Passing, words: tuple[str, ...]) -> Holds:
        if passing.original is None:
            return None
        known = getattr(passing.original, field)
        return _ports(known, words[0]) if isinstance(known, int) else matching.within(known or "", words[0])

    return test


_VERSIONS = {"ipv4": 4, "0x0800": 4, "0x800": 4, "ip": 4, "ipv6": 6, "0x86dd": 6}


def _frame(passing: Passing, words: tuple[str, ...]) -> Holds:
    """Whether a frame carries what `-p` of ebtables names."""
    name = words[0].lower()
    if passing.packet.protocol == "arp":
        return name in ("arp", "0x0806", "0x806")
    return _VERSIONS.get(name) == passing.packet.version


def _of_version(version: int, test: Test) -> Test:
    return lambda p, words: p.packet.protocol != "arp" and p.packet.version == version and test(p, words)


def _of_arp(test: Test) -> Test:
    return lambda p, words: p.packet.protocol == "arp" and test(p, words)


def _operation(passing: Passing, words: tuple[str, ...]) -> Holds:
    return words[0].lower() in (("reply", "2") if passing.packet.answer else ("request", "1"))


_SOURCE: Test = lambda p, words: matching.within(p.packet.source, words[0])  # noqa: E731  (a row of the tables below)
_DESTINATION: Test = lambda p, words: matching.within(p.packet.destination, words[0])  # noqa: E731
_TO_PORT: Test = lambda p, words: _ports(p.packet.destination_port, words[0])  # noqa: E731
_FROM_PORT: Test = lambda p, words: _ports(p.packet.source_port, words[0])  # noqa: E731
_PROTOCOL: Test = lambda p, words: matching.protocol(p.packet, words[0])  # noqa: E731
_ICMP: Test = lambda p, words: matching.icmp(p.packet, words[0])  # noqa: E731

TESTS: dict[str, Test] = {
    "-s": _SOURCE,
    "-d": _DESTINATION,
    "-i": lambda p, words: matching.device(p.iif, words[0]),
    "-o": lambda p, words: matching.device(p.oif, words[0]),
    "-p": _PROTOCOL,
    "-f": lambda _p, _w: False,
    "--dport": _TO_PORT,
    "--sport": _FROM_PORT,
    "--dports": _TO_PORT,
    "--sports": _FROM_PORT,
    "--ports": lambda p, words: _TO_PORT(p, words) or _FROM_PORT(p, words),
    "--ctstate": _state,
    "--ctdir": lambda p, words: words[0] == ("REPLY" if p.packet.answer else "ORIGINAL"),
    "--ctproto": _PROTOCOL,
    "--ctorigsrc": _original("source"),
    "--ctorigdst": _original("destination"),
    "--ctorigsrcport": _original("source_port"),
    "--ctorigdstport": _original("destination_port"),
    "--dst-type": lambda p, words: matching.kind_of_address(p, p.packet.destination) in words[0].split(","),
    "--src-type": lambda p, words: matching.kind_of_address(p, p.packet.source) in words[0].split(","),
    "--src-range": _SOURCE,
    "--dst-range": _DESTINATION,
    "--physdev-in": lambda p, words: matching.device(p.port_in, words[0]),
    "--physdev-out": lambda p, words: matching.device(p.port_out, words[0]),
    "--physdev-is-in": lambda p, _: bool(p.port_in),
    "--physdev-is-out": lambda p, _: bool(p.port_out),
    "--physdev-is-bridged": lambda p, _: bool(p.port_in and p.port_out),
    "--icmp-type": _ICMP,
    "--icmpv6-type": _ICMP,
    "--syn": lambda p, _: matching.flags(p.packet) == {"SYN"},
    "--tcp-flags": _tcp_flags,
    **dict.fromkeys(("--ecn-tcp-cwr", "--ecn-tcp-ece"), _asking_for_ecn),
    "--mark": _mark,
    "--tos": _service(0),
    "--dscp": _service(2),
    "--mode": lambda _p, _w: True,
    "--probability": _probability,
    "--length": _length,
    "--pkt-type": _packet_type,
    "--mac-source": lambda p, words: _mac(p.mac, words[0]),
    **{f"--{name}-eq": lambda p, words: p.packet.ttl == int(words[0]) for name in ("ttl", "hl")},
    **{f"--{name}-lt": lambda p, words: p.packet.ttl < int(words[0]) for name in ("ttl", "hl")},
    **{f"--{name}-gt": lambda p, words: p.packet.ttl > int(words[0]) for name in ("ttl", "hl")},
}
_OF_ETHERNET: dict[str, Test] = {
    "-s": lambda p, words: _mac(p.mac, words[0]),
    "-d": lambda p, words: _mac(p.target, words[0]),
    "-p": _frame,
    "--logical-in": lambda p, words: matching.device(p.bridge if p.iif else "", words[0]),
    "--logical-out": lambda p, words: matching.device(p.bridge if p.oif else "", words[0]),
    "--ip-src": _of_version(4, _SOURCE),
    "--ip-dst": _of_version(4, _DESTINATION),
    "--ip-proto": _of_version(4, _PROTOCOL),
    "--ip-sport": _of_version(4, _FROM_PORT),
    "--ip-dport": _of_version(4, _TO_PORT),
    "--ip-icmp-type": _of_version(4, _ICMP),
    "--ip6-src": _of_version(6, _SOURCE),
    "--ip6-dst": _of_version(6, _DESTINATION),
    "--ip6-proto": _of_version(6, _PROTOCOL),
    "--ip6-sport": _of_version(6, _FROM_PORT),
    "--ip6-dport": _of_version(6, _TO_PORT),
    "--ip6-icmp-type": _of_version(6, _ICMP),
    "--arp-op": _of_arp(_operation),
    "--arp-ip-src": _of_arp(_SOURCE),
    "--arp-ip-dst": _of_arp(_DESTINATION),
    "--arp-mac-src": _of_arp(lambda p, words: _mac(p.mac, words[0])),
    "--pkttype-type": _packet_type,
    "--vlan-id": lambda _p, _w: False,
}
_OF_ARP: dict[str, Test] = {
    "--opcode": _operation,
    **dict.fromkeys(("--source-mac", "--src-mac"), lambda p, words: _mac(p.mac, words[0])),
    **dict.fromkeys(("--destination-mac", "--dst-mac"), lambda p, words: _mac(p.target, words[0])),
    "--h-length": lambda _p, words: words[0] == "6",
    "--h-type": lambda _p, words: words[0] in ("1", "0x1", "Ethernet"),
    "--proto-type": lambda _p, words: words[0] in ("0x800", "0x0800", "IPv4"),
}
OF_TOOL = {"ebtables": {**TESTS, **_OF_ETHERNET}, "arptables": {**TESTS, **_OF_ARP}}
