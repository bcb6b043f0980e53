"""Ask the kernel what it would do with a packet: `ip route get` (rtnetlink(7), RTM_GETROUTE); and facts of a port."""

from __future__ import annotations

import errno
import os
import socket
import struct
from ipaddress import ip_address

from netkit.diagnosis.findings import Port, RouteAnswer, RouteQuestion
from netkit.errors import KernelRefused
from netkit.linux.looks import records
from netkit.linux.netlink import sockets
from netkit.linux.netlink.protocol import Talk, attribute, attributes

_RTM_GETLINK, _RTM_GETROUTE = 18, 26
_RTA_DST, _RTA_SRC, _RTA_IIF = 1, 2, 3
_OIF, _GATEWAY, _PREFSRC, _VIA = 4, 5, 7, 18
_ROUTE = struct.Struct("=BBBBBBBBI")
_KINDS = {1: "unicast", 2: "local", 3: "broadcast", 4: "anycast", 5: "multicast"}
_REFUSING = {6: "EINVAL", 7: "EHOSTUNREACH", 8: "EACCES"}
"""Kinds of route that refuse, and how: IPv6 answers with the route where IPv4 answers with the error."""

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
            [body] = talk.ask(_RTM_GETROUTE, _question(talk, question))
        except KernelRefused as error:
            name = errno.errorcode.get(error.errno, str(error.errno))
            return RouteAnswer(error=name, words=f"RTNETLINK answers: {os.strerror(error.errno)}")
        return _answer(talk, body)

    return sockets.use(path, ask)


def _question(talk: Talk, question: RouteQuestion) -> bytes:
    whom, who = ip_address(question.destination), ip_address(question.source) if question.source else None
    family = socket.AF_INET if whom.version == 4 else socket.AF_INET6
    bits = whom.max_prefixlen
    header = _ROUTE.pack(family, bits, bits if who else 0, 0, 0, 0, 0, 0, 0)
    parts = [attribute(_RTA_DST, whom.packed)]
    parts += [attribute(_RTA_SRC, who.packed)] if who else []
    for kind, name in ((_RTA_IIF, question.iif), (_OIF, question.oif)):
        parts += [attribute(kind, struct.pack("=I", talk.index_of(name)))] if name else []
    return header + b"".join(parts)


def _answer(talk: Talk, body: memoryview) -> RouteAnswer:
    family, _, _, _, _, _, _, kind, _ = _ROUTE.unpack_from(body)
    facts = attributes(body[_ROUTE.size :])
    if kind in _REFUSING:
        words = os.strerror(getattr(errno, _REFUSING[kind]))
        return RouteAnswer(error=_REFUSING[kind], words=f"RTNETLINK answers: {words}")
    index = struct.unpack("=I", facts[_OIF])[0] if _OIF in facts else 0
    via = socket.inet_ntop(family, bytes(facts[_GATEWAY])) if _GATEWAY in facts else None
    if _VIA in facts:
        via = str(ip_address(bytes(facts[_VIA][2:])))
    source = socket.inet_ntop(family, bytes(facts[_PREFSRC])) if _PREFSRC in facts else None
    return RouteAnswer(_KINDS.get(kind, str(kind)), via, talk.name_of(index) if index else None, source)


def port(path: str, name: str) -> Port:
    """What the kernel knows of an interface that a snapshot does not tell: `ip -d link show dev NAME`.

    Args:
        path: the namespace.
        name: the interface.

    Raises:
        NotFound: there is no such interface.
    """

    def ask(talk: Talk) -> Port:
        [body] = talk.ask(_RTM_GETLINK, struct.pack("=4xi8x", talk.index_of(name)))
        flags = _LINK.unpack_from(body)[3]
        state = records.link(body).port_state
        return Port(not flags & _IFF_NOARP, _STATES[state] if state is not None and state < len(_STATES) else "")

    return sockets.use(path, ask)
