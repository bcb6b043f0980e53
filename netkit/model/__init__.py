"""The vocabulary of a network's state: frozen values, and what follows from them; no kernel is asked here."""

from netkit.model.frame import Frame
from netkit.model.routing import Route
from netkit.model.rules import Rule
from netkit.model.snapshot import HOST, End, ForwardingEntry, Interface, Namespace, Neighbour, Snapshot

__all__ = [
    "HOST",
    "End",
    "ForwardingEntry",
    "Frame",
    "Interface",
    "Namespace",
    "Neighbour",
    "Route",
    "Rule",
    "Snapshot",
]
