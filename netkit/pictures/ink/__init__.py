"""Knows how to draw a network: rooms for namespaces, chips for interfaces, bars for bridges, cables and tunnels.

Example:
    >>> from netkit.model import Interface, Namespace, Snapshot
    >>> lo = Interface("lo", "loopback", mtu=65536)
    >>> picture(Snapshot({"ns1": Namespace("ns1", {"lo": lo})}))
    1 namespace: ns1.
    ns1: lo is down.
"""

from netkit.pictures.ink.picture import Picture, draw_on
from netkit.pictures.ink.words import describe

picture = Picture

__all__ = ["Picture", "describe", "draw_on", "picture"]
