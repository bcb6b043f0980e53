"""What nft's words look at in a packet at a hook: ip saddr, tcp dport, ct state, meta mark, fib … (nft(8))."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netkit.diagnosis import matching
from netkit.diagnosis.packet import TOO_LARGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from netkit.diagnosis.matching import Passing

ABSENT, UNKNOWN = object(), object()
"""What stands in a value's place where a packet has none, so that the rule ends, and where nobody knows it."""


def _of_ip(version: int, what: Callable[[Passing], Any]) -> Callable[[Passing], Any]:
    return lambda p: what(p) if p.packet.protocol != "arp" and p.packet.version == version else ABSENT


def _of(protocols: tuple[str, ...], what: Callable[[Passing], Any]) -> Callable[[Passing], Any]:
    return lambda p: what(p) if matching.protocol_of(p.packet) in protocols else ABSENT


def _of_arp(what: Callable[[Passing], Any]) -> Callable[[Passing], Any]:
    return lambda p: what(p) if p.packet.protocol == "arp" else ABSENT


_MESSAGES = {
    "neighbour-solicitation": "nd-neighbor-solicit",
    "neighbour-advertisement": "nd-neighbor-advert",
    TOO_LARGE[4]: "destination-unreachable",
    TOO_LARGE[6]: "packet-too-big",
}


def _icmp(passing: Passing) -> str:
    return _MESSAGES.get(passing.packet.kind) or ("echo-reply" if passing.packet.answer else "echo-request")


def _ether(passing: Passing) -> str:
    return "arp" if passing.packet.protocol == "arp" else "ip" if passing.packet.version == 4 else "ip6"


def _known(text: str) -> Any:
    return text or UNKNOWN


def _kind_of(passing: Passing, address: str) -> str:
    return matching.kind_of_address(passing, address).lower()


def _original(field_name: str) -> Callable[[Passing], Any]:
    """A fact of its connection's first packet as that came to this namespace."""

    def get(passing: Passing) -> Any:
        return UNKNOWN if passing.original is None else getattr(passing.original, field_name)

    return get


def _source(p: Passing) -> str:
    return p.packet.source


def _destination(p: Passing) -> str:
    return p.packet.destination


_PORTS = {"sport": lambda p: p.packet.source_port, "dport": lambda p: p.packet.destination_port}
_ICMP_OF = {"icmp": "icmp", "icmpv6": "ipv6-icmp"}
FIELDS: dict[str, Callable[[Passing], Any]] = {
    "ip saddr": _of_ip(4, _source),
    "ip daddr": _of_ip(4, _destination),
    "ip6 saddr": _of_ip(6, _source),
    "ip6 daddr": _of_ip(6, _destination),
    "ip protocol": _of_ip(4, lambda p: matching.protocol_of(p.packet)),
    "ip6 nexthdr": _of_ip(6, lambda p: matching.protocol_of(p.packet)),
    "ip version": _of_ip(4, lambda _: 4),
    "ip6 version": _of_ip(6, lambda _: 6),
    "ip ttl": _of_ip(4, lambda p: p.packet.ttl),
    "ip6 hoplimit": _of_ip(6, lambda p: p.packet.ttl),
    "ip frag-off": _of_ip(4, lambda _: UNKNOWN),
    **{f"{kind} type": _of((protocol,), _icmp) for kind, protocol in _ICMP_OF.items()},
    **{
        f"{kind} code": _of((protocol,), lambda p: 4 if p.packet.kind == TOO_LARGE[4] else 0)
        for kind, protocol in _ICMP_OF.items()
    },
    **{f"{kind} {end}": _of((kind,), get) for kind in ("tcp", "udp") for end, get in _PORTS.items()},
    **{f"th {end}": _of(("tcp", "udp"), get) for end, get in _PORTS.items()},
    **{f"{kind} {end}": _of((kind,), get) for kind in ("sctp", "dccp", "udplite") for end, get in _PORTS.items()},
    "tcp flags": _of(("tcp",), lambda p: frozenset(each.lower() for each in matching.flags(p.packet))),
    "ether saddr": lambda p: _known(p.mac),
    "ether daddr": lambda p: _known(p.target),
    "ether type": _ether,
    "arp operation": _of_arp(lambda p: "reply" if p.packet.answer else "request"),
    "arp saddr ip": _of_arp(_source),
    "arp daddr ip": _of_arp(_destination),
    "arp saddr ether": _of_arp(lambda p: _known(p.mac)),
    "arp htype": _of_arp(lambda _: 1),
    "arp ptype": _of_arp(lambda _: "ip"),
    "arp hlen": _of_arp(lambda _: 6),
    "arp plen": _of_arp(lambda _: 4),
    "meta l4proto": lambda p: matching.protocol_of(p.packet) or ABSENT,
    "meta nfproto": lambda p: ABSENT if p.packet.protocol == "arp" else f"ipv{p.packet.version}",
    "meta protocol": _ether,
    "meta iif": lambda p: p.iif,
    "meta oif": lambda p: p.oif,
    "meta iifname": lambda p: p.iif,
    "meta oifname": lambda p: p.oif,
    "meta ibrname": lambda p: p.bridge if p.iif else "",
    "meta obrname": lambda p: p.bridge if p.oif else "",
    "meta mark": lambda p: UNKNOWN if p.packet.mark is None else p.packet.mark,
    "meta pkttype": lambda p: "unicast" if p.packet.protocol != "arp" else UNKNOWN,
    "ct mark": lambda p: UNKNOWN if p.packet.kept is None else p.packet.kept,
    "ct state": lambda p: p.tracked.lower(),
    "ct status": lambda p: UNKNOWN if p.first is None else frozenset(each.lower() for each in p.translated),
    "ct direction": lambda p: "reply" if p.packet.answer else "original",
    **{f"ct original {kind} saddr": _original("source") for kind in ("ip", "ip6")},
    **{f"ct original {kind} daddr": _original("destination") for kind in ("ip", "ip6")},
    "ct original saddr": _original("source"),
    "ct original daddr": _original("destination"),
    "ct original proto-src": _original("source_port"),
    "ct original proto-dst": _original("destination_port"),
    "fib type daddr": lambda p: _kind_of(p, p.packet.destination),
    "fib type saddr": lambda p: _kind_of(p, p.packet.source),
}
