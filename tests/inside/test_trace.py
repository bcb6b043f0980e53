"""The trace of netfilter on the real kernel: what each rule and policy did, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import netkit as nk
from netkit.errors import KernelRefused
from netkit.linux import entering, listener, observe
from netkit.linux.listener import Listener
from netkit.linux.namespaces import find, path_of
from netkit.linux.trace import Trace
from netkit.netfilter import TRACE_TABLE
from tests.inside.wire import network, ping, sh, udp, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.netfilter import TraceEvent

ROUTED = """
netns add ns1
netns add ns2
link add veth1 type veth peer name eth1 netns ns1
link add veth2 type veth peer name eth1 netns ns2
addr add 10.1.0.1/24 dev veth1
addr add 10.2.0.1/24 dev veth2
-n ns1 addr add 10.1.0.2/24 dev eth1
-n ns2 addr add 10.2.0.2/24 dev eth1
-n ns1 link set eth1 up
-n ns2 link set eth1 up
link set veth1 up
link set veth2 up
-n ns1 route add default via 10.1.0.1
-n ns2 route add default via 10.2.0.1
"""
SIX = """
addr add fd01::1/64 dev veth1 nodad
addr add fd02::1/64 dev veth2 nodad
-n ns1 addr add fd01::2/64 dev eth1 nodad
-n ns2 addr add fd02::2/64 dev eth1 nodad
-n ns1 -6 route add default via fd01::1
-n ns2 -6 route add default via fd02::1
"""
FORWARDING = "net.bridge.bridge-nf-call-iptables"


@contextmanager
def traced() -> Iterator[list[TraceEvent]]:
    """The events of a block, there when it has ended."""
    found: list[TraceEvent] = []
    trace = Trace(find())
    trace.start()
    assert trace.untraced == ""
    try:
        yield found
    finally:
        names = {space.name: {link.index: link.name for link in space.interfaces.values()} for space in nk.snapshot()}
        trace.stop()
    assert not trace.lost
    found += trace.events(names)


@pytest.fixture
def routed() -> Iterator[None]:
    """Two namespaces, and the host as their router; no rules before and after."""
    with network(ROUTED):
        sh("sysctl -qw net.ipv4.ip_forward=1")
        yield
    sh("nft flush ruleset")


@pytest.fixture
def ruleless() -> Iterator[None]:
    """No rules afterwards."""
    yield
    sh("nft flush ruleset")


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
            sh("ip netns exec ns1 curl -s --max-time 2 http://10.1.0.1:8080/ || true")
        dnat, masquerade = events
        assert dnat.rule == "-A PREROUTING -i veth1 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.2.0.2:80"
        assert (dnat.hook, dnat.priority, dnat.verdict, dnat.oif) == ("prerouting", -100, "accept", None)
        assert dnat.network[16:20].hex(".") == "0a.01.00.01"
        assert (masquerade.rule, masquerade.oif) == ("-A POSTROUTING -o veth2 -j MASQUERADE", "veth2")
        assert masquerade.network[12:20].hex(".") == "0a.01.00.02.0a.02.00.02"  # not yet translated again
        assert masquerade.transport[2:4] == (80).to_bytes(2, "big")

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


@pytest.mark.usefixtures("routed")
class TestNothingChanges:
    def test_the_packets_fate_and_every_counter(self) -> None:
        sh("iptables -A FORWARD -p icmp -j ACCEPT; iptables -t raw -A PREROUTING -j ACCEPT; iptables -P INPUT DROP")

        def counted() -> str:
            sh("iptables -Z; iptables -t raw -Z")
            ping("ns1", "10.2.0.2", "-c 3 -i 0.01 -W 2")
            sh("ip netns exec ns1 ping -c 1 -W 0.1 10.1.0.1 || true")
            return sh("iptables -vnxL; iptables -t raw -vnxL")

        plain = counted()
        with traced() as events:
            seen = counted()
        assert len(events) > 6
        assert seen == plain

    def test_snapshots_and_listings_of_iptables_while_it_runs(self) -> None:
        sh("iptables -A FORWARD -j ACCEPT; ip6tables -A FORWARD -j ACCEPT")
        before, listed = observe.snapshot(), sh("iptables -S; iptables -t nat -S; ip6tables -S")
        with traced():
            during = observe.snapshot()
            assert sh("iptables -S; iptables -t nat -S; ip6tables -S") == listed
            assert TRACE_TABLE in sh("nft list tables")  # nft lists what is there
        assert during == before
        assert TRACE_TABLE not in sh("nft list tables")

    def test_others_cannot_take_it_away(self) -> None:
        with traced() as events:
            sh("nft flush ruleset")
            assert sh(f"nft delete table inet {TRACE_TABLE} 2>&1 || true").count("Operation not permitted")
            sh("iptables -A FORWARD -j ACCEPT")
            ping("ns1", "10.2.0.2")
        assert len([event for event in events if event.kind == "rule"]) == 2


@pytest.mark.usefixtures("bridge", "ruleless")
class TestNothingIsLeft:
    def left(self) -> tuple[str, int, int, int]:
        tables = "".join(sh(f"nsenter --net={place.path} nft list tables") for place in find())
        return tables, len(os.listdir("/proc/self/fd")), threading.active_count(), len(find())

    def test_after_ten_traces_and_an_error(self) -> None:
        with traced():
            ping("ns1", "172.17.1.2")
        before = self.left()
        for _ in range(10):
            with traced():
                ping("ns1", "172.17.1.2")
        with pytest.raises(ZeroDivisionError), traced():
            raise ZeroDivisionError
        assert self.left() == before

    def test_after_a_kill(self) -> None:
        code = (
            "import sys; from netkit.linux.trace import Trace; from netkit.linux.namespaces import find\n"
            "trace = Trace(find()); trace.start(); print(trace.untraced or 'on', flush=True); sys.stdin.read()"
        )
        with subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout.readline() == "on\n"
            assert TRACE_TABLE in sh("ip netns exec ns1 nft list tables")
            process.send_signal(signal.SIGKILL)
        wait_until(lambda: TRACE_TABLE not in self.left()[0])

    def test_two_at_once(self) -> None:
        sh("ip netns exec ns1 iptables -A OUTPUT -p icmp -j ACCEPT")
        with traced() as outer:
            ping("ns1", "172.17.1.2")
            with traced() as inner:
                ping("ns1", "172.17.1.2")
            ping("ns1", "172.17.1.2")
        assert (len(outer), len(inner)) == (3, 1)
        assert TRACE_TABLE not in self.left()[0]

    def test_a_namespace_that_is_deleted_meanwhile_ends(self) -> None:
        sh("ip netns exec ns1 iptables -A OUTPUT -p icmp -j ACCEPT")
        trace = Trace(find())
        trace.start()
        ping("ns1", "172.17.1.2")
        sh("ip netns delete ns1")
        wait_until(lambda: not Path("/sys/class/net/veth1").exists())  # its other end was in there
        trace.stop()
        assert [event.rule for event in trace.events({})] == ["-A OUTPUT -p icmp -j ACCEPT"]


@pytest.mark.usefixtures("bridge", "ruleless")
class TestWhatIsLostIsSaid:
    def test_where_the_kernel_has_no_room(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(listener, "_BUFFER", 4096)
        place = next(place for place in find() if place.name == "ns1")
        hears = Listener(place)
        with udp("ns1", ("172.17.1.2", 9)) as sender:
            for _ in range(200):
                with suppress(ConnectionRefusedError):
                    sender.send(b"x")
        hears.hear(1 << 20)
        hears.close()
        assert hears.lost
        assert 0 < len(hears.heard) < 200

    def test_where_we_have_no_room(self) -> None:
        sh("ip netns exec ns1 iptables -A OUTPUT -j ACCEPT")
        trace = Trace(find(), memory=2000)
        trace.start()
        ping("ns1", "172.17.1.2", "-c 10 -i 0.002 -W 2")
        trace.stop()
        assert trace.lost
        assert 0 < len(trace.events({})) < 10

    @pytest.mark.parametrize(
        ("error", "sentence"),
        [
            (KernelRefused("", "Operation not permitted", errno=1), "that needs CAP_NET_ADMIN there"),
            (KernelRefused("", "Operation not supported", errno=95), "this kernel has no nftables"),
            (OSError(93, "Protocol not supported"), "this kernel has no nftables"),
            (OSError(24, "Too many open files"), "too many files are open"),
        ],
    )
    def test_where_it_cannot_be_traced(self, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str) -> None:
        inside = entering.inside

        def refused(path: str, act: object) -> object:
            if path == path_of("ns1"):
                raise error
            return inside(path, act)

        monkeypatch.setattr(listener, "inside", refused)
        trace = Trace(find())
        trace.start()
        trace.stop()
        assert trace.untraced == f"What netfilter did in ns1 was not traced: {sentence}."
