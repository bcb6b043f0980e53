"""`bridge vlan` and the like of a namespace, without the VLAN that each bridge gives its ports by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from netkit.model.listed import VLANS, in_vlan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.model.listed import Listed
    from netkit.model.snapshot import Namespace


def beside_usual(space: Namespace, *, with_vlans: bool = False) -> tuple[Listed, ...]:
    """What `Namespace.further` has; where a port has left the VLAN that its bridge gave it, that as missing instead.

    Args:
        space: the namespace.
        with_vlans: whether its bridges' VLANs are known to have been read though it lists none.

    Example:
        >>> from netkit.model import Interface, Namespace
        >>> [str(each) for each in beside_usual(Namespace("ns1", {"br0": Interface("br0", "bridge")}), with_vlans=True)]
        ['dev br0 vid 1 pvid untagged is missing']
    """
    if not (with_vlans or has_vlan_lines(space) or heeds_vlans(space)):  # then nobody knows what VLANs there are
        return space.further
    usual = dict.fromkeys(_usual(space))
    lost = (replace(each, missing=True) for each in usual if each not in space.further)
    return (*(each for each in space.further if each not in usual), *lost)


def has_vlan_lines(space: Namespace) -> bool:
    """Whether it lists a VLAN of a port."""
    return any(each.command == VLANS for each in space.further)


def heeds_vlans(space: Namespace) -> bool:
    """Whether one of its bridges asks frames for their VLANs (bridge(8), vlan_filtering)."""
    return any(link.kind == "bridge" and link.has("vlan_filtering") for link in space.interfaces.values())


def _usual(space: Namespace) -> Iterator[Listed]:
    """The VLAN in which each bridge has itself and its ports from the beginning (bridge(8), vlan_default_pvid)."""
    for link in space.interfaces.values():
        bridge = link if link.kind == "bridge" else space.interfaces.get(link.master or "")
        if bridge is not None and bridge.kind == "bridge":
            vlan = bridge.detail("vlan_default_pvid") or "1"
            if vlan != "0":
                yield in_vlan(link.name, vlan, own=True, untagged=True)
