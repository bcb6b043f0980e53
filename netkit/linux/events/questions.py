"""Wait, 4 s at most, until the kernel is done with questions for neighbours (ARP) from before something was mended.

It asks three times, a second apart (arp(7): mcast_solicit, retrans_time_ms), and a packet that comes meanwhile waits
with those that are there: it is lost with them, though whoever is asked for would answer a new question at once.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from netkit.linux.looks import observe

if TYPE_CHECKING:
    from netkit.model import Snapshot

_SECONDS, _SECONDS_BETWEEN_LOOKS = 4.0, 0.05


def wait(world: Snapshot, seconds: float = _SECONDS) -> None:
    """Wait until no question that was open in a snapshot is open any more: it is answered, or was in vain.

    Args:
        world: the network, a moment ago.
        seconds: float, how long at most.
    """
    deadline, left = time.monotonic() + seconds, _open(world)
    while left and time.monotonic() < deadline:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
        left &= _open(observe.snapshot())


def _open(world: Snapshot) -> set[tuple[str, str, str]]:
    """(namespace, interface, address) of neighbours that are asked for just now."""
    return {
        (space.name, entry.device, entry.address)
        for space in world
        for entry in space.neighbours
        if entry.state == "incomplete"
    }
