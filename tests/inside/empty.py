"""How the sandbox's network gets empty again: as it was when the sandbox began."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import netkit as nk
from netkit.linux import links, nat, observe, sysctls
from netkit.linux import namespaces as spaces

if TYPE_CHECKING:
    from netkit.linux.records import Link

SECONDS_TO_VANISH = 5.0
SWITCHES = ("net.ipv4.ip_forward", "net.bridge.bridge-nf-call-iptables")


def sweep() -> None:
    """Take away every named namespace, every link of the host but lo, its rules and its switches."""
    for place in spaces.find():
        if place.named and place.name != "host":
            spaces.delete(place.name)
    _wait_for_the_ends_of_cables()
    for link in observe.names(spaces.HOST_PATH):
        if link != "lo" and link in observe.names(spaces.HOST_PATH):
            links.delete(spaces.HOST_PATH, link)
    for tool, table in {(rule.tool, rule.table): None for rule in nk.snapshot()["host"].rules}:
        _drop(tool, table)
    for switch in SWITCHES:
        if sysctls.value(spaces.HOST_PATH, switch) == "1":
            sysctls.write(spaces.HOST_PATH, switch, "0")


def _wait_for_the_ends_of_cables() -> None:
    """Veths whose other end was in a namespace that has just gone follow it a moment later."""
    deadline = time.monotonic() + SECONDS_TO_VANISH
    while any(link.end and link.end[1] is not None for link in host_links()) and time.monotonic() < deadline:
        time.sleep(0.005)


def host_links() -> list[Link]:
    """The host's links as the kernel tells them."""
    return spaces.inside(spaces.HOST_PATH, observe.links_here)


def _drop(tool: str, table: str) -> None:
    if tool == "nft":
        nk.host.run(f"nft delete table {table}")
        return
    nat.iptables(spaces.HOST_PATH, ["-t", table, "-F"])
    nat.iptables(spaces.HOST_PATH, ["-t", table, "-X"])
    for chain in ("INPUT", "FORWARD", "OUTPUT") if table == "filter" else ():
        nat.iptables(spaces.HOST_PATH, ["-P", chain, "ACCEPT"])
