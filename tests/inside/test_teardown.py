"""Taking namespaces away: what is gone when it returns, and how much is asked for it."""

from __future__ import annotations

import os
import subprocess
import time
from itertools import pairwise
from pathlib import Path

import pytest

import netkit as nk
from netkit.errors import InvalidValue, NotFound
from netkit.linux import namespaces
from netkit.linux.acts import teardown
from netkit.linux.netlink import sockets
from netkit.linux.netlink.protocol import Talk
from tests.inside.wire import wait_until

pytestmark = pytest.mark.usefixtures("fresh")
RTM_GETNEIGH = 30
QUICK = 2.0
"""Seconds, less than the five for which an end is waited for."""


def cabled(*names: str) -> list[nk.Namespace]:
    """Namespaces with a cable to the host, and one to the namespace before."""
    spaces = [nk.Namespace(name) for name in names]
    for one in spaces:
        nk.veth(f"to-{one.name}", "eth0", peer_namespace=one)
    for one, other in pairwise(spaces):
        nk.veth("right", "left", namespace=one, peer_namespace=other)
    return spaces


def test_many_at_once_are_gone_with_the_other_ends_of_their_cables() -> None:
    cabled("a", "b", "c", "d")
    ends = teardown.delete(["a", "b", "c"])
    assert {(end.namespace, end.interface) for end in ends} == {
        ("host", "to-a"),
        ("host", "to-b"),
        ("host", "to-c"),
        ("d", "left"),
    }
    assert [link.name for link in nk.host] == ["lo", "to-d"]
    assert "left" not in nk.Namespace.get("d")
    assert [place.name for place in namespaces.find()] == ["host", "d"]


def test_none_at_all_is_no_matter() -> None:
    assert teardown.delete([]) == []


def test_a_name_that_is_not_there_is_told() -> None:
    with pytest.raises(NotFound, match="nobody"):
        teardown.delete(["nobody"])
    with pytest.raises(NotFound, match="there are: host"):
        nk.Namespace.at("nobody", "/run/netns/nobody").delete()
    with pytest.raises(InvalidValue, match="host cannot be deleted"):
        nk.host.delete()


def test_the_journal_waits_for_an_end_in_a_namespace_without_a_name() -> None:
    ns1 = nk.Namespace("ns1")
    with subprocess.Popen(["unshare", "--net", "sleep", "60"]) as process:
        path = f"/proc/{process.pid}/ns/net"
        wait_until(lambda: os.stat(path).st_ino != os.stat("/proc/self/ns/net").st_ino)
        wait_until(lambda: "[sleep]" in nk.snapshot().namespaces)
        nk.veth("eth1", "eth1", namespace=ns1, peer_namespace=nk.Namespace.get("[sleep]"))
        ns1.delete()
        assert f"while nsenter --net={path} ip link show dev eth1 >" in nk.commands().splitlines()[-1]
        assert "eth1" not in nk.Namespace.get("[sleep]")
        process.kill()


def test_a_namespace_that_keeps_another_name_is_not_waited_for() -> None:
    cabled("ns1")
    Path("/run/netns/alias").touch()
    nk.sh("mount --bind /run/netns/ns1 /run/netns/alias")
    begun = time.monotonic()
    assert teardown.delete(["ns1"]) == []
    assert time.monotonic() - begun < QUICK
    assert "to-ns1" in nk.host


@pytest.fixture
def exchanges(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The type of every message that goes to the kernel."""
    kinds: list[int] = []
    send = Talk._send

    def noting(self: Talk, kind: int, flags: int, body: bytes) -> int:
        kinds.append(kind)
        return send(self, kind, flags, body)

    monkeypatch.setattr(Talk, "_send", noting)
    return kinds


def test_deleting_one_asks_no_more_among_many_than_among_few(exchanges: list[int]) -> None:
    cabled("a", "b", "c")
    counts = []
    for name in ("a", "b"):
        if name == "b":
            for number in range(15):
                nk.veth(f"other{number}", "eth0", peer_namespace=nk.Namespace(f"other{number}"))
        teardown.delete([])  # the new ones are known now
        exchanges.clear()
        nk.Namespace.get(name).delete()
        counts.append(len(exchanges))
    assert max(counts) <= 4  # one of them for its neighbours, if a socket is left there


def test_where_no_socket_is_left_neighbours_are_not_asked_for(exchanges: list[int]) -> None:
    """A socket for the question would keep the namespace alive for a while after it is closed."""
    near, _ = cabled("near", "far")
    sockets.forget_all()
    wait_until(lambda: not teardown._has_sockets(near.path))
    exchanges.clear()
    near.delete()
    assert RTM_GETNEIGH not in exchanges


def test_a_ping_that_nobody_answered_does_not_keep_a_namespace_alive() -> None:
    """Its packet waits for a neighbour, and holds its socket, and that its namespace, for three seconds."""
    near, _ = cabled("near", "far")
    nk.sh("ip -n near addr add 10.0.0.1/24 dev right; ip -n near link set right up; ip -n far link set left up")
    assert not near.ping("10.0.0.2", timeout=0.1).ok
    began = time.monotonic()
    teardown.delete(["near", "far"])
    assert time.monotonic() - began < QUICK


def test_one_without_a_name_may_go_by_itself_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    has_sockets = teardown._has_sockets

    def late(asked: str) -> bool:
        program.kill()
        program.wait()
        return has_sockets(asked)

    with subprocess.Popen(["unshare", "--net", "sleep", "600"]) as program:
        path = f"/proc/{program.pid}/ns/net"
        wait_until(lambda: os.readlink(path) != os.readlink("/proc/self/ns/net"))
        monkeypatch.setattr(teardown, "_has_sockets", late)
        assert teardown.ending([path], lambda: None) == []
    assert not os.path.exists(path)
