"""Namespaces behind a router, and the trace of netfilter during a block, for the tests of the trace."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import netkit as nk
from netkit.linux.looks.older_tables import names_here
from netkit.linux.looks.rules import SAVE, legacy_families
from netkit.linux.namespaces import find
from netkit.linux.tracing.trace import Trace
from tests.inside.wire import network, sh

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.netfilter import TraceEvent

ROUTED = """
netns add ns1
netns add ns2
link add veth1 type veth peer name eth1 netns ns1
link add veth2 type veth peer name eth1 netns ns2
addr add 10.1.0.1/24 dev veth1
addr add 10.2.0.1/24 dev veth2
-n ns1 addr add 10.1.0.2/24 dev eth1
-n ns2 addr add 10.2.0.2/24 dev eth1
-n ns1 link set eth1 up
-n ns2 link set eth1 up
link set veth1 up
link set veth2 up
-n ns1 route add default via 10.1.0.1
-n ns2 route add default via 10.2.0.1
"""
SIX = """
addr add fd01::1/64 dev veth1 nodad
addr add fd02::1/64 dev veth2 nodad
-n ns1 addr add fd01::2/64 dev eth1 nodad
-n ns2 addr add fd02::2/64 dev eth1 nodad
-n ns1 -6 route add default via fd01::1
-n ns2 -6 route add default via fd02::1
"""


BUILT_IN = {
    "raw": ("PREROUTING", "OUTPUT"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "security": ("INPUT", "FORWARD", "OUTPUT"),
}
"""The chains that each of iptables' tables has."""


@contextmanager
def traced() -> Iterator[list[TraceEvent]]:
    """The events of a block, there when it has ended."""
    found: list[TraceEvent] = []
    trace = Trace(find())
    trace.start()
    assert trace.untraced == ""
    try:
        yield found
    finally:
        names = {space.name: {link.index: link.name for link in space.interfaces.values()} for space in nk.snapshot()}
        trace.stop()
    assert not trace.lost
    found += trace.events(names)


@contextmanager
def host_as_router() -> Iterator[None]:
    """Two namespaces, and the host as their router; no rules before and after."""
    with network(ROUTED):
        sh("sysctl -qw net.ipv4.ip_forward=1")
        yield
    forget_rules()


def forget_rules() -> None:
    """Take all rules away: nftables', and those of the older iptables where the kernel has nothing else."""
    subprocess.run(["nft", "flush", "ruleset"], check=False, capture_output=True)
    for family in legacy_families():
        for name in names_here(family):
            chains = "".join(f":{hook} ACCEPT\n" for hook in BUILT_IN[name])
            restore = SAVE[family].replace("save", "restore")
            subprocess.run([restore], input=f"*{name}\n{chains}COMMIT\n", text=True, check=True)
