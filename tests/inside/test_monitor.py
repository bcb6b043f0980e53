"""Hearing of links in every namespace: nothing is asked where nothing happened, and nothing is kept alive."""

from __future__ import annotations

import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

import netkit as nk
from netkit.linux.acts import links
from netkit.linux.events import hearing, settle
from netkit.linux.netlink.protocol import Talk
from tests.inside.wire import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("fresh")


def numbers() -> dict[str, int]:
    with hearing.listening() as ear:
        return ear.numbers()


def touched() -> set[int]:
    with hearing.listening() as ear:
        return set(ear.touched)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Calls give how many requests went to the kernel since the last one."""
    counted, send = 0, Talk._send

    def counting(self: Talk, kind: int, flags: int, body: bytes) -> int:
        nonlocal counted
        counted += 1
        return send(self, kind, flags, body)

    def since() -> int:
        nonlocal counted
        before, counted = counted, 0
        return before

    monkeypatch.setattr(Talk, "_send", counting)
    return since


def test_waiting_asks_nothing_where_nothing_happened(asked: Callable[[], int]) -> None:
    for number in range(10):
        nk.Namespace(f"ns{number}")["lo"].up()
    assert settle.wait()
    asked()
    assert settle.wait()
    assert asked() == 0


def test_waiting_looks_only_where_a_link_changed(asked: Callable[[], int]) -> None:
    spaces = [nk.Namespace(f"ns{number}") for number in range(10)]
    assert settle.wait()
    links.set_up(spaces[3].path, "lo")
    asked()
    assert touched() == {numbers()["ns3"]}
    assert settle.wait()
    assert asked() == 1


def test_a_namespace_that_a_shell_made_is_heard_of_and_so_is_a_nameless_one() -> None:
    assert settle.wait()
    nk.sh("ip netns add ns1")
    assert touched() == {numbers()["ns1"]}
    assert settle.wait()
    with subprocess.Popen(["unshare", "--net", "sleep", "60"]) as process:
        wait_until(lambda: bool(touched()))
        [number] = touched()
        with hearing.listening() as ear:
            assert ear.place(number) == ("[]", f"/proc/{process.pid}/ns/net")
        process.kill()
    wait_until(lambda: not touched())


def test_the_same_name_anew_is_another_namespace() -> None:
    nk.Namespace("ns1")
    first = numbers()["ns1"]
    nk.sh("ip netns delete ns1; ip netns add ns1")
    assert numbers()["ns1"] != first


def test_what_a_socket_could_not_keep_is_looked_for_everywhere() -> None:
    ns1, ns2 = nk.Namespace("ns1"), nk.Namespace("ns2")
    assert settle.wait()
    with hearing.listening() as ear:
        ear._ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 0)
        for _ in range(20):
            links.set_up(ns1.path, "lo")
            links.set_down(ns1.path, "lo")
    assert set(numbers()) == {"ns1", "ns2"}
    assert touched() >= set(numbers().values())
    assert settle.wait()
    assert ns2.exists


def test_meeting_many_namespaces_does_not_fill_the_socket() -> None:
    assert settle.wait()
    with hearing.listening() as ear:
        ear._ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 0)
        nk.sh("for number in $(seq 20); do ip netns add ns$number; done")
        ear.update()
        ear.update()
        assert len(ear.numbers()) == 20
        assert not ear.missed


def test_no_namespace_is_kept_alive_and_nobody_sees_the_numbers() -> None:
    nk.Namespace("ns1")
    nk.sh("ip netns add ns2")
    assert settle.wait()
    assert "id" not in nk.sh("ip netns list").stdout
    nk.sh("ip netns delete ns2")
    nk.Namespace.get("ns1").delete()
    wait_until(lambda: known() == 1)  # the host's own


def known() -> int:
    with hearing.listening() as ear:
        return len(ear._inodes)
