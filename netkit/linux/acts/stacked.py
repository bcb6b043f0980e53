"""Make links that stand on another one: macvlan, ipvlan and VLAN devices (linux/if_link.h; ip-link(8))."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING, NamedTuple

from netkit.errors import KernelRefused
from netkit.linux.acts import links
from netkit.linux.entering import opened
from netkit.linux.netlink.protocol import attribute, named

if TYPE_CHECKING:
    from collections.abc import Callable

    from netkit.linux.netlink import protocol

_LINK, _LINKINFO, _NET_NS_FD = 5, 18, 28
_INFO_KIND, _INFO_DATA = 1, 2
_NUMBER = 1
"""IFLA_MACVLAN_MODE, IFLA_IPVLAN_MODE and IFLA_VLAN_ID have the same number."""

MODES = {
    "macvlan": {"bridge": 4, "private": 1, "vepa": 2, "passthru": 8},
    "ipvlan": {"l2": 0, "l3": 1, "l3s": 2},
}
"""Whom a device hears of those on the same interface, or which layer it begins at; the usual one first."""

_SETTING: dict[str, Callable[[str], bytes]] = {
    "macvlan": lambda mode: struct.pack("=I", MODES["macvlan"][mode]),
    "ipvlan": lambda mode: struct.pack("=H", MODES["ipvlan"][mode]),
    "vlan": lambda number: struct.pack("=H", int(number)),
}


class Standing(NamedTuple):
    """How a link stands on another one.

    Attributes:
        parent: the interface below.
        kind: "macvlan", "ipvlan" or "vlan".
        setting: its mode, a word of `MODES`; of a VLAN its number.
    """

    parent: str
    kind: str
    setting: str

    def typed(self, name: str, netns: str = "") -> str:
        """What makes it, as one types it.

        Args:
            name: its own.
            netns: what `ip link` calls the namespace that it is born in; that of its parent without one.
        """
        there, word = f" netns {netns}" if netns else "", "id" if self.kind == "vlan" else "mode"
        return f"ip link add link {self.parent} name {name}{there} type {self.kind} {word} {self.setting}"


def create(path: str, name: str, standing: Standing, target: str = "") -> None:
    """`ip link add link PARENT name NAME [netns …] type KIND …`: a link that stands on another one.

    Args:
        path: the namespace of its parent.
        name: a valid interface name.
        standing: on what, and how.
        target: a file that opens the namespace that it is born in; that of its parent without one.

    Raises:
        KernelRefused: with the kernel's own reason.
        NotFound: the parent or the namespace is not there.
    """
    setting = attribute(_NUMBER, _SETTING[standing.kind](standing.setting))
    with opened(target or path) as there:

        def build(talk: protocol.Talk) -> bytes:
            facts = ((_LINK, talk.index_of(standing.parent)), (_NET_NS_FD, there.fileno()))
            numbers = b"".join(attribute(key, struct.pack("=I", value)) for key, value in facts)
            return numbers + _of_kind(name, standing.kind, setting)

        links.make(path, standing.kind, build)


def insist(path: str, kind: str) -> None:
    """Make sure that the kernel knows such links: it is asked for one that stands on nothing, and refuses that.

    Args:
        path: a namespace.
        kind: "macvlan", "ipvlan" or "vlan".

    Raises:
        KernelRefused: it does not.
    """
    try:
        links.make(path, kind, lambda _: _of_kind("nk-probe", kind))
    except KernelRefused as error:
        if error.errno not in (errno.EINVAL, errno.ENODEV):
            raise


def _of_kind(name: str, kind: str, data: bytes = b"") -> bytes:
    """A link's name and kind, as attributes."""
    info = attribute(_INFO_KIND, kind.encode()) + (attribute(_INFO_DATA, data) if data else b"")
    return named(name) + attribute(_LINKINFO, info)
