"""What counters say of packets that were thrown away while a probe was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from netkit.diagnosis import World, counters
from netkit.model import Namespace, Snapshot

if TYPE_CHECKING:
    from netkit.diagnosis.questions import SwitchQuestion


def world(cookies: str = "1", **switches: str) -> World:
    known = {"net/ipv4/tcp_syncookies": cookies, "net/ipv4/tcp_max_syn_backlog": "128", **switches}

    def ask(question: SwitchQuestion) -> str | None:
        return known[question.name]

    return World(Snapshot({"srv": Namespace("srv")}), {"srv": "/run/netns/srv"}, ask=ask)


@pytest.mark.parametrize(
    ("name", "layer", "words", "listing"),
    [
        ("ConntrackDrop", "conntrack", "its table of tracked ones is full", "conntrack -S"),
        ("NeighbourTableFull", "neighbour", "which all namespaces share, is full", "ip -s ntable show"),
        ("TCPReqQFullDrop", "service", "requests for new TCP connections", "nstat -asz TcpExtTCPReqQFullDrop"),
        ("TCPMinTTLDrop", "service", "more routers than their server allows", "nstat -asz TcpExtTCPMinTTLDrop"),
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
    found = counters.thrown_away(world("0"), {"srv": {}}, {"srv": {"ListenDrops": 1, counters.HALF_OPEN: 96}})
    assert found is not None
    assert found.repair == ("ip netns exec srv sysctl -w net/ipv4/tcp_syncookies=1",)


@pytest.mark.parametrize(("cookies", "half_open"), [("1", 128), ("0", 95), ("0", 0)])
def test_a_listener_that_drops_for_another_cause_is_not_said_to_have_too_many_requests(
    cookies: str, half_open: int
) -> None:
    after = {"ListenDrops": 1, counters.HALF_OPEN: half_open}
    assert counters.thrown_away(world(cookies), {"srv": {}}, {"srv": after}) is None


ASKED = {"IcmpInEchos": 1, "IcmpOutRateLimitHost": 1}
LIMIT = {"net/ipv4/icmp_ratelimit": "1000", "net/ipv4/icmp_ratemask": "6169"}


def test_replies_that_a_limit_keeps_back_are_let_out_again() -> None:
    found = counters.thrown_away(world(**LIMIT), {"srv": {}}, {"srv": ASKED})
    assert found is not None
    assert (found.layer, found.where) == ("sysctl", "srv")
    assert found.repair == ("ip netns exec srv sysctl -w net/ipv4/icmp_ratemask=6168",)


@pytest.mark.parametrize("more", [{"IcmpOutEchoReps": 1}, {"IcmpInEchos": 0}, {"IcmpOutRateLimitHost": 0}])
def test_a_limit_of_errors_is_no_limit_of_replies(more: dict[str, int]) -> None:
    assert counters.thrown_away(world(**LIMIT), {"srv": {}}, {"srv": ASKED | more}) is None
