"""How the sandbox's network gets empty again: as it was when the sandbox began."""

from __future__ import annotations

import os
import threading
import time

import netkit as nk
from netkit.linux import entering, sysctls
from netkit.linux import namespaces as spaces
from netkit.linux.acts import links, teardown
from netkit.linux.looks import observe
from netkit.linux.netlink import sockets
from tests.inside.tracing import forget_rules

SECONDS_TO_VANISH = 5.0
_NOT_ZERO = {"net.ipv4.ip_default_ttl": "64"}


def sweep() -> None:
    """Take away every named namespace, every link of the host but lo, its routes, its rules and its switches."""
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
    sockets.forget_all()


def rest() -> None:
    """Wait until netkit has closed the sockets that it keeps for a moment."""
    deadline = time.monotonic() + SECONDS_TO_VANISH
    while any(thread.name == "netkit sockets" for thread in threading.enumerate()) and time.monotonic() < deadline:
        time.sleep(0.01)


def host_links() -> list[str]:
    """The names of the host's links as the kernel tells them."""
    return observe.names(entering.HOST_PATH)
