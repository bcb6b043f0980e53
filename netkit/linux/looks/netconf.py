"""Read the sysctls that a snapshot always holds (ip_forward, rp_filter …; `sysctls.THAT_MATTER`), by RTM_GETNETCONF.

What the kernel tells by messages (RTM_GETNETCONF, <linux/netconf.h>) is asked so: a file of /proc/sys takes several
times as long, and the more the more namespaces there are, since they all have files of the same names. What is only in
files is read folder by folder.
"""

from __future__ import annotations

import os
import socket
import struct
from collections import defaultdict
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from netkit.errors import KernelRefused
from netkit.linux import sysctls
from netkit.linux.netlink.protocol import attributes, number

if TYPE_CHECKING:
    from netkit.linux.netlink.protocol import Talk

_RTM_GETNETCONF = 82
_INDEX, _ALL, _DEFAULT = 1, -1, -2  # NETCONFA_IFINDEX …
_QUESTION = struct.Struct("=BxxxHHi")  # struct netconfmsg, then NETCONFA_IFINDEX
_OF_IPV4 = struct.pack("=B3x", socket.AF_INET)
_FORWARDING, _RP_FILTER, _PROXY = 2, 3, 5  # NETCONFA_…
_REMEMBERED = 1 << 10
_TOLD = {
    (socket.AF_INET, _ALL): (
        (_FORWARDING, "net.ipv4.ip_forward"),
        (_RP_FILTER, "net.ipv4.conf.all.rp_filter"),
        (_PROXY, "net.ipv4.conf.all.proxy_arp"),
    ),
    (socket.AF_INET, _DEFAULT): ((_RP_FILTER, "net.ipv4.conf.default.rp_filter"),),
    (socket.AF_INET6, _ALL): ((_FORWARDING, "net.ipv6.conf.all.forwarding"),),
}
"""By whose switches are asked for: the names of the files that hold the same."""


def switches_here(talk: Talk) -> dict[str, str]:
    """The switches by name, in the order of `sysctls.THAT_MATTER`; without those that this kernel does not have.

    Args:
        talk: with the kernel, in the namespace that the calling thread is in.
    """
    found = _told(talk)
    _read_files(tuple(name for name in sysctls.THAT_MATTER if name not in found), found)
    return {name: found[name] for name in sysctls.THAT_MATTER if name in found}


def is_plain(talk: Talk) -> bool:
    """Whether a namespace of IPv4 neither forwards nor checks where senders are (rp_filter), as Linux by itself.

    Args:
        talk: with the kernel, in the namespace.
    """
    return all(_is_plain(bytes(body)) for body in talk.dump(_RTM_GETNETCONF, _OF_IPV4))


@lru_cache(_REMEMBERED)
def _is_plain(body: bytes) -> bool:
    """Whether an answer tells of nothing that is on, which is remembered by its bytes."""
    facts = attributes(memoryview(body)[4:])
    return not any(number(facts[switch]) for switch in (_FORWARDING, _RP_FILTER))


def _told(talk: Talk) -> dict[str, str]:
    """What the kernel tells by messages; nothing for a version of IP that it does not have."""
    found: dict[str, str] = {}
    for (family, whose), names in _TOLD.items():
        try:
            body = talk.ask(_RTM_GETNETCONF, _QUESTION.pack(family, 8, _INDEX, whose))
        except KernelRefused:
            continue
        found.update(_values(bytes(body), names))
    return found


@lru_cache(_REMEMBERED)
def _values(body: bytes, names: tuple[tuple[int, str], ...]) -> tuple[tuple[str, str], ...]:
    """What an answer tells of some switches, which is remembered by its bytes."""
    facts = attributes(memoryview(body)[4:])
    return tuple((name, str(number(facts[key]))) for key, name in names if key in facts)


def _read_files(names: tuple[str, ...], found: dict[str, str]) -> None:
    """Add what only files tell: each folder is looked up once."""
    for folder, inner in _folders(names):
        try:
            there = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            found |= {name: value for name, file in inner if (value := sysctls.read_file(file, there)) is not None}
        finally:
            os.close(there)


@cache
def _folders(names: tuple[str, ...]) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """The folders of some switches, in each their names and files."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name in names:
        folder, _, file = name.rpartition(".")
        found[sysctls.file_of(folder)].append((name, file))
    return tuple((folder, tuple(inner)) for folder, inner in found.items())
