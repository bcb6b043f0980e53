"""Read what a link's record says beyond its name and state (<linux/if_link.h>, `ip -d link`), each fact by one table.

A fact that is what it is when nobody sets it is left out, and so is what the kernel counts, draws or finds out itself.
"""

from __future__ import annotations

import socket
import struct
from functools import lru_cache
from typing import TYPE_CHECKING

from netkit.linux.looks.dictionary import FLAGS, NOARP, OF_A_BRIDGES_PORT, OF_ALL, OF_KINDS
from netkit.linux.netlink.protocol import attributes
from netkit.model import switches
from netkit.model.details import usual

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from netkit.linux.looks.dictionary import Row

_AF_INET, _AF_INET6 = 2, 10


def details(
    kind: str,
    flags: int,
    facts: Mapping[int, memoryview],
    info: Mapping[int, memoryview],
    port: Mapping[int, memoryview],
) -> tuple[tuple[str, str], ...]:
    """What is worth knowing of a link of its kind, and of its being a bridge's port, sorted.

    Args:
        kind: of the link.
        flags: ifi_flags.
        facts: the attributes of the record.
        info: those of IFLA_LINKINFO.
        port: what the bridge knows of its port.
    """
    found = [(word, "1" if flags & bit else "0") for bit, word in FLAGS.items()]
    found.append(("arp", "0" if flags & NOARP else "1"))
    found += _read(facts, OF_ALL)
    table, data = OF_KINDS.get(kind), attributes(info[2]) if 2 in info else {}  # IFLA_INFO_DATA
    found += _read(data, table) if table is not None else _unread(data)
    found += _read(port, OF_A_BRIDGES_PORT)
    return tuple(sorted((key, value) for key, value in found if value and value != usual(key, kind)))


def _read(facts: Mapping[int, memoryview], table: Mapping[int, Row]) -> Iterator[tuple[str, str]]:
    for name in facts.keys() & table.keys():
        key, read = table[name]
        yield key, read(facts[name])


def _unread(data: Mapping[int, memoryview]) -> Iterator[tuple[str, str]]:
    """Facts of a kind whose words are not known here: their bytes still tell when they change."""
    for name, value in data.items():
        yield f"data_{name}", value.hex()


def switched(kind: str, facts: Mapping[int, memoryview]) -> tuple[tuple[str, str], ...]:
    """The switches of an interface, net.ipv4.conf.* and net.ipv6.conf.*, that are not what nobody set, sorted.

    Args:
        kind: of the link.
        facts: the attributes of its record.

    Returns:
        ("ipv4.rp_filter", "2") …
    """
    ipv4, ipv6 = _of_family(facts, _AF_INET, 1), _of_family(facts, _AF_INET6, 2)  # IFLA_INET_CONF, IFLA_INET6_CONF
    return _switched(kind == "loopback", ipv4, ipv6)


def token(facts: Mapping[int, memoryview]) -> str:
    """What `ip token` lists of a link, "::5"; "" where nobody set one.

    Args:
        facts: the attributes of its record.
    """
    value = _of_family(facts, _AF_INET6, 7)  # IFLA_INET6_TOKEN
    return socket.inet_ntop(socket.AF_INET6, value) if any(value) else ""


def _of_family(facts: Mapping[int, memoryview], family: int, attribute: int) -> bytes:
    """What a version of IP says of a link (IFLA_AF_SPEC); nothing where there is none."""
    families = attributes(facts[26]) if 26 in facts else {}
    return bytes(attributes(families[family]).get(attribute, b"")) if family in families else b""


@lru_cache(1024)
def _switched(loopback: bool, ipv4: bytes, ipv6: bytes) -> tuple[tuple[str, str], ...]:  # noqa: FBT001  (a key)
    found = [*_named("ipv4", switches.OF_IPV4, ipv4), *_named("ipv6", switches.OF_IPV6, ipv6)]
    born = switches.OF_LOOPBACK if loopback else {}
    return tuple(sorted((key, value) for key, value in found if value != born.get(key, switches.usual(key))))


def _named(family: str, names: tuple[str, ...], values: bytes) -> Iterator[tuple[str, str]]:
    for name, (value,) in zip(names, struct.iter_unpack("=i", values), strict=False):
        key = f"{family}.{name}"
        if key in switches.FORGOTTEN or (value == -1 and name in switches.OFF_FOR_ALL_TIME):
            continue
        seconds = family == "ipv6" and name in switches.IN_SECONDS
        unsigned = value + 2**32 if name == "ioam6_id_wide" and value < 0 else value
        yield key, str(value // 1000 if seconds and value > 0 else unsigned)
