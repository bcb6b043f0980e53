"""The ways in which a journey through a router ends: what the topology demands."""

from __future__ import annotations

import pytest

from tests.inside.journeys import one_ping, only, r1, sent, story, told, xrayed
from tests.inside.wire import ip, sh


@pytest.mark.usefixtures("router")
class TestWhereAJourneyEnds:
    def test_ttl(self) -> None:
        request, error = one_ping("-t 1 -W 1", "10.0.2.2").journeys
        assert story(request) == sent("10.0.2.2", """
            ICMP 10.0.1.2 → 10.0.2.2 echo request seq 1
            - its TTL ran out in r1; r1 told the sender so (ICMP time exceeded)
            """)  # fmt: skip
        assert story(error) == told("""
            ICMP 10.0.1.1 → 10.0.1.2 time to live exceeded (10.0.1.2 → 10.0.2.2)
            0 r1 routing
              = The route 10.0.1.0/24 dev west leads to 10.0.1.2.
            1 r1:west out
              = The neighbour table of r1 says: 10.0.1.2 is at 02:42:0a:00:01:02.
            2 ns1:eth0 in
            3 ns1 routing
              = 10.0.1.2 is ns1's own address: the packet is taken in.
            + delivered to 10.0.1.2 in ns1
            """)
        assert error.answers == request.number

    def test_no_route(self) -> None:
        request, error = one_ping("-W 1", "10.9.9.9").journeys
        assert story(request) == sent("10.9.9.9", """
            ICMP 10.0.1.2 → 10.9.9.9 echo request seq 1
            - no route to 10.9.9.9 in r1; r1 told the sender so (ICMP network unreachable)
            """)  # fmt: skip
        assert error.answers == request.number

    def test_no_neighbour(self) -> None:
        r1("sysctl -qw net.ipv4.neigh.east.retrans_time_ms=50")
        x = one_ping("-W 5", "10.0.2.9")
        request, error = only(x.journeys, "ICMP", "echo request"), only(x.journeys, "ICMP", "host unreachable")
        assert story(request) == sent("10.0.2.9", """
            ICMP 10.0.1.2 → 10.0.2.9 echo request seq 1
            - nobody answered ARP for 10.0.2.9 at r1:east: 3 requests; r1 told the sender so (ICMP host unreachable)
            """)  # fmt: skip
        assert error.answers == request.number
        assert {story(j) for j in x.find("arp")} == {
            told("""
            ARP 10.0.2.1 → 10.0.2.9 who has 10.0.2.9? tell 10.0.2.1
            0 r1:east out
              = r1 has no neighbour entry for 10.0.2.9: it asks everyone on the link.
            1 ns2:eth0 in
            - nobody has 10.0.2.9: ns2 heard the question
            """)
        }

    def test_too_big(self) -> None:
        ip("-n r1 link set east mtu 1400")
        request = one_ping("-M do -s 1400 -W 1", "10.0.2.2").journeys[0]
        assert story(request) == sent("10.0.2.2", """
            ICMP 10.0.1.2 → 10.0.2.2 echo request seq 1
            - too big for the next link, which takes 1400 bytes, and not to be fragmented; r1 told the sender so (ICMP fragmentation needed)
            """)  # fmt: skip  # noqa: E501

    def test_a_rule(self) -> None:
        r1("iptables -A FORWARD -d 10.0.2.2 -j DROP")
        [request] = one_ping("-W 0.1", "10.0.2.2").journeys
        assert story(request) == sent("10.0.2.2", """
            ICMP 10.0.1.2 → 10.0.2.2 echo request seq 1
            3 r1 routing
              = The route 10.0.2.0/24 dev east leads to 10.0.2.2.
            4 r1 FORWARD
              ~ TTL 64 → 63
              ~ IP checksum recomputed
              = filter FORWARD: the rule `-A FORWARD -d 10.0.2.2/32 -j DROP` drops the packet.
            - dropped in r1 by filter FORWARD: the rule `-A FORWARD -d 10.0.2.2/32 -j DROP`
            """)  # fmt: skip

    def test_a_rule_that_rejects(self) -> None:
        r1("iptables -A FORWARD -d 10.0.2.2 -j REJECT")
        request, error = one_ping("-W 1", "10.0.2.2").journeys
        rule = "`-A FORWARD -d 10.0.2.2/32 -j REJECT --reject-with icmp-port-unreachable`"
        assert request.end == f"rejected in r1 by filter FORWARD: the rule {rule}"
        assert request.hops[-1].decided == f"filter FORWARD: the rule {rule} rejects the packet."
        assert (error.what, error.answers) == ("port unreachable (10.0.1.2 → 10.0.2.2)", request.number)

    def test_what_a_host_does_not_let_out(self) -> None:
        """No frame was ever seen of it."""
        sh("ip netns exec ns1 iptables -A OUTPUT -d 10.0.2.2 -j DROP")
        [request] = one_ping("-W 0.1", "10.0.2.2").journeys
        assert story(request) == told("""
            ICMP 10.0.1.2 → 10.0.2.2 echo request seq 1
            0 ns1 routing
              = The route default via 10.0.1.1 dev eth0 leads to 10.0.2.2.
            1 ns1 OUTPUT
              = filter OUTPUT: the rule `-A OUTPUT -d 10.0.2.2/32 -j DROP` drops the packet.
            - dropped in ns1 by filter OUTPUT: the rule `-A OUTPUT -d 10.0.2.2/32 -j DROP`
            """)

    def test_what_a_host_does_not_let_in(self) -> None:
        sh("ip netns exec ns2 iptables -P INPUT DROP")
        [request] = one_ping("-W 0.1", "10.0.2.2").journeys
        assert [hop.where for hop in request.hops[4:]] == ["r1:east", "ns2:eth0", "ns2 routing", "ns2 INPUT"]
        assert request.hops[-1].decided == "filter INPUT: the policy DROP drops the packet."
        assert (request.delivered, request.end) == (False, "dropped in ns2 by filter INPUT: policy DROP")

    def test_a_host_that_is_no_router(self) -> None:
        r1("sysctl -qw net.ipv4.ip_forward=0")
        [request] = one_ping("-W 0.1", "10.0.2.2").journeys
        assert story(request) == sent("10.0.2.2", """
            ICMP 10.0.1.2 → 10.0.2.2 echo request seq 1
            - r1 does not forward it: net.ipv4.ip_forward is 0 there
            """)  # fmt: skip

    def test_a_host_that_is_no_router_of_ipv6(self) -> None:
        for one, other, number in (("ns1", "west", 1), ("ns2", "east", 2)):
            ip(f"-n {one} addr add fd0{number}::2/64 dev eth0 nodad")
            ip(f"-n r1 addr add fd0{number}::1/64 dev {other} nodad")
            ip(f"-n {one} route add default via fd0{number}::1")
        request = one_ping("-W 0.1", "fd02::2").find("icmpv6", destination="fd02::2")[0]
        assert request.end == "r1 does not forward it: net.ipv6.conf.all.forwarding is 0 there"

    def test_rp_filter(self) -> None:
        r1("sysctl -qw net.ipv4.conf.all.rp_filter=1")
        ip("-n ns1 addr add 10.0.2.77/32 dev eth0")
        [request] = one_ping("-W 0.1 -I 10.0.2.77", "10.0.2.2").journeys
        way = "it came in at r1:west, but the way back to 10.0.2.77 is 10.0.2.0/24 dev east"
        assert (request.delivered, request.end) == (False, f"rp_filter is 1 in r1: {way}")

    def test_a_mac_that_nobody_bears(self) -> None:
        ip("-n ns1 neigh replace 10.0.1.1 lladdr 02:42:0a:00:01:99 dev eth0 nud permanent")
        [request] = one_ping("-W 0.1", "10.0.2.2").journeys
        assert (request.hops[-1].where, request.delivered) == ("r1:west", False)
        assert request.end == "ignored at r1:west: the frame is for 02:42:0a:00:01:99, not for it"

    @pytest.mark.parametrize(("way", "protocol", "how"), [
        ("tcp", "TCP", "it answered with RST"), ("udp", "UDP", "it answered ICMP port unreachable"),
    ])  # fmt: skip
    def test_nothing_listens(self, way: str, protocol: str, how: str) -> None:
        line = f"ip netns exec ns1 bash -c 'echo > /dev/{way}/10.0.2.2/81' 2>/dev/null || true"
        request, answer = xrayed(lambda: sh(line)).journeys
        assert (request.protocol, request.destination_port) == (protocol, 81)
        end = f"delivered to 10.0.2.2 in ns2, where nothing listens on port 81 that would take it: {how}"
        assert (request.delivered, request.end, answer.answers) == (True, end, request.number)

    def test_a_cable_whose_other_end_takes_less(self) -> None:
        ip("-n r1 link set west mtu 1400")
        [request] = one_ping("-s 1400 -W 0.1", "10.0.2.2").journeys
        end = "it has 1428 bytes, but r1:west, the cable's other end, takes at most 1400"
        assert (request.hops[-1].where, request.end) == ("ns1:eth0", end)
