"""All that was recorded, put together to the journeys of single packets.

Principles.  Over a cable, a bridge or loopback a frame keeps its bytes.  A router lowers the TTL and rewrites MACs,
address translation rewrites addresses and ports as conntrack tells; what lasts (identification, length, TCP's numbers,
ICMP's sequence, payloads) recognises the packet.  Each frame follows at most one other.  Where several equal frames
might be followed, the latest before it is, in an order that lets equal packets not overtake one another: so a packet
that was lost has no successor, and of two that nothing distinguishes the first comes first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.journey.hooks import Hooks
from netkit.journey.lookups import Between
from netkit.journey.passages import passages
from netkit.journey.stations import Tree
from netkit.journey.transit import connect

if TYPE_CHECKING:
    from netkit.journey.values import Seen, Step


def join(seen: Seen) -> list[list[Step]]:
    """The journeys of all recorded packets.

    Args:
        seen: what an x-ray recorded.

    Returns:
        For each packet its steps in causal order, packets in the order in which they were first seen. Each frame
        and each of netfilter's events is in exactly one of them.

    Example:
        >>> from netkit.journey.values import Seen
        >>> join(Seen(()))
        []
    """
    frames = connect(seen)
    tree = Tree(frames)
    Between(tree, Hooks(frames, passages(seen.events)))
    return tree.steps()
