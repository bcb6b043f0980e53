"""Knows the shell commands that make VXLAN (VNI), macvlan, ipvlan, VLAN, tun and tap links from a snapshot."""

from __future__ import annotations

import ipaddress
from shlex import quote
from typing import TYPE_CHECKING

from netkit.model import HOST
from netkit.shell import in_namespace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from netkit.model import End, Interface, Namespace, Snapshot

DETAILS = {"vni": "id", "local": "local", "group": "remote", "port": "dstport"}
"""What `ip link add … type vxlan` calls the details of such a device."""

_UPON = ("macvlan", "macvtap", "ipvlan", "ipvtap", "vlan")
_OF_STACKED = {"vlan": "id", "protocol": "protocol", "mode": "mode", "bcqueuelen": "bcqueuelen"}
_OF_TUN = {"type": "mode", "owner": "user", "tun_group": "group"}
_TUN_FLAGS = ("pi", "vnet_hdr", "multi_queue")
STACKED = (*_OF_STACKED, *_OF_TUN, *_TUN_FLAGS)
"""The details with which such links are made."""


def tunnel(snapshot: Snapshot, space: Namespace, link: Interface) -> list[str]:
    """The commands that make a device; its packets travel in the namespace that it was made in (ip-link(8)).

    Args:
        snapshot: the network.
        space: where the device is.
        link: the device.
    """
    found = {word: value for key, word in DETAILS.items() if (value := link.detail(key)) is not None}
    if ipaddress.ip_address(found.get("remote", "0.0.0.0")).is_multicast:  # noqa: S104  (nobody's)
        found["group"] = found.pop("remote")
    words = [f"{word} {value}" for word, value in found.items()]
    words += ["nolearning"] if link.detail("learning") == "0" else []
    words += ["proxy"] if link.has("proxy") else []
    home = _home(snapshot, space, link.detail("local"))
    if link.parent is not None:
        home = link.parent[0]
        words.append(f"dev {quote(link.parent[1])}")
    made = in_namespace(home, "", f"ip link add dev {quote(link.name)} type vxlan {' '.join(words)}")
    if home == space.name:
        return [made]
    there = "1" if space.name == HOST else quote(space.name)
    return [made, in_namespace(home, "", f"ip link set dev {quote(link.name)} netns {there}")]


def is_stacked(link: Interface, known: set[str]) -> bool:
    """Whether `stacked` makes a link.

    Args:
        link: any.
        known: the namespaces that have names.
    """
    return link.kind == "tun" or (link.kind in _UPON and link.parent is not None and link.parent[0] in known)


def stacked(spaces: Sequence[Namespace]) -> Iterator[str]:
    """The commands that make links which lie on others, those on which further ones lie first, and tun devices.

    Args:
        spaces: the namespaces that have names; their other links are there by then.
    """
    known = {space.name for space in spaces}
    links = {(space.name, link.name): link for space in spaces for link in space.interfaces.values()}
    found = [(_depth(links, link), space.name, link) for (space, link) in _of(spaces) if is_stacked(link, known)]
    for _, name, link in sorted(found, key=lambda each: each[0]):
        if link.kind == "tun":
            words = [f"{word} {value}" for key, word in _OF_TUN.items() if (value := link.detail(key)) is not None]
            flags = [key for key in _TUN_FLAGS if link.has(key)]
            yield in_namespace(name, "", f"ip tuntap add dev {quote(link.name)} {' '.join([*words, *flags])}")
        elif link.parent is not None:
            home, below = link.parent
            there = "" if home == name else f" netns {'1' if name == HOST else quote(name)}"
            words = [f"{word} {value}" for key, word in _OF_STACKED.items() if (value := link.detail(key)) is not None]
            made = f"ip link add link {quote(below)} name {quote(link.name)}{there} type {link.kind} {' '.join(words)}"
            yield in_namespace(home, "", made.rstrip())


def _of(spaces: Sequence[Namespace]) -> Iterator[tuple[Namespace, Interface]]:
    return ((space, link) for space in spaces for link in space.interfaces.values())


def _depth(links: Mapping[End, Interface], link: Interface | None) -> int:
    """How many links lie between a link and one that lies on none."""
    return 0 if link is None or link.parent is None else 1 + _depth(links, links.get(link.parent))


def _home(snapshot: Snapshot, space: Namespace, local: str | None) -> str:
    """The namespace whose network carries a tunnel: its own where that bears the tunnel's address, else who does."""
    if local is None or local in space.addresses:
        return space.name
    bearers = [one.name for one in snapshot if local in one.addresses and (one.name == HOST or one.named)]
    return bearers[0] if len(bearers) == 1 else space.name
