"""The kernel's table of tracked connections (conntrack(8)), as values."""

from __future__ import annotations

import ipaddress
import struct
from typing import TYPE_CHECKING

from netkit.errors import KernelRefused
from netkit.linux.entering import inside
from netkit.linux.netlink.nftables import NETFILTER
from netkit.linux.netlink.protocol import Talk, attributes, number
from netkit.linux.sysctls import read_here
from netkit.netfilter import Connection

if TYPE_CHECKING:
    from collections.abc import Mapping

_CT_GET, _CT_GET_STATS = (1 << 8) | 1, (1 << 8) | 5  # NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET …
_ENTRIES = 1  # CTA_STATS_GLOBAL_ENTRIES
_EVERY_FAMILY = struct.pack("=BBH", 0, 0, 0)  # nfgenmsg

_ORIGINAL, _REPLY, _STATUS, _PROTOCOL_INFO = 1, 2, 3, 4  # CTA_…
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6", 132: "sctp"}
_TCP_STATES = (
    *("NONE", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE"),
    "SYN_SENT2",
)
_STATUS_WORDS = {
    0: "expected",
    1: "seen reply",
    2: "assured",
    4: "source nat",
    5: "destination nat",
    9: "dying",
}
"""enum ip_conntrack_status, without the bits that every entry of the table has and the kernel's own notes."""

Tuple = tuple[str, str, str, int | None, int | None]
"""(protocol, source, destination, source port, destination port) of one direction."""


def connections(path: str) -> tuple[Connection, ...]:
    """The tracked connections of a namespace, in the order of their addresses.

    Args:
        path: a file that opens the namespace.
    """

    def read() -> tuple[Connection, ...]:
        with Talk(NETFILTER) as talk:
            return connections_here(talk)

    return inside(path, read)


def connections_here(talk: Talk) -> tuple[Connection, ...]:
    """The tracked connections of the namespace that the calling thread is in, in the order of their addresses.

    A namespace without any is not asked for a list: its counter is told in a twentieth of the time.

    Args:
        talk: with the kernel's netfilter, in that namespace.
    """
    if not _counted(talk):
        return ()
    try:
        found = [connection(body) for body in talk.dump(_CT_GET, _EVERY_FAMILY)]
    except KernelRefused:  # a kernel that counts connections but cannot list them
        return ()
    return tuple(sorted((one for one in found if one is not None), key=_order))


def _counted(talk: Talk) -> bool:
    """Whether there are any: as the kernel tells by a message, or else by a file."""
    try:
        body = talk.ask(_CT_GET_STATS, _EVERY_FAMILY)
        return any(attributes(body[4:])[_ENTRIES])
    except KernelRefused:
        return read_here("net.netfilter.nf_conntrack_count") not in (None, "0")


def connection(body: memoryview) -> Connection | None:
    """One entry of the table (nf_conntrack_netlink); None for one that has no addresses.

    Args:
        body: the family's header and attributes.
    """
    facts = attributes(body[4:])
    if _ORIGINAL not in facts or _REPLY not in facts:
        return None
    there, back = _tuple(facts[_ORIGINAL]), _tuple(facts[_REPLY])
    if there is None or back is None:
        return None
    bits = int.from_bytes(facts[_STATUS], "big") if _STATUS in facts else 0
    words = sorted(word for bit, word in _STATUS_WORDS.items() if bits >> bit & 1)
    return Connection(*there, *back[1:], _state(facts), tuple(words))


def _tuple(data: memoryview) -> Tuple | None:
    """CTA_TUPLE_ORIG or CTA_TUPLE_REPLY."""
    facts = attributes(data)
    if 1 not in facts or 2 not in facts:  # CTA_TUPLE_IP, CTA_TUPLE_PROTO
        return None
    addresses, upper = attributes(facts[1]), attributes(facts[2])
    source, destination = (addresses.get(four, addresses.get(four + 2)) for four in (1, 2))
    if source is None or destination is None or 1 not in upper:
        return None
    kind = number(upper[1])  # CTA_PROTO_NUM
    name = _PROTOCOLS.get(kind, str(kind))
    return name, _address(source), _address(destination), *_ports(upper)


def _ports(upper: Mapping[int, memoryview]) -> tuple[int | None, int | None]:
    """CTA_PROTO_SRC_PORT and DST_PORT; of ICMP the identifier, CTA_PROTO_ICMP_ID or ICMPV6_ID."""
    first = upper.get(2, upper.get(4, upper.get(7)))
    return tuple(int.from_bytes(port, "big") if port is not None else None for port in (first, upper.get(3)))


def _state(facts: Mapping[int, memoryview]) -> str:
    """TCP's state: CTA_PROTOINFO, CTA_PROTOINFO_TCP, CTA_PROTOINFO_TCP_STATE."""
    tcp = attributes(facts[_PROTOCOL_INFO]).get(1) if _PROTOCOL_INFO in facts else None
    value = attributes(tcp).get(1) if tcp is not None else None
    if value is None:
        return ""
    state = number(value)
    return _TCP_STATES[state] if state < len(_TCP_STATES) else str(state)


def _address(value: memoryview) -> str:
    return str(ipaddress.ip_address(bytes(value)))


def _order(one: Connection) -> tuple[int, bytes, bytes, str, int, int]:
    source, destination = ipaddress.ip_address(one.source), ipaddress.ip_address(one.destination)
    ports = one.source_port or 0, one.destination_port or 0
    return source.version, source.packed, destination.packed, one.protocol, *ports
