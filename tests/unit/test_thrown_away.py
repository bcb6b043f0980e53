"""What counters say of packets that were thrown away while a probe was sent."""

from __future__ import annotations

import pytest

from netkit.diagnosis import World, counters
from netkit.diagnosis.questions import SwitchQuestion
from netkit.model import Namespace, Snapshot


def world(cookies: str = "1") -> World:
    def ask(question: object) -> str:
        assert question == SwitchQuestion("srv", "net/ipv4/tcp_syncookies")
        return cookies

    return World(Snapshot({"srv": Namespace("srv")}), {"srv": "/run/netns/srv"}, ask=ask)


@pytest.mark.parametrize(
    ("name", "layer", "words", "listing"),
    [
        ("ConntrackDrop", "conntrack", "its table of tracked ones is full", "conntrack -S"),
        ("NeighbourTableFull", "neighbour", "which all namespaces share, is full", "ip -s ntable show"),
        ("ListenDrops", "service", "requests for new TCP connections", "nstat -asz TcpExtListenDrops"),
        ("XfrmInNoPols", "filter", "no policy of it lets in", "cat /proc/net/xfrm_stat"),
    ],
)
def test_what_has_grown_is_named(name: str, layer: str, words: str, listing: str) -> None:
    found = counters.thrown_away(world(), {"srv": {name: 4}}, {"srv": {name: 7}})
    assert found is not None
    assert (found.layer, found.where, found.repair) == (layer, "srv", ())
    assert words in found.explanation
    assert listing in found.evidence[0]
    assert f"{name}: 3 more while the probe was sent" in found.evidence[0]


def test_what_has_not_grown_says_nothing() -> None:
    assert counters.thrown_away(world(), {"srv": {"ListenDrops": 4}}, {"srv": {"ListenDrops": 4}}) is None


def test_cookies_are_advised_where_they_are_off() -> None:
    found = counters.thrown_away(world("0"), {"srv": {}}, {"srv": {"ListenDrops": 1}})
    assert found is not None
    assert found.repair == ("ip netns exec srv sysctl -w net/ipv4/tcp_syncookies=1",)
