"""Small networks, and what nk.diff tells of two of them."""

from __future__ import annotations

import dataclasses
from typing import Any

import netkit as nk
from netkit.model import Interface, Namespace, Rule, Snapshot
from netkit.netfilter import Connection

RANDOM, OTHER_RANDOM = "6e:00:00:00:00:01", "6e:00:00:00:00:02"
LO = Interface("lo", "loopback", "00:00:00:00:00:00", 65536, up=True, addresses=("127.0.0.1/8",), index=1)
VETH = Interface("veth1", "veth", RANDOM, up=True, carrier=True, state="up", peer=("ns1", "eth1"), index=2)
ETH1 = Interface("eth1", "veth", OTHER_RANDOM, up=True, carrier=True, state="up", peer=("host", "veth1"), index=2)
BRIDGE = Interface("br0", "bridge", RANDOM, index=3)
RULES = tuple(Rule("iptables", "filter", "FORWARD", f"-A FORWARD -i {name} -j ACCEPT") for name in ("a", "b", "c"))
ASKED = Connection("tcp", "10.0.0.1", "10.0.0.2", 40000, 80, "10.0.0.2", "10.0.0.1", 80, 40000)


def network(*spaces: Namespace) -> Snapshot:
    return Snapshot({space.name: space for space in spaces})


def host(*links: Interface, **tables: Any) -> Namespace:
    return Namespace("host", {link.name: link for link in (LO, *links)}, **tables)


NS1 = Namespace("ns1", {"eth1": ETH1})


def told(old: Namespace, new: Namespace) -> list[str]:
    """What is told when one namespace becomes another, with ns1 beside it."""
    changes = nk.diff(network(old, NS1), network(new, NS1))
    assert {change.namespace for change in changes} <= {"host"}
    return [str(change) for change in changes]


def with_link(**values: Any) -> Namespace:
    return host(dataclasses.replace(VETH, **values), BRIDGE)
