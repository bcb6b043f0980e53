"""Journeys through a VXLAN tunnel between two hosts: what the topology demands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from netkit.linux.capturing.capture import capture
from tests.inside.journeys import TUNNEL, only, story, told, xrayed
from tests.inside.wire import ip, network, ping, sh

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def tunnel() -> Iterator[None]:
    with network(TUNNEL):
        yield


@pytest.mark.usefixtures("tunnel")
class TestATunnel:
    def test_ping(self) -> None:
        ping("left", "10.42.0.2")
        request, reply = xrayed(lambda: ping("left", "10.42.0.2")).journeys
        assert story(request) == told("""
            ICMP 10.42.0.1 → 10.42.0.2 echo request seq 1
            0 left routing
              = The route 10.42.0.0/24 dev vx leads to 10.42.0.2.
            1 left:vx out
              = The neighbour table of left says: 10.42.0.2 is at 02:42:0a:2a:00:02; the FDB of vx says: 02:42:0a:2a:00:02 is behind the VTEP 10.0.0.2.
            2 left routing
              ~ outer header added: VXLAN 42 in UDP from 10.0.0.1 to 10.0.0.2
              = The route 10.0.0.0/24 dev eth0 leads to 10.0.0.2.
            3 left:eth0 out
              = The neighbour table of left says: 10.0.0.2 is at 02:42:0a:00:00:02.
            4 right:eth0 in
            5 right routing
              = 10.0.0.2 is right's own address: the packet is taken in.
            6 right:vx in
              ~ outer header removed: VXLAN 42
              = The VXLAN network 42 is vx's.
            7 right routing
              = 10.42.0.2 is right's own address: the packet is taken in.
            + delivered to 10.42.0.2 in right
            """)  # noqa: E501
        assert [f"{hop.where} {hop.direction}" for hop in reply.hops if hop.interface] == [
            "right:vx out", "right:eth0 out", "left:eth0 in", "left:vx in",
        ]  # fmt: skip
        assert (reply.delivered, reply.answers) == (True, request.number)

    def test_arp_goes_to_the_only_vtep(self) -> None:
        question, answer = xrayed(lambda: ping("left", "10.42.0.2")).find("arp")[:2]
        assert story(question) == told("""
            ARP 10.42.0.1 → 10.42.0.2 who has 10.42.0.2? tell 10.42.0.1
            0 left:vx out
              = left has no neighbour entry for 10.42.0.2: it asks everyone on the link; the frame is for everyone: the FDB of vx sends it to the VTEP 10.0.0.2.
            1 left routing
              ~ outer header added: VXLAN 42 in UDP from 10.0.0.1 to 10.0.0.2
              = The route 10.0.0.0/24 dev eth0 leads to 10.0.0.2.
            2 left:eth0 out
              = The neighbour table of left says: 10.0.0.2 is at 02:42:0a:00:00:02.
            3 right:eth0 in
            4 right routing
              = 10.0.0.2 is right's own address: the packet is taken in.
            5 right:vx in
              ~ outer header removed: VXLAN 42
              = The VXLAN network 42 is vx's.
            + delivered to 10.42.0.2 in right
            """)  # noqa: E501
        assert (answer.end, answer.answers) == ("delivered to 10.42.0.1 in left", question.number)

    def test_another_network_number_on_the_other_side(self) -> None:
        ip("-n right link del vx\n-n right link add vx type vxlan id 43 dstport 4789 remote 10.0.0.1 dev eth0\n"
           "-n right link set vx up")  # fmt: skip
        x = xrayed(lambda: sh("ip netns exec left ping -c 1 -W 0.1 10.42.0.2 || true"))
        question = x.find("arp")[0]
        assert (question.hops[-1].where, question.delivered) == ("right routing", False)
        assert question.end == "no VXLAN device of right has the network 42"

    def test_the_outer_packet_passes_hooks(self) -> None:
        ping("left", "10.42.0.2")
        sh("ip netns exec left iptables -A OUTPUT -p udp --dport 4789 -j ACCEPT")
        sh("ip netns exec right iptables -A INPUT -p udp --dport 4789 -j DROP")
        x = xrayed(lambda: sh("ip netns exec left ping -c 1 -W 0.1 10.42.0.2 || true"))
        request = only(x.journeys, "ICMP")
        assert [hop.where for hop in request.hops] == [
            "left routing", "left OUTPUT", "left:vx", "left routing", "left OUTPUT", "left:eth0",
            "right:eth0", "right routing", "right INPUT",
        ]  # fmt: skip
        inner, outer = request.hops[1], request.hops[4]
        assert inner.decided == "filter OUTPUT: the policy ACCEPT lets the packet pass."
        assert "--dport 4789 -j ACCEPT` lets the packet pass" in outer.decided
        assert request.hops[3].changed == ["outer header added: VXLAN 42 in UDP from 10.0.0.1 to 10.0.0.2"]
        rule = "`-A INPUT -p udp -m udp --dport 4789 -j DROP`"
        assert request.end == f"dropped in right by filter INPUT: the rule {rule}"


def test_a_tunnel_at_another_port_is_one_for_every_view() -> None:
    with network(TUNNEL.replace("dstport 4789", "dstport 5000")):
        ping("left", "10.42.0.2")
        with capture(["left", "right"]) as recorded:
            x = xrayed(lambda: ping("left", "10.42.0.2"))
    request = x.find("icmp")[0]
    assert (request.what, request.end) == ("echo request seq 1", "delivered to 10.42.0.2 in right")
    outer = next(hop for hop in request.hops if hop.where == "left:eth0")
    assert outer.frame.haslayer("VXLAN")
    assert "VXLAN 42 | 10.42.0.1 → 10.42.0.2 ICMP echo request seq 1" in repr(recorded)
    assert recorded.filter("vxlan").frames
