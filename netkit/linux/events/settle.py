"""Wait, 2 s at most, until links' states follow from their carriers, and ports of bridges that are up forward.

That a cable has a signal is worked out by a worker of the kernel that runs at most once a second
(net/core/link_watch.c); only then does a bridge begin to forward to the port.  Whoever looks or pings
sooner sees a network that is not there yet.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from netkit.linux.events.hearing import listening

if TYPE_CHECKING:
    from netkit.linux.looks.records import Link

_FORWARDING = 3
_SECONDS = 2.0
_SECONDS_BETWEEN_LOOKS = 0.02


def wait(seconds: float = _SECONDS) -> bool:
    """Wait until every link's operational state follows from its signal, and bridges forward to their ports.

    Only namespaces in which a link changed since they were last seen at rest are looked at.

    Args:
        seconds: float, how long at most.

    Returns:
        Whether it has come to rest; a bridge with spanning tree takes half a minute by design.
    """
    deadline = time.monotonic() + seconds
    while True:
        with listening() as monitor:
            monitor.touched = {space for space in monitor.touched if not settled(monitor.links(space))}
            if not monitor.touched:
                return True
            if time.monotonic() > deadline:
                return False
            monitor.pause(_SECONDS_BETWEEN_LOOKS)


def settled(links: list[Link]) -> bool:
    """Whether a namespace's links are at rest.

    Args:
        links: all links of one namespace.
    """
    bridges = {link.index: link for link in links if link.kind == "bridge" and ("stp", "1") not in link.details}
    ports = [link for link in links if link.master in bridges and bridges[link.master].up and link.up]
    waiting = {port.master for port in ports if port.carrier and port.port_state != _FORWARDING}
    forwarding = {port.master for port in ports if port.carrier}
    silent = {index for index, bridge in bridges.items() if index in forwarding and not bridge.carrier}
    return not waiting and not silent and all(map(_state_follows, links))


def _state_follows(link: Link) -> bool:
    return not link.up or link.carrier == (link.state in ("up", "unknown"))
