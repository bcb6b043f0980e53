"""Journeys through ifb devices, to which filters of tc lead packets: each is one, and has its own end."""

from __future__ import annotations

import shutil

import pytest

import netkit as nk
from tests.inside.journeys import only, xrayed
from tests.inside.wild_networks import ROUTED

INGRESS = (
    "ip netns exec r2 tc qdisc add dev in0 handle ffff: ingress",
    "ip netns exec r2 tc filter add dev in0 parent ffff: protocol ip u32 match u32 0 0 "
    "action mirred egress redirect dev ifb9",
)
EGRESS = (
    "ip netns exec r2 tc qdisc add dev out0 clsact",
    "ip netns exec r2 tc filter add dev out0 egress protocol ip u32 match u32 0 0 "
    "action mirred egress redirect dev ifb9",
)
MIRRORED = (EGRESS[0], EGRESS[1].replace("redirect", "mirror"))
FAR, NEAR = "10.20.3.2", "10.20.2.2"

pytestmark = pytest.mark.usefixtures("ifb")


@pytest.fixture
def ifb(fresh: None) -> None:
    """A router with an ifb device."""
    for line in ROUTED:
        assert nk.sh(line).returncode == 0, line
    if not shutil.which("tc") or nk.sh("ip -n r2 link add ifb9 type ifb").returncode:
        pytest.skip("this kernel has no ifb, or there is no tc")
    nk.sh("ip -n r2 link set ifb9 up")
    assert nk.Namespace.get("a").ping(FAR).ok


def end(*lines: str, target: str = FAR) -> str:
    """What became of the one echo request, which is one journey."""
    for line in lines:
        assert nk.sh(line).returncode == 0, line
    return only(xrayed(lambda: nk.Namespace.get("a").ping(target, timeout=1.0)).journeys, "ICMP", "echo request").end


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (INGRESS, "A filter of tc at in0 leads it to ifb9, which gives it back to in0."),
        (EGRESS, "A filter of tc at out0 leads it to ifb9, which gives it back to out0."),
        (MIRRORED, "A filter of tc at out0 leaves a copy at ifb9, where that ends."),
    ],
)
def test_a_packet_that_is_led_there_is_one(lines: tuple[str, ...], words: str) -> None:
    for line in lines:
        assert nk.sh(line).returncode == 0, line
    x = xrayed(lambda: nk.Namespace.get("a").ping(FAR, count=2))
    asked = [each for each in x.journeys if each.what.startswith("echo request")]
    assert [each.end for each in asked] == [f"delivered to {FAR} in b"] * 2
    for journey in asked:
        (hop,) = [hop for hop in journey.hops if hop.interface == "ifb9"]
        assert hop.decided == words


def test_one_for_the_router_itself_is_taken_in() -> None:
    assert end(*INGRESS, target=NEAR) == f"delivered to {NEAR} in r2"


def test_one_that_is_dropped_behind_it_has_that_end() -> None:
    found = end(*INGRESS, "ip netns exec r2 iptables -A FORWARD -p icmp -j DROP")
    assert found == "dropped in r2 by filter FORWARD: the rule `-A FORWARD -p icmp -j DROP`"


def test_one_that_the_device_does_not_take_ends_there() -> None:
    found = end(*INGRESS, "ip -n r2 link set ifb9 down")
    assert "a filter of tc leads packets to r2:ifb9, which is off" in found


def test_one_that_the_device_s_queue_drops_ends_there() -> None:
    found = end(*INGRESS, "ip netns exec r2 tc qdisc add dev ifb9 root tbf rate 8kbit burst 50 latency 1ms")
    assert "leads packets to r2:ifb9, where the queue tbf of r2:ifb9 dropped 1 meanwhile" in found
