"""All that was recorded, put together to the journeys of single packets.

Principles.  Over a cable, a bridge or loopback a frame keeps its bytes.  A router lowers the TTL and rewrites MACs,
address translation rewrites addresses and ports as conntrack tells; what lasts (identification, length, TCP's numbers,
ICMP's sequence, payloads) recognises the packet.  Each frame follows at most one other.  Where several equal frames
might be followed, the latest before it is, in an order that lets equal packets not overtake one another: so a packet
that was lost has no successor, and of two that nothing distinguishes the first comes first.

Netfilter's reports have no clock in common with frames: their headers, interfaces and order say between which frames
of a packet a hook lies.  Fragments of one packet are one journey: who puts them together goes on after the last.

frames    each frame read once, and what it follows          keys      what stays the same of a packet on its way
wiring    what snapshots tell of the ways                    transit   over cables, loopback and tunnels
capsules  VLAN, IP in IP and GRE
beside    what ifb devices show                              segments  cut and put together by offloading
bridges   over bridges                                       routers   forwarded, translated, fragmented
memory    many values at once                                passages  the hooks that one packet passed
headers   packets as netfilter reports them                  clues     by what it may report a frame's packet
hooks     which frames the hooks belong to
lookups   hooks and routing decisions between the frames     stations  all of it as one tree for each packet
below     what filters of bridges, interfaces, ARP dropped   unsent    packets that no frame shows
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.journey.joining.below import Below
from netkit.journey.joining.headers import Heads
from netkit.journey.joining.hooks import Hooks
from netkit.journey.joining.lookups import Between
from netkit.journey.joining.memory import uncollected
from netkit.journey.joining.passages import dropped_below, passages
from netkit.journey.joining.stations import Tree
from netkit.journey.joining.transit import connect

if TYPE_CHECKING:
    from netkit.journey.values import Seen, Step


@uncollected()
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
    tree, heads = Tree(frames), Heads(frames)
    hooks = Hooks(frames, heads, passages(seen.events, seen.marks, heads))
    between = Between(tree, hooks, frozenset(seen.traced))
    below = dropped_below(seen.events, heads)
    if below:
        Below(tree, heads, between.alone).place(below)
    return tree.steps()
