"""Ask the kernel what it would do with a packet: `ip route get` (rtnetlink(7), RTM_GETROUTE); and facts of a port."""

from __future__ import annotations

import errno
import os
import socket
import struct
from ipaddress import ip_address
from typing import TYPE_CHECKING

from netkit import model
from netkit.diagnosis.answers import Port, RouteAnswer
from netkit.errors import KernelRefused
from netkit.linux.looks import records
from netkit.linux.netlink import sockets
from netkit.linux.netlink.protocol import Talk, attribute, attributes, number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netkit.diagnosis.questions import RouteQuestion

_RTM_GETLINK, _RTM_GETROUTE = 18, 26
_RTA_DST, _RTA_SRC, _RTA_IIF, _RTA_MARK = 1, 2, 3, 16
_RTA_IP_PROTO, _RTA_SPORT, _RTA_DPORT = 27, 28, 29
_RTM_F_LOOKUP_TABLE, _RTM_F_FIB_MATCH = 0x1000, 0x2000
_PROTOCOLS = {("icmp", 4): 1, ("tcp", 4): 6, ("udp", 4): 17, ("icmp", 6): 58, ("tcp", 6): 6, ("udp", 6): 17}
_OIF, _GATEWAY, _PREFSRC, _VIA = 4, 5, 7, 18
_METRICS, _OF_MTU, _OF_HOPS = 8, 2, 10
_MOST_HOPS = 255
_ROUTE = struct.Struct("=BBBBBBBBI")
_KINDS = {1: "unicast", 2: "local", 3: "broadcast", 4: "anycast", 5: "multicast"}
_TABLES = {253: "default", 254: "main", 255: "local"}
_REFUSING = {6: "EINVAL", 7: "EHOSTUNREACH", 8: "EACCES"}
"""Kinds of route that refuse, and how: IPv6 answers with the route where IPv4 answers with the error."""

_BY_THE_KERNEL = 2  # RTPROT_KERNEL
_SWITCHES = {"learning": "port_learning", **{word: word for word in ("flood", "mcast_flood", "bcast_flood")}}
"""What a bridge's port does by itself, and how a link's details call it."""

_IFF_NOARP = 0x80
_LINK = struct.Struct("=BxHiII")
_STATES = ("disabled", "listening", "learning", "forwarding", "blocking")


def route(path: str, question: RouteQuestion) -> RouteAnswer:
    """Where the kernel sends a packet: `ip route get DESTINATION [from SOURCE] [iif DEVICE] [oif DEVICE]`.

    Args:
        path: the namespace.
        question: which packet; where that has come in by an interface, the kernel checks all that it checks then:
            whether it forwards, and rp_filter.

    Returns:
        Its answer, or its refusal.

    Raises:
        NotFound: the namespace, or the interface, is not there.
    """

    def ask(talk: Talk) -> RouteAnswer:
        try:
            body = talk.ask(_RTM_GETROUTE, _question(talk, question))
        except KernelRefused as error:
            name = errno.errorcode.get(error.errno, str(error.errno))
            return RouteAnswer(error=name, words=f"RTNETLINK answers: {os.strerror(error.errno)}")
        return _answer(talk, body)

    return sockets.use(path, ask)


def matched(path: str, question: RouteQuestion) -> model.Route | None:
    """The route that the kernel takes for a packet: `ip route get fibmatch …`; None where it refuses.

    Args:
        path: the namespace.
        question: which packet.
    """

    def ask(talk: Talk) -> model.Route | None:
        try:
            table = 0 if ":" in question.destination else _RTM_F_LOOKUP_TABLE  # which IPv6 tells by itself
            body = talk.ask(_RTM_GETROUTE, _question(talk, question, _RTM_F_FIB_MATCH | table))
        except KernelRefused:
            return None
        return _route(talk, body)

    return sockets.use(path, ask)


