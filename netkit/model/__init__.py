"""The vocabulary of a network's state: frozen values, and what follows from them; no kernel is asked here."""

from netkit.model.entries import ForwardingEntry, Neighbour
from netkit.model.frame import Frame
from netkit.model.policy import NextHop, PolicyRule, Queue
from netkit.model.routing import Route
from netkit.model.rules import Rule
from netkit.model.snapshot import HOST, End, Interface, Namespace, Snapshot

__all__ = [
    "HOST",
    "End",
    "ForwardingEntry",
    "Frame",
    "Interface",
    "Namespace",
    "Neighbour",
    "NextHop",
    "PolicyRule",
    "Queue",
    "Route",
    "Rule",
    "Snapshot",
]
