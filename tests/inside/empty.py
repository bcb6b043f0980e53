"""How the sandbox's network gets empty again: as it was when the sandbox began."""

from __future__ import annotations

import os
import shutil
from functools import cache
from pathlib import Path

import pytest

import netkit as nk
from netkit.lab import journal
from netkit.linux import entering, sysctls
from netkit.linux import namespaces as spaces
from netkit.linux.acts import links, teardown
from netkit.linux.looks import observe
from netkit.linux.netlink import sockets
from tests.inside.tracing import forget_rules

HOSTS, OWN_FILES = Path("/etc/hosts"), Path("/etc/netns")
needs_own_files = pytest.mark.skipif(
    not OWN_FILES.is_dir(), reason="in a user's namespace the kernel lays nothing over an /etc in which more is mounted"
)
_SWITCHES = ("net/ipv4/icmp_*", "net/ipv4/conf/all/*", "net/ipv6/conf/all/*", "net/ipv6/conf/default/*")
_FOLLOWING = ("forwarding", "mc_forwarding", "stable_secret", "flush")
"""Switches that others carry along, and that cannot be read."""
_NOT_ZERO = {"net.ipv4.ip_default_ttl": "64"}


def sweep() -> None:
    """Take away every named namespace, each link of the host but lo, its routes, rules, switches; forget all acts."""
    sockets.forget_all()
    for name in sorted(os.listdir(entering.DIRECTORY)) if os.path.isdir(entering.DIRECTORY) else ():
        path = f"{entering.DIRECTORY}/{name}"
        if os.path.islink(path) and not os.path.exists(path):  # of a container that has ended
            os.unlink(path)
    teardown.delete([place.name for place in spaces.find() if place.named and place.name != "host"])
    for link in observe.names(entering.HOST_PATH):
        if link != "lo" and link in observe.names(entering.HOST_PATH):
            links.delete(entering.HOST_PATH, link)
    forget_rules()
    if nk.snapshot()["host"].routes:  # those that no link took with it: blackholes
        nk.host.run("ip route flush table main")
    for switch in sysctls.THAT_MATTER:
        usual = _NOT_ZERO.get(switch, "0")
        if sysctls.value(entering.HOST_PATH, switch) not in (usual, None):
            sysctls.write(entering.HOST_PATH, switch, usual)
    _restore()
    journal.begin_anew()
    sockets.forget_all()


@cache
def _began() -> tuple[str, dict[Path, str]]:
    """The host's file of names, and its switches, when they were first asked for."""
    there = (path for pattern in _SWITCHES for path in Path("/proc/sys").glob(pattern) if path.name not in _FOLLOWING)
    return HOSTS.read_text(encoding="utf-8"), {path: path.read_text(encoding="utf-8") for path in there}


def _restore() -> None:
    """Give the host its file of names and its switches back, and take the namespaces' own files away."""
    hosts, switches = _began()
    if HOSTS.read_text(encoding="utf-8") != hosts:
        HOSTS.write_text(hosts, encoding="utf-8")
    for path, value in switches.items():
        if path.read_text(encoding="utf-8") != value:
            path.write_text(value, encoding="utf-8")
    for folder in OWN_FILES.glob("*"):
        shutil.rmtree(folder)


def rest() -> None:
    """Close the sockets that netkit keeps for a moment; that it does so by itself, `test_talks.py` sees."""
    sockets.forget_all()


def descriptors() -> int:
    """How many files this process has open, netkit's sockets of a moment not among them."""
    rest()
    return len(os.listdir("/proc/self/fd"))


def host_links() -> list[str]:
    """The names of the host's links as the kernel tells them."""
    return observe.names(entering.HOST_PATH)