def _route(talk: Talk, body: memoryview) -> model.Route:
    """A route as it stands in its table."""
    family, length, _, _, table, protocol, _, kind, _ = _ROUTE.unpack_from(body)
    facts = attributes(body[_ROUTE.size :])
    table = number(facts[15]) if 15 in facts else table  # RTA_TABLE
    prefix = f"{socket.inet_ntop(family, bytes(facts[1]))}/{length}" if 1 in facts else "default"
    version = 4 if family == socket.AF_INET else 6
    index = number(facts[_OIF]) if _OIF in facts else 0
    return model.Route(
        prefix if length else "default",
        _via(facts, family),
        talk.name_of(index) if index else None,
        protocol="kernel" if protocol == _BY_THE_KERNEL else str(protocol),
        kind=_KINDS.get(kind, str(kind)),
        metric=number(facts[6]) if 6 in facts else 0,  # RTA_PRIORITY
        table=_TABLES.get(table, str(table)),
        version=version,
    )


def _question(talk: Talk, question: RouteQuestion, flags: int = 0) -> bytes:
    whom, who = ip_address(question.destination), ip_address(question.source) if question.source else None
    family = socket.AF_INET if whom.version == 4 else socket.AF_INET6
    bits = whom.max_prefixlen
    header = _ROUTE.pack(family, bits, bits if who else 0, question.service, 0, 0, 0, 0, flags)
    parts = [attribute(_RTA_DST, whom.packed)]
    parts += [attribute(_RTA_SRC, who.packed)] if who else []
    for kind, name in ((_RTA_IIF, question.iif), (_OIF, question.oif)):
        parts += [attribute(kind, struct.pack("=I", talk.index_of(name)))] if name else []
    parts += [attribute(_RTA_MARK, struct.pack("=I", question.mark))] if question.mark else []
    if protocol := _PROTOCOLS.get((question.protocol, whom.version)):
        parts.append(attribute(_RTA_IP_PROTO, bytes([protocol])))
        ports = zip((_RTA_SPORT, _RTA_DPORT), question.ports, strict=True)
        parts += [attribute(kind, struct.pack("!H", port)) for kind, port in ports if port]
    return header + b"".join(parts)


def _answer(talk: Talk, body: memoryview) -> RouteAnswer:
    family, _, _, _, _, _, _, kind, _ = _ROUTE.unpack_from(body)
    facts = attributes(body[_ROUTE.size :])
    if kind in _REFUSING:
        words = os.strerror(getattr(errno, _REFUSING[kind]))
        return RouteAnswer(error=_REFUSING[kind], words=f"RTNETLINK answers: {words}")
    index = struct.unpack("=I", facts[_OIF])[0] if _OIF in facts else 0
    via = _via(facts, family)
    source = socket.inet_ntop(family, bytes(facts[_PREFSRC])) if _PREFSRC in facts else None
    metrics = attributes(facts[_METRICS]) if _METRICS in facts else {}
    room = number(metrics[_OF_MTU]) if _OF_MTU in metrics else 0
    hops = number(metrics[_OF_HOPS]) if _OF_HOPS in metrics else 0
    hops = hops if hops <= _MOST_HOPS else 0  # IPv6 says so where none is set
    device = talk.name_of(index) if index else None
    return RouteAnswer(_KINDS.get(kind, str(kind)), via, device, source, mtu=room, hops=hops)


def _via(facts: Mapping[int, memoryview], family: int) -> str | None:
    """The next router: of the route's version of IP, or of the other one."""
    if _VIA in facts:
        return str(ip_address(bytes(facts[_VIA][2:])))
    return socket.inet_ntop(family, bytes(facts[_GATEWAY])) if _GATEWAY in facts else None


def port(path: str, name: str) -> Port:
    """What the kernel knows of an interface that a snapshot does not tell: `ip -d link show dev NAME`.

    Args:
        path: the namespace.
        name: the interface.

    Raises:
        NotFound: there is no such interface.
    """

    def ask(talk: Talk) -> Port:
        body = talk.ask(_RTM_GETLINK, struct.pack("=4xi8x", talk.index_of(name)))
        flags = _LINK.unpack_from(body)[3]
        link = records.link(body)
        state, details = link.port_state, dict(link.details)
        off = {word for word, key in _SWITCHES.items() if details.get(key) == "0"}
        off |= {"unlocked"} if details.get("locked") == "1" else set()
        word = _STATES[state] if state is not None and state < len(_STATES) else ""
        return Port(not flags & _IFF_NOARP, word, frozenset(off))

    return sockets.use(path, ask)
