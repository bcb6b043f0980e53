"""The trace of netfilter on the real kernel: what each rule and policy did."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.inside import needs
from tests.inside.tracing import SIX, traced
from tests.inside.wire import ping, sh, udp

if TYPE_CHECKING:
    from netkit.netfilter import TraceEvent

FORWARDING = "net.bridge.bridge-nf-call-iptables"


def rows(events: list[TraceEvent], protocol: int = 1) -> list[tuple[str, ...]]:
    """(hook, chain, kind, verdict, rule) of the events of IPv4 packets that carry a protocol."""
    return [
        (event.hook, event.chain, event.kind, event.verdict, event.rule)
        for event in events
        if event.network[9:10] == bytes([protocol])
    ]


@pytest.mark.usefixtures("routed")
class TestWhatIsReported:
    def test_user_chains_returns_and_policies(self) -> None:
        for line in (
            *("-N OUTER", "-N INNER", "-P FORWARD DROP"),
            *("-A INNER -p udp -j ACCEPT", "-A OUTER -j INNER", "-A OUTER -s 10.9.0.0/16 -j DROP"),
            *("-A OUTER -d 10.2.0.0/24 -j RETURN", "-A OUTER -j DROP", "-A FORWARD -i veth1 -j OUTER"),
        ):
            sh(f"iptables {line}")
        with traced() as events:
            sh("ip netns exec ns1 ping -c 1 -W 0.2 10.2.0.2 || true")
        assert rows(events) == [
            ("forward", "FORWARD", "rule", "jump OUTER", "-A FORWARD -i veth1 -j OUTER"),
            ("forward", "OUTER", "rule", "jump INNER", "-A OUTER -j INNER"),
            ("forward", "INNER", "return", "return", ""),
            ("forward", "OUTER", "rule", "return", "-A OUTER -d 10.2.0.0/24 -j RETURN"),
            ("forward", "FORWARD", "policy", "drop", ""),
        ]
        one = events[0]
        assert (one.namespace, one.family, one.table, one.priority, one.tool) == ("host", "ip", "filter", 0, "iptables")
        assert (one.iif, one.oif) == ("veth1", "veth2")
        assert {event.packet for event in events} == {one.packet}
        assert {event.network for event in events} == {one.network}
        assert one.network[12:20].hex(".") == "0a.01.00.02.0a.02.00.02"
        assert one.transport[:1] == b"\x08"

    def test_address_translation_both_ways(self) -> None:
        for line in (
            "PREROUTING -i veth1 -p tcp --dport 8080 -j DNAT --to-destination 10.2.0.2:80",
            "POSTROUTING -o veth2 -j MASQUERADE",
        ):
            sh(f"iptables -t nat -A {line}")
        with traced() as events:
            sh("ip netns exec ns1 timeout 1 busybox wget -qO- http://10.1.0.1:8080/ || true")
        dnat, masquerade = events
        assert dnat.rule == "-A PREROUTING -i veth1 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.2.0.2:80"
        assert (dnat.hook, dnat.priority, dnat.verdict, dnat.oif) == ("prerouting", -100, "accept", None)
        assert dnat.network[16:20].hex(".") == "0a.01.00.01"
        assert (masquerade.rule, masquerade.oif) == ("-A POSTROUTING -o veth2 -j MASQUERADE", "veth2")
        assert masquerade.network[12:20].hex(".") == "0a.01.00.02.0a.02.00.02"  # not yet translated again
        assert masquerade.transport[2:4] == (80).to_bytes(2, "big")

    @needs.nftables
    def test_nftables_own_rules(self) -> None:
        many = ", ".join(f"10.3.{number}.0/24" for number in range(40))  # nft writes them in many lines
        sh(
            "nft 'add table inet lab; add chain inet lab way { type filter hook forward priority 7; policy accept; };"
            f"add rule inet lab way ip saddr {{ {many} }} drop;"
            'add rule inet lab way icmp type echo-request counter accept comment "questions pass";\''
        )
        with traced() as events:
            ping("ns1", "10.2.0.2")
        question, answer = events
        assert question.rule == 'icmp type 8 counter accept comment "questions pass"'  # as in snapshots
        assert (question.table, question.tool, question.family) == ("lab", "nft", "inet")
        assert (question.priority, question.verdict, question.kind) == (7, "accept", "rule")
        assert (answer.kind, answer.verdict, answer.iif) == ("policy", "accept", "veth2")

    def test_ipv6(self) -> None:
        for line in filter(None, SIX.splitlines()):
            sh(f"ip {line}")
        sh("sysctl -qw net.ipv6.conf.all.forwarding=1")
        sh("ip6tables -A FORWARD -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j REJECT")
        with traced() as events:
            sh("ip netns exec ns1 ping -c 1 -W 0.2 fd02::2 || true")
        [rejected] = [event for event in events if event.hook == "forward"]
        assert rejected.rule.startswith("-A FORWARD -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j REJECT")
        assert (rejected.tool, rejected.family, rejected.verdict) == ("ip6tables", "ip6", "drop")
        assert len(rejected.network) == 40

    def test_two_namespaces_each_by_its_own(self) -> None:
        sh("ip netns exec ns2 iptables -A INPUT -p icmp -j DROP")
        sh("ip netns exec ns1 iptables -A OUTPUT -p icmp -j ACCEPT")
        with traced() as events:
            sh("ip netns exec ns1 ping -c 1 -W 0.2 10.2.0.2 || true")
        assert [(event.namespace, event.hook, event.rule) for event in events] == [
            ("ns1", "output", "-A OUTPUT -p icmp -j ACCEPT"),
            ("ns2", "input", "-A INPUT -p icmp -j DROP"),
        ]
        assert [event.oif for event in events] == ["eth1", None]

    def test_a_packet_of_ones_own_that_is_dropped_before_any_interface(self) -> None:
        sh("ip netns exec ns1 iptables -A OUTPUT -p udp --dport 9 -j DROP")
        with udp("ns1") as sender, traced() as events, suppress(PermissionError):
            sender.sendto(b"x", ("10.2.0.2", 9))
        assert rows(events, 17) == [("output", "OUTPUT", "rule", "drop", "-A OUTPUT -p udp -m udp --dport 9 -j DROP")]

    def test_rules_that_come_and_go_meanwhile(self) -> None:
        sh("iptables -A FORWARD -s 10.1.0.2 -m comment --comment old -j ACCEPT")
        with traced() as events:
            ping("ns1", "10.2.0.2")
            sh("iptables -D FORWARD 1")
            sh("iptables -I FORWARD -s 10.1.0.2 -m comment --comment new -j ACCEPT")
            ping("ns1", "10.2.0.2")
        told = [event.rule for event in events if event.kind == "rule"]
        assert told == [f"-A FORWARD -s 10.1.0.2/32 -m comment --comment {which} -j ACCEPT" for which in ("old", "new")]

    def test_a_namespace_without_a_name(self) -> None:
        with subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "ip link set lo up; iptables -A INPUT -j ACCEPT; echo; read x"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process:
            process.stdout.readline()
            with traced() as events:
                sh(f"nsenter --net=/proc/{process.pid}/ns/net ping -c 1 127.0.0.1")
            process.stdin.close()
        assert [(event.rule, event.iif) for event in events] == [("-A INPUT -j ACCEPT", "lo")] * 2
        assert {event.namespace[0] for event in events} == {"["}


@pytest.mark.usefixtures("bridge", "ruleless")
def test_bridged_packets_where_iptables_sees_them() -> None:
    if not Path("/proc/sys/net/bridge").exists():
        pytest.skip("the machine has not loaded br_netfilter")
    sh(f"sysctl -qw {FORWARDING}=1")
    sh("iptables -A FORWARD -m physdev --physdev-in veth1 -j ACCEPT")
    with traced() as events:
        ping("ns1", "172.17.1.2")
    sh(f"sysctl -qw {FORWARDING}=0")
    assert rows(events)[0][3:] == ("accept", "-A FORWARD -m physdev --physdev-in veth1 -j ACCEPT")
    assert (events[0].iif, events[0].oif) == ("brtest", "brtest")
