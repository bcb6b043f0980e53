"""Knows the shell commands that make a VXLAN device: where its packets travel, then moved to where it belongs."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from netkit.model import HOST
from netkit.shell import in_namespace

if TYPE_CHECKING:
    from netkit.model import Interface, Namespace, Snapshot

DETAILS = {"vni": "id", "local": "local", "group": "remote", "port": "dstport"}
"""What `ip link add … type vxlan` calls the details of such a device."""


def tunnel(snapshot: Snapshot, space: Namespace, link: Interface) -> list[str]:
    """The commands that make a device; its packets travel in the namespace that it was made in (ip-link(8)).

    Args:
        snapshot: the network.
        space: where the device is.
        link: the device.
    """
    words = [f"{word} {value}" for key, word in DETAILS.items() if (value := link.detail(key)) is not None]
    words += ["nolearning"] if link.detail("learning") == "0" else []
    words += ["proxy"] if link.has("proxy") else []
    home = _home(snapshot, space, link.detail("local"))
    made = in_namespace(home, "", f"ip link add dev {quote(link.name)} type vxlan {' '.join(words)}")
    if home == space.name:
        return [made]
    there = "1" if space.name == HOST else quote(space.name)
    return [made, in_namespace(home, "", f"ip link set dev {quote(link.name)} netns {there}")]


def _home(snapshot: Snapshot, space: Namespace, local: str | None) -> str:
    """The namespace whose network carries a tunnel: its own where that bears the tunnel's address, else who does."""
    if local is None or local in space.addresses:
        return space.name
    bearers = [one.name for one in snapshot if local in one.addresses and (one.name == HOST or one.named)]
    return bearers[0] if len(bearers) == 1 else space.name
