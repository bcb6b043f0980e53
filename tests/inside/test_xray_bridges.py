"""Journeys over a bridge, hop by hop: what the topology demands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import netkit as nk
from tests.inside.journeys import TWO, only, story, told, xrayed
from tests.inside.wire import ip, network, ping, sh

if TYPE_CHECKING:
    from collections.abc import Iterator

KNOWN = """
-n ns1 neigh replace 10.0.0.2 lladdr 02:42:0a:00:00:02 dev eth0 nud permanent
-n ns2 neigh replace 10.0.0.1 lladdr 02:42:0a:00:00:01 dev eth0 nud permanent
"""


@pytest.fixture
def bridge() -> Iterator[None]:
    with network(TWO):
        yield


@pytest.fixture
def learned(bridge: None) -> None:
    """Both neighbours are known and the bridge has learned both MACs."""
    ip(KNOWN)
    ping("ns1", "10.0.0.2")


@pytest.mark.usefixtures("learned")
def test_ping() -> None:
    request, reply = xrayed(lambda: ping("ns1", "10.0.0.2")).journeys
    assert story(request) == told("""
        ICMP 10.0.0.1 → 10.0.0.2 echo request seq 1
        0 ns1 routing
          = The route 10.0.0.0/24 dev eth0 leads to 10.0.0.2.
        1 ns1:eth0 out
          = The neighbour table of ns1 says: 10.0.0.2 is at 02:42:0a:00:00:02.
        2 host:port1 in
        3 host:port2 out
          = The FDB of br0 says: 02:42:0a:00:00:02 is behind port2.
        4 ns2:eth0 in
        5 ns2 routing
          = 10.0.0.2 is ns2's own address: the packet is taken in.
        + delivered to 10.0.0.2 in ns2
        """)
    assert story(reply) == told("""
        ICMP 10.0.0.2 → 10.0.0.1 echo reply seq 1
        0 ns2 routing
          = The route 10.0.0.0/24 dev eth0 leads to 10.0.0.1.
        1 ns2:eth0 out
          = The neighbour table of ns2 says: 10.0.0.1 is at 02:42:0a:00:00:01.
        2 host:port2 in
        3 host:port1 out
          = The FDB of br0 says: 02:42:0a:00:00:01 is behind port1.
        4 ns1:eth0 in
        5 ns1 routing
          = 10.0.0.1 is ns1's own address: the packet is taken in.
        + delivered to 10.0.0.1 in ns1
        """)
    assert (request.answers, reply.answers) == (None, request.number)


@pytest.mark.usefixtures("bridge")
def test_arp_is_flooded_and_its_answer_is_not() -> None:
    question, answer, request, reply = xrayed(lambda: ping("ns1", "10.0.0.2")).journeys[:4]
    assert story(question) == told("""
        ARP 10.0.0.1 → 10.0.0.2 who has 10.0.0.2? tell 10.0.0.1
        0 ns1:eth0 out
          = ns1 has no neighbour entry for 10.0.0.2: it asks everyone on the link.
        1 host:port1 in
        2 host:port3 out
          = The frame is for everyone: br0 sends it to every other port.
        3 ns3:eth0 in
        4 host:port2 out after 1
          = The frame is for everyone: br0 sends it to every other port.
        5 ns2:eth0 in
        6 host:br0 in after 1
          = The frame is for everyone: br0 takes it in as well.
        + delivered to 10.0.0.2 in ns2, ignored by host and ns3
        """)
    assert story(answer) == told("""
        ARP 10.0.0.2 → 10.0.0.1 10.0.0.2 is at 02:42:0a:00:00:02
        0 ns2:eth0 out
        1 host:port2 in
        2 host:port1 out
          = The FDB of br0 says: 02:42:0a:00:00:01 is behind port1.
        3 ns1:eth0 in
        + delivered to 10.0.0.1 in ns1
        """)
    assert [j.what for j in (request, reply)] == ["echo request seq 1", "echo reply seq 1"]
    assert (answer.answers, reply.answers) == (question.number, request.number)


@pytest.mark.usefixtures("learned")
def test_a_mac_that_the_bridge_does_not_know_is_flooded() -> None:
    sh("ip netns exec ns2 sysctl -qw net.ipv6.conf.all.disable_ipv6=1")  # else its housekeeping makes the bridge learn
    sh("bridge fdb del 02:42:0a:00:00:02 dev port2 master")
    request, _ = xrayed(lambda: ping("ns1", "10.0.0.2")).journeys
    assert story(request) == told("""
        ICMP 10.0.0.1 → 10.0.0.2 echo request seq 1
        0 ns1 routing
          = The route 10.0.0.0/24 dev eth0 leads to 10.0.0.2.
        1 ns1:eth0 out
          = The neighbour table of ns1 says: 10.0.0.2 is at 02:42:0a:00:00:02.
        2 host:port1 in
        3 host:port3 out
          = The FDB of br0 does not know 02:42:0a:00:00:02: br0 floods the frame to every other port.
        4 ns3:eth0 in
        5 host:port2 out after 2
          = The FDB of br0 does not know 02:42:0a:00:00:02: br0 floods the frame to every other port.
        6 ns2:eth0 in
        7 ns2 routing
          = 10.0.0.2 is ns2's own address: the packet is taken in.
        + delivered to 10.0.0.2 in ns2, ignored by ns3
        """)


@pytest.mark.usefixtures("bridge")
def test_nobody_has_the_address() -> None:
    x = xrayed(lambda: sh("ip netns exec ns1 ping -c 1 -W 0.1 10.0.0.9 || true"))
    question = x.find("arp")[0]
    assert (question.delivered, question.end) == (False, "nobody has 10.0.0.9: host, ns2 and ns3 heard the question")


@pytest.fixture
def filtered(learned: None) -> Iterator[None]:
    """Bridged packets pass the ip hooks (br_netfilter)."""
    if "net.bridge.bridge-nf-call-iptables" not in nk.host.state.sysctls:
        pytest.skip("this machine has no br_netfilter")
    sh("sysctl -qw net.bridge.bridge-nf-call-iptables=1")
    yield
    sh("sysctl -qw net.bridge.bridge-nf-call-iptables=0; iptables -P FORWARD ACCEPT; iptables -F FORWARD")


@pytest.mark.usefixtures("filtered")
class TestBridgedPacketsThatPassIptables:
    def test_accepted(self) -> None:
        sh("iptables -A FORWARD -i br0 -o br0 -j ACCEPT")
        request, _ = xrayed(lambda: ping("ns1", "10.0.0.2")).journeys
        assert story(request) == told("""
            ICMP 10.0.0.1 → 10.0.0.2 echo request seq 1
            0 ns1 routing
              = The route 10.0.0.0/24 dev eth0 leads to 10.0.0.2.
            1 ns1:eth0 out
              = The neighbour table of ns1 says: 10.0.0.2 is at 02:42:0a:00:00:02.
            2 host:port1 in
            3 host FORWARD
              = filter FORWARD: the rule `-A FORWARD -i br0 -o br0 -j ACCEPT` lets the packet pass.
            4 host:port2 out
              = The FDB of br0 says: 02:42:0a:00:00:02 is behind port2.
            5 ns2:eth0 in
            6 ns2 routing
              = 10.0.0.2 is ns2's own address: the packet is taken in.
            + delivered to 10.0.0.2 in ns2
            """)

    def test_dropped(self) -> None:
        """The trap of notebook 04: what Docker sets up drops what others bridge."""
        sh("iptables -P FORWARD DROP")
        [request] = xrayed(lambda: sh("ip netns exec ns1 ping -c 1 -W 0.1 10.0.0.2 || true")).journeys
        assert story(request) == told("""
            ICMP 10.0.0.1 → 10.0.0.2 echo request seq 1
            0 ns1 routing
              = The route 10.0.0.0/24 dev eth0 leads to 10.0.0.2.
            1 ns1:eth0 out
              = The neighbour table of ns1 says: 10.0.0.2 is at 02:42:0a:00:00:02.
            2 host:port1 in
            3 host FORWARD
              = filter FORWARD: the policy DROP drops the packet.
            - dropped in host by filter FORWARD: policy DROP
            """)


@pytest.mark.usefixtures("bridge")
def test_ipv6_ping() -> None:
    for name, number in (("ns1", 1), ("ns2", 2)):
        ip(f"-n {name} addr add fd00::{number}/64 dev eth0 nodad")
    ping("ns1", "fd00::2")
    x = xrayed(lambda: ping("ns1", "fd00::2"))
    request, reply = only(x.everything, "ICMPv6", "echo request"), only(x.everything, "ICMPv6", "echo reply")
    assert story(request) == told("""
        ICMPv6 fd00::1 → fd00::2 echo request seq 1
        0 ns1 routing
          = The route fd00::/64 dev eth0 leads to fd00::2.
        1 ns1:eth0 out
          = The neighbour table of ns1 says: fd00::2 is at 02:42:0a:00:00:02.
        2 host:port1 in
        3 host:port2 out
          = The FDB of br0 says: 02:42:0a:00:00:02 is behind port2.
        4 ns2:eth0 in
        5 ns2 routing
          = fd00::2 is ns2's own address: the packet is taken in.
        + delivered to fd00::2 in ns2
        """)
    assert [hop.where for hop in reply.hops] == [
        "ns2 routing", "ns2:eth0", "host:port2", "host:port1", "ns1:eth0", "ns1 routing",
    ]  # fmt: skip
    assert (reply.delivered, reply.answers) == (True, request.number)


@pytest.mark.usefixtures("learned")
def test_equal_pings_at_the_same_moment() -> None:
    """Eight at once from one side: same addresses, same sequence number, same bytes but for ping's identifier."""
    line = " & ".join(["ip netns exec ns1 ping -c 1 -W 5 -p 00 10.0.0.2"] * 8) + " & wait"
    x = xrayed(lambda: sh(line))
    requests = [j for j in x.journeys if j.what == "echo request seq 1"]
    replies = [j for j in x.journeys if j.what == "echo reply seq 1"]
    assert (len(requests), len(replies)) == (8, 8)
    assert {story(j) for j in requests} == {story(requests[0])}
    assert [len(j.hops) for j in requests + replies] == [6] * 16
    assert sorted(j.answers or 0 for j in replies) == sorted(j.number for j in requests)
    idents = {j.number: j.hops[1].recorded.data[38:40] for j in requests if j.hops[1].recorded}
    assert all(j.hops[1].recorded.data[38:40] == idents[j.answers] for j in replies)
