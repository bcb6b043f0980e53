"""Acts work wherever a notebook calls them from, and leave nothing open behind them."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import netkit as nk
from netkit.linux import namespaces as spaces
from tests.inside.empty import rest

pytestmark = pytest.mark.usefixtures("fresh")
HERE = "/proc/thread-self/ns/net"


def build(name: str) -> bool:
    """A host of its own on a cable, asked for an answer."""
    space = nk.Namespace(f"ns-{name}")
    veth, eth0 = nk.veth(f"veth-{name}", "eth0", peer_namespace=space)
    number = 1 + sum(map(ord, name)) % 250
    veth.add_address(f"10.{number}.0.1/24")
    eth0.add_address(f"10.{number}.0.2/24")
    veth.up()
    eth0.up()
    return nk.host.ping(f"10.{number}.0.2").ok


def test_several_threads_at_once() -> None:
    home = os.stat(HERE).st_ino
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(build, "abcdefgh"))
        homes = set(threads.map(lambda _: os.stat(HERE).st_ino, range(32)))
    assert answers == [True] * 8
    assert homes == {home}, "no thread is left in another namespace"
    assert len(nk.snapshot()) == 9


def test_inside_a_running_event_loop() -> None:
    async def cell() -> bool:
        await asyncio.sleep(0)
        answered = build("loop")
        nk.Namespace.get("ns-loop").add_routing_rule(100, source="10.9.0.0/24")  # pyroute2 has a loop itself
        return answered

    assert asyncio.run(cell())
    assert "from 10.9.0.0/24 lookup 100" in nk.Namespace.get("ns-loop").run("ip rule").stdout


def test_in_a_forked_child() -> None:
    assert build("before")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if build("child") and "ns-before" in nk.snapshot().namespaces else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert "ns-child" in nk.snapshot().namespaces
    assert build("after")


def test_a_thread_that_has_entered_another_namespace_by_itself() -> None:
    """What a learner's own setns did does not lead an act on the host astray."""
    nk.Namespace("ns1")
    seen: list[object] = []

    def stray() -> None:
        with open(spaces.path_of("ns1"), "rb") as there:
            assert ctypes.CDLL(None, use_errno=True).setns(there.fileno(), 0x40000000) == 0
        nk.Bridge("br0")
        seen.extend(["br0" in nk.host, [link.name for link in nk.Namespace.get("ns1")], os.stat(HERE).st_ino])

    thread = threading.Thread(target=stray)
    thread.start()
    thread.join()
    assert seen == [True, ["lo"], os.stat(spaces.path_of("ns1")).st_ino]


def test_a_namespace_that_a_shell_deletes_ends_soon_after_an_act() -> None:
    """The socket that netkit keeps for the next act does not keep the namespace."""
    ns1 = nk.Namespace("ns1")
    _, eth0 = nk.veth("veth0", "eth0", peer_namespace=ns1)
    eth0.up()
    nk.sh("ip netns delete ns1")
    deadline = time.monotonic() + 2
    while "veth0" in nk.host and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "veth0" not in nk.host
    again = nk.Namespace("ns1")
    assert [link.name for link in again] == ["lo"]


def open_now() -> tuple[int, int, int]:
    """Descriptors, threads and children of this process."""
    gc.collect()
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return len(os.listdir("/proc/self/fd")), threading.active_count(), len(children)


def test_two_hundred_acts_leave_nothing_open() -> None:
    build("first")  # what stays for good is there afterwards: threads and their descriptors
    nk.host.iptables("-S")
    rest()
    before = open_now()
    for number in range(14):
        space = nk.Namespace(f"n{number}")
        veth, eth0 = nk.veth(f"v{number}", "eth0", peer_namespace=space)
        bridge = nk.Bridge(f"b{number}")
        bridge.attach(veth)
        eth0.add_address("10.0.0.2/24")
        eth0.up()
        space.add_route("10.9.0.0/24", via="10.0.0.9")
        space.iptables("-A INPUT -j ACCEPT")
        space.sysctl("net.ipv4.ip_forward", 1)
        eth0.set_mtu(1400)
        for wrong in (space.__getitem__, nk.Namespace.get, eth0.add_address, bridge.attach):
            with pytest.raises(nk.NetkitError):
                wrong("absent")
        bridge.delete()
        space.delete()
    nk.snapshot()
    rest()
    assert open_now() == before
