"""Journeys through a router: what the topology demands."""

from __future__ import annotations

import pytest

from tests.inside.journeys import expected, one_ping, r1, sent, story, told, xrayed
from tests.inside.wire import ip, ping

IPV6 = (("ns1", "eth0", "fd01::2"), ("r1", "west", "fd01::1"), ("r1", "east", "fd02::1"), ("ns2", "eth0", "fd02::2"))
"""What each interface has besides."""


@pytest.mark.usefixtures("router")
class TestARouterThatForwards:
    def test_ping(self) -> None:
        request, reply = xrayed(lambda: ping("ns1", "10.0.2.2")).journeys
        assert story(request) == sent("10.0.2.2", """
            ICMP 10.0.1.2 → 10.0.2.2 echo request seq 1
            3 r1 routing
              = The route 10.0.2.0/24 dev east leads to 10.0.2.2.
            4 r1:east out
              ~ destination MAC 02:42:0a:00:01:01 → 02:42:0a:00:02:02
              ~ source MAC 02:42:0a:00:01:02 → 02:42:0a:00:02:01
              ~ TTL 64 → 63
              ~ IP checksum recomputed
              = The neighbour table of r1 says: 10.0.2.2 is at 02:42:0a:00:02:02.
            5 ns2:eth0 in
            6 ns2 routing
              = 10.0.2.2 is ns2's own address: the packet is taken in.
            + delivered to 10.0.2.2 in ns2
            """)  # fmt: skip
        assert story(reply) == told("""
            ICMP 10.0.2.2 → 10.0.1.2 echo reply seq 1
            0 ns2 routing
              = The route default via 10.0.2.1 dev eth0 leads to 10.0.1.2.
            1 ns2:eth0 out
              = The neighbour table of ns2 says: 10.0.2.1 is at 02:42:0a:00:02:01.
            2 r1:east in
            3 r1 routing
              = The route 10.0.1.0/24 dev west leads to 10.0.1.2.
            4 r1:west out
              ~ destination MAC 02:42:0a:00:02:01 → 02:42:0a:00:01:02
              ~ source MAC 02:42:0a:00:02:02 → 02:42:0a:00:01:01
              ~ TTL 64 → 63
              ~ IP checksum recomputed
              = The neighbour table of r1 says: 10.0.1.2 is at 02:42:0a:00:01:02.
            5 ns1:eth0 in
            6 ns1 routing
              = 10.0.1.2 is ns1's own address: the packet is taken in.
            + delivered to 10.0.1.2 in ns1
            """)
        assert reply.answers == request.number

    def test_fragmentation(self) -> None:
        ip("-n r1 link set east mtu 1400")
        request = one_ping("-M dont -s 1400 -W 2", "10.0.2.2").journeys[0]
        assert story(request) == sent("10.0.2.2", """
            ICMP 10.0.1.2 → 10.0.2.2 echo request seq 1
            3 r1 routing
              = The route 10.0.2.0/24 dev east leads to 10.0.2.2.
            4 r1:east out
              ~ destination MAC 02:42:0a:00:01:01 → 02:42:0a:00:02:02
              ~ source MAC 02:42:0a:00:01:02 → 02:42:0a:00:02:01
              ~ TTL 64 → 63
              ~ fragment: bytes 0 to 1375 of 1408
              = The neighbour table of r1 says: 10.0.2.2 is at 02:42:0a:00:02:02.
            5 ns2:eth0 in
            6 r1:east out after 3
              ~ destination MAC 02:42:0a:00:01:01 → 02:42:0a:00:02:02
              ~ source MAC 02:42:0a:00:01:02 → 02:42:0a:00:02:01
              ~ TTL 64 → 63
              ~ fragment: bytes 1376 to 1407 of 1408
              = The neighbour table of r1 says: 10.0.2.2 is at 02:42:0a:00:02:02.
            7 ns2:eth0 in
            8 ns2 routing
              ~ reassembled from 2 fragments
              = 10.0.2.2 is ns2's own address: the packet is taken in.
            + delivered to 10.0.2.2 in ns2
            """)  # fmt: skip

    def test_a_fragment_that_is_cut_again_passed_the_filter_once(self) -> None:
        ip("-n r1 link set east mtu 1000")
        ip("netns exec r1 iptables -A FORWARD -f -j DROP")
        request = one_ping("-M dont -s 2000", "10.0.2.2").journeys[0]
        hooks = [hop for hop in request.hops if hop.hook == "forward"]
        assert [hop.decided.split(": ", 1)[1] for hop in hooks] == [
            "the policy ACCEPT lets the packet pass.",
            "the rule `-A FORWARD -f -j DROP` drops the packet.",
        ]
        assert sum(hop.hook == "routing" for hop in request.hops) == 3  # at ns1, and of each fragment that came
        assert [hop.after for hop in request.hops if hop.where == "r1:east"] == [hooks[0].number] * 2

    @pytest.mark.parametrize(
        ("rules", "places"),
        [
            (["iptables -t mangle -A PREROUTING -i west -j TTL --ttl-set 9"], ["prerouting"]),
            (
                [
                    "nft add table ip x",
                    "nft 'add chain ip x c { type filter hook postrouting priority 0 ; }'",
                    "nft add rule ip x c oifname east ip ttl set 77",
                ],
                ["postrouting"],
            ),
        ],
    )
    def test_a_rule_that_sets_the_ttl_leaves_the_packet_one(self, rules: list[str], places: list[str]) -> None:
        for rule in rules:
            ip(f"netns exec r1 {rule}")
        request = one_ping("", "10.0.2.2").journeys[0]
        assert request.end == "delivered to 10.0.2.2 in ns2"
        assert [hop.where for hop in request.hops if hop.interface] == ["ns1:eth0", "r1:west", "r1:east", "ns2:eth0"]
        assert [hop.hook for hop in request.hops if "changes the packet" in hop.decided] == places

    def test_fragments_of_ipv6_of_which_the_kernel_reports_no_header_are_known_all_the_same(self) -> None:
        for place, device, address in IPV6:
            ip(f"-n {place} addr add {address}/64 dev {device} nodad")
        ip("netns exec r1 sysctl -qw net.ipv6.conf.all.forwarding=1")
        ip("-n ns1 route add default via fd01::1")
        ip("-n ns2 route add default via fd02::1")
        ip("netns exec ns1 ping -q -c 1 -w 8 fd02::2")  # until its addresses are in use
        ip("netns exec r1 ip6tables -A FORWARD -m frag --fragmore -j DROP")
        x = one_ping("-s 3000 -W 1", "fd02::2")
        [request] = [each for each in x.journeys if "echo request" in each.what]
        hooks = [hop.decided.rsplit(" ", 3)[-3:] for hop in request.hops if hop.hook == "forward"]
        assert hooks == [["drops", "the", "packet."], ["drops", "the", "packet."], ["the", "packet", "pass."]]
        told = [words for hop in request.hops for words in hop.changed]
        assert [words.partition("fragment: ")[2] for words in told if "bytes" in words] == [
            "bytes 0 to 1447 of 3008",
            "bytes 1448 to 2895 of 3008",
            "bytes 2896 to 3007 of 3008",
        ]
        assert not any("reassembled" in words for words in told)
        assert "?" not in {each.protocol for each in x.journeys}

    @pytest.mark.parametrize("rule", ["-A POSTROUTING -o east -j MASQUERADE",
                                      "-A PREROUTING -d 10.9.9.9 -j DNAT --to-destination 10.0.2.2"])  # fmt: skip
    def test_translated_fragments_arrive_once(self, rule: str) -> None:
        r1(f"iptables -t nat {rule}; ip netns exec r1 iptables -A FORWARD -j ACCEPT")
        target = "10.9.9.9" if "DNAT" in rule else "10.0.2.2"
        request, reply = xrayed(lambda: ping("ns1", target, "-c 1 -s 3000 -W 2")).journeys
        assert (request.end, reply.end) == ("delivered to 10.0.2.2 in ns2", "delivered to 10.0.1.2 in ns1")
        for journey in (request, reply):
            forwarded = [hop for hop in journey.hops if hop.hook == "forward"]
            assert [len(hop.events) > 0 for hop in forwarded] == [True]
            assert any(hop.after == forwarded[0].number for hop in journey.hops)

    def test_masquerade_and_the_way_back(self) -> None:
        r1("iptables -t nat -A POSTROUTING -o east -j MASQUERADE")
        request, reply = xrayed(lambda: ping("ns1", "10.0.2.2")).journeys
        assert story(request) == sent("10.0.2.2", """
            ICMP 10.0.1.2 → 10.0.2.2 echo request seq 1
            3 r1 routing
              = The route 10.0.2.0/24 dev east leads to 10.0.2.2.
            4 r1 POSTROUTING
              ~ TTL 64 → 63
              ~ source address 10.0.1.2 → 10.0.2.1 (MASQUERADE)
              ~ IP checksum recomputed
              = nat POSTROUTING: the rule `-A POSTROUTING -o east -j MASQUERADE` translates the source.
            5 r1:east out
              ~ destination MAC 02:42:0a:00:01:01 → 02:42:0a:00:02:02
              ~ source MAC 02:42:0a:00:01:02 → 02:42:0a:00:02:01
              = The neighbour table of r1 says: 10.0.2.2 is at 02:42:0a:00:02:02.
            6 ns2:eth0 in
            7 ns2 routing
              = 10.0.2.2 is ns2's own address: the packet is taken in.
            + delivered to 10.0.2.2 in ns2
            """)  # fmt: skip
        assert story(reply) == expected("nat", "MASQUERADE on the router: reply")
        assert reply.answers == request.number

    def test_rules_in_a_chain_of_ones_own(self) -> None:
        r1("iptables -N GUESTS")
        r1("iptables -A FORWARD -i west -j GUESTS")
        r1("iptables -A GUESTS -p icmp -j ACCEPT")
        request, _ = xrayed(lambda: ping("ns1", "10.0.2.2")).journeys
        assert request.hops[4].where == "r1 FORWARD"
        assert request.hops[4].decided == (
            "filter FORWARD → GUESTS: the rule `-A GUESTS -p icmp -j ACCEPT` lets the packet pass."
        )
