"""What else the programs of iproute2 list of a namespace, without what each bridge gives its ports by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.model.snapshot import Namespace

Line = tuple[str, str]

VLANS, GROUPS, TOKENS, LABELS = "bridge vlan", "bridge mdb", "ip token", "ip addrlabel"
POLICIES, STATES = "ip xfrm policy", "ip xfrm state"
"""The commands that list them."""

MISSING = " is missing"
"""What a line ends with of which everybody else has the thing."""


def beside_usual(space: Namespace, *, with_vlans: bool = False) -> dict[Line, None]:
    """The lines of `Namespace.further`, in order; where a port has left the VLAN that its bridge gave it, that instead.

    Args:
        space: the namespace.
        with_vlans: whether its bridges' VLANs are known to have been read though it lists none.

    Example:
        >>> from netkit.model import Interface, Namespace
        >>> list(beside_usual(Namespace("ns1", {"br0": Interface("br0", "bridge")}), with_vlans=True))
        [('bridge vlan', 'br0 1 pvid untagged is missing')]
    """
    found = dict.fromkeys(space.further)
    if with_vlans or lists_vlans(space):
        for line in _usual(space):
            if line in found:
                del found[line]
            else:
                found[line[0], f"{line[1]}{MISSING}"] = None
    return found


def lists_vlans(space: Namespace) -> bool:
    """Whether it tells what VLANs there are: of a kernel without them, or where no bridge heeds any, it tells none."""
    return has_vlan_lines(space) or heeds_vlans(space)


def has_vlan_lines(space: Namespace) -> bool:
    """Whether it lists a VLAN of a port."""
    return any(command == VLANS for command, _ in space.further)


def heeds_vlans(space: Namespace) -> bool:
    """Whether one of its bridges asks frames for their VLANs (bridge(8), vlan_filtering)."""
    return any(link.kind == "bridge" and link.has("vlan_filtering") for link in space.interfaces.values())


def _usual(space: Namespace) -> Iterator[Line]:
    """The VLAN in which each bridge has itself and its ports from the beginning (bridge(8), vlan_default_pvid)."""
    for link in space.interfaces.values():
        bridge = link if link.kind == "bridge" else space.interfaces.get(link.master or "")
        if bridge is not None and bridge.kind == "bridge":
            vlan = bridge.detail("vlan_default_pvid") or "1"
            if vlan != "0":
                yield VLANS, f"{link.name} {vlan} pvid untagged"
