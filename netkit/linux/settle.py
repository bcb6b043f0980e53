"""Wait until the kernel has drawn its conclusions from a change of links.

That a cable has a signal is worked out by a worker of the kernel that runs at most once a second
(net/core/link_watch.c); only then does a bridge begin to forward to the port.  Whoever looks or pings
sooner sees a network that is not there yet.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from netkit.errors import NotFound
from netkit.linux import entering, namespaces, observe

if TYPE_CHECKING:
    from netkit.linux.records import Link

_FORWARDING = 3
_SECONDS = 2.0
_SECONDS_BETWEEN_LOOKS = 0.005


def wait(seconds: float = _SECONDS) -> bool:
    """Wait until every link's operational state follows from its signal, and bridges forward to their ports.

    Args:
        seconds: float, how long at most.

    Returns:
        Whether it has come to rest; a bridge with spanning tree takes half a minute by design.
    """
    deadline = time.monotonic() + seconds
    while not all(map(_at_rest, namespaces.find())):
        if time.monotonic() > deadline:
            return False
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    return True


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


def _at_rest(place: namespaces.Place) -> bool:
    try:
        return settled(entering.inside(place.path, observe.links_here))
    except NotFound:
        return True  # it has ended meanwhile
