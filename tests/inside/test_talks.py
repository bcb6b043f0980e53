"""Sockets that stay open for a moment keep no namespace alive that lost its name."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

import netkit as nk
from netkit.linux.netlink import sockets
from tests.inside.wire import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("fresh")


@pytest.fixture
def for_long(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Sockets are kept for longer than a test takes."""
    monkeypatch.setattr(sockets, "_SECONDS_KEPT", 600.0)
    yield
    sockets.forget_all()


@pytest.mark.usefixtures("for_long")
def test_a_namespace_that_is_deleted_by_hand_ends_though_a_socket_was_kept() -> None:
    ns1, ns2 = nk.Namespace("ns1"), nk.Namespace("ns2")
    nk.veth("veth1", "eth0", peer_namespace=ns1)
    ns1["lo"].up()
    ns2["lo"].up()
    assert {ns1.path, ns2.path} <= set(sockets._talks._kept)
    subprocess.run(["ip", "netns", "delete", "ns1"], check=True)
    wait_until(lambda: "veth1" not in nk.host)
    assert ns1.path not in sockets._talks._kept
    assert ns2.path in sockets._talks._kept, "the others stay open"


def test_each_is_closed_a_moment_after_its_last_use_again_and_again() -> None:
    ns1 = nk.Namespace("ns1")
    for _ in range(3):
        ns1["lo"].up()
        assert ns1.path in sockets._talks._kept
        wait_until(lambda: not sockets._talks._kept)
