"""The trace of netfilter on the real kernel: it changes nothing, leaves nothing, and says what it could not see."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from netkit.errors import KernelRefused
from netkit.linux import entering
from netkit.linux.looks import observe
from netkit.linux.namespaces import find, path_of
from netkit.linux.tracing import listener, older_listener
from netkit.linux.tracing.listener import Listener
from netkit.linux.tracing.trace import Trace
from netkit.netfilter import TRACE_TABLE
from tests.inside import needs
from tests.inside.tracing import traced
from tests.inside.wire import ping, sh, udp, wait_until


@pytest.mark.usefixtures("routed")
class TestNothingChanges:
    @needs.nftables
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

    @needs.nftables
    def test_snapshots_and_listings_of_iptables_while_it_runs(self) -> None:
        sh("iptables -A FORWARD -j ACCEPT; ip6tables -A FORWARD -j ACCEPT")
        before, listed = observe.snapshot(), sh("iptables -S; iptables -t nat -S; ip6tables -S")
        with traced():
            during = observe.snapshot()
            assert sh("iptables -S; iptables -t nat -S; ip6tables -S") == listed
            assert TRACE_TABLE in sh("nft list tables")  # nft lists what is there
        assert during == before
        assert TRACE_TABLE not in sh("nft list tables")

    @needs.nftables
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

    @needs.nftables
    def test_after_a_kill(self) -> None:
        code = (
            "import sys; from netkit.linux.tracing.trace import Trace; from netkit.linux.namespaces import find\n"
            "trace = Trace(find()); trace.start(); print(trace.untraced or 'on', flush=True); sys.stdin.read()"
        )
        with subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout.readline() == "on\n"
            assert TRACE_TABLE in sh("ip netns exec ns1 nft list tables")
            process.send_signal(signal.SIGKILL)
        wait_until(lambda: TRACE_TABLE not in self.left()[0])

    @needs.nftables
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
    @needs.nftables
    def test_where_the_kernel_has_no_room(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(listener, "_BUFFER", 4096)
        sh("ip netns exec ns1 iptables -A OUTPUT -j ACCEPT")
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
        trace = Trace(find(), memory=4000)
        trace.start()
        ping("ns1", "172.17.1.2", "-c 10 -i 0.002 -W 2")
        trace.stop()
        assert trace.lost
        assert 0 < len(trace.events({})) < 10

    @needs.nftables
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

        for way in (listener, older_listener):
            monkeypatch.setattr(way, "inside", refused)
        trace = Trace(find())
        trace.start()
        trace.stop()
        assert trace.untraced == f"What netfilter did in ns1 was not traced: {sentence}."
