"""`nk.xray()` on the real kernel: what it records, what it says when it is misused, and that nothing stays behind."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest

import netkit as nk
from netkit.errors import CaptureFailed, InvalidValue, NotFound
from netkit.journey.values import Seen
from netkit.journeys import Journeys
from netkit.linux.namespaces import find
from netkit.netfilter import TRACE_TABLE
from netkit.plain import plain, rebuilt
from tests.inside.wire import HOPS, ip, ping, sh, udp, wait_until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("bridge")

IPV4 = b"\x08\x00"  # ETH_P_IP
ACCEPT = "ip netns exec ns2 iptables -A INPUT -p icmp -j ACCEPT"


def left() -> tuple[str, int, int, int]:
    """Tables, descriptors, threads, namespaces."""
    tables = "".join(sh(f"nsenter --net={place.path} nft list tables") for place in find())
    return tables, len(os.listdir("/proc/self/fd")), threading.active_count(), len(find())


class TestWhatIsRecorded:
    def test_frames_reports_connections_and_the_networks(self) -> None:
        sh(ACCEPT)
        sh("ip netns exec ns2 iptables -t nat -A POSTROUTING -d 10.0.0.0/8 -j MASQUERADE")
        with nk.xray() as x:
            ping("ns1", "172.17.1.2")
        seen = x.seen
        ipv4 = [f for f in seen.frames if f.data[12:14] == IPV4]  # interfaces that are new announce themselves by IPv6
        assert [f"{f.namespace}:{f.interface} {f.direction}" for f in ipv4][:4] == HOPS
        told = [(event.namespace, event.hook, event.rule, event.iif) for event in seen.events if event.kind == "rule"]
        assert told == [("ns2", "input", "-A INPUT -p icmp -j ACCEPT", "eth1")]
        [tracked] = [one for one in seen.after["ns2"].connections if one.protocol == "icmp"]
        assert (tracked.source, tracked.destination, tracked.reply_source) == ("172.17.1.1", "172.17.1.2", "172.17.1.2")
        assert tracked.status == ("seen reply",)
        assert seen.before == seen.after
        assert (seen.lost, seen.lost_events, seen.untraced) == (0, False, "")

    def test_what_was_seen_as_json_and_back(self) -> None:
        sh(ACCEPT)
        with nk.xray() as x:
            ping("ns1", "172.17.1.2")
        assert rebuilt(Seen, json.loads(json.dumps(plain(x.seen)))) == x.seen

    @pytest.mark.parametrize("times", [3, pytest.param(20, marks=pytest.mark.long)])
    def test_journeys_are_the_same_each_time(self, times: int) -> None:
        sh(ACCEPT)
        told = set()
        for _ in range(times):
            with nk.xray() as x:
                ping("ns1", "172.17.1.2")
            told.add(repr(x) + "".join(map(repr, x.journeys)))
        assert len(told) == 1, "\n\n".join(told)
        assert "-A INPUT -p icmp -j ACCEPT" in told.pop()

    def test_reports_and_frames_begin_and_end_together(self) -> None:
        """But for a packet under way at either moment, none has the one without the other."""
        sh("ip netns exec ns1 iptables -A OUTPUT -p udp -j ACCEPT")
        stop = threading.Event()
        with udp("ns1", ("172.17.1.2", 9)) as sender, udp("ns2") as receiver:
            receiver.bind(("172.17.1.2", 9))

            def send() -> None:
                while not stop.wait(0.002):
                    sender.send(b"x")

            thread = threading.Thread(target=send)
            thread.start()
            try:
                with nk.xray() as x:
                    ping("ns1", "172.17.1.2")
            finally:
                stop.set()
                thread.join()
        frames = [f for f in x.frames if (f.namespace, f.interface) == ("ns1", "eth1") and f.data[23] == 17]
        events = [event for event in x.seen.events if event.kind == "rule"]
        assert frames
        assert abs(len(frames) - len(events)) <= 2

    def test_a_chosen_namespace(self) -> None:
        sh(ACCEPT)
        with nk.xray(nk.host) as x:
            ping("ns1", "172.17.1.2")
        assert {frame.namespace for frame in x.frames} == {"host"}
        assert x.seen.events == ()

    def test_one_inside_another(self) -> None:
        with nk.xray() as outer:
            ping("ns1", "172.17.1.2")
            with nk.xray() as inner:
                ping("ns2", "172.17.1.1")
        assert (len(outer.find("icmp")), len(inner.find("icmp"))) == (4, 2)

    def test_a_namespace_that_is_deleted_meanwhile(self) -> None:
        with nk.xray() as x:
            ping("ns1", "172.17.1.2")
            ip("netns delete ns1")
            wait_until(lambda: "veth1" not in os.listdir("/sys/class/net"))
        assert "ns1" in x.seen.before.namespaces
        assert "ns1" not in x.seen.after.namespaces
        assert x.journeys[0].delivered
        assert "ns1" in repr(x.path(1))


class TestWhatOneAsks:
    def test_find(self) -> None:
        with nk.xray() as x:
            ping("ns1", "172.17.1.2")
        assert [journey.number for journey in x.find("ICMP", source="172.17.1.1")] == [1]
        assert [journey.what for journey in x.find("icmp", destination="172.17.1.1")] == ["echo reply seq 1"]
        assert x.find("tcp") == []
        with pytest.raises(InvalidValue, match="7 is not a text"):
            x.find(source=7)

    def test_table_and_packets(self) -> None:
        with nk.xray() as x:
            ping("ns1", "172.17.1.2")
        assert repr(x) == repr(x.table())
        assert "<table" in x._repr_html_()
        assert len(x.packets) == len(x.frames)
        with pytest.raises(InvalidValue, match="0 is not a number of rows"):
            x.table(rows=0)

    def test_path(self) -> None:
        with nk.xray() as x:
            ping("ns1", "172.17.1.2")
        assert "ns1:eth1" in repr(x.path())
        assert repr(x.path(x.journeys[1])) == repr(x.path(2))
        for wrong, error in ((99, NotFound), ("1", InvalidValue), (True, InvalidValue)):
            with pytest.raises(error, match="no journey"):
                x.path(wrong)

    def test_ladder(self) -> None:
        with nk.xray() as x:
            ping("ns1", "172.17.1.2")
        assert repr(x.ladder()) == repr(x.ladder(1, x.journeys[1]))
        assert "172.17.1.2" in repr(x.ladder(2))
        assert "1 more journey" in repr(x.ladder(hops=1))
        with pytest.raises(InvalidValue, match="0 is not a number of hops"):
            x.ladder(hops=0)

    def test_player(self) -> None:
        with nk.xray() as x:
            ping("ns1", "172.17.1.2")
        assert x.player().journey is x.journeys[0]
        assert x.player(2).journey is x.journeys[1]
        with pytest.raises(NotFound, match="9"):
            x.player(9)

    def test_what_was_seen_is_enough(self) -> None:
        with nk.xray() as x:
            ping("ns1", "172.17.1.2")
        kept = Journeys(rebuilt(Seen, json.loads(json.dumps(plain(x.seen)))))
        assert repr(kept) == repr(x)
        assert kept._repr_html_() == x._repr_html_()
        assert repr(kept.path(1)) == repr(x.path(1))

    def test_save(self, tmp_path: Path) -> None:
        sh(ACCEPT)
        with nk.xray() as x:
            ping("ns1", "172.17.1.2")
        file = x.save(tmp_path / "x.pcapng")
        listed = sh(f"tshark -r {file} -T fields -e frame.interface_name -e frame.comment -e icmp.type")
        lines = [line for line in (line.split("\t") for line in listed.splitlines()) if line[2]]
        assert [line[0] for line in lines][:4] == ["ns1:eth1", "host:veth1", "host:veth2", "ns2:eth1"]
        assert [line[2] for line in lines] == ["8"] * 4 + ["0"] * 4
        assert all(line[1].startswith("journey ") for line in lines)
        assert "-A INPUT -p icmp -j ACCEPT" in lines[3][1]
        assert "delivered to 172.17.1.2 in ns2" in lines[3][1]
        with pytest.raises(CaptureFailed, match=r"ends with \.pcapng"):
            x.save("x.txt")


class TestMisuse:
    def test_twice(self) -> None:
        with nk.xray() as x:
            pass
        with pytest.raises(CaptureFailed, match="was used already"), x:
            pytest.fail("the block began")
        assert repr(x) == "No packet was seen."

    @pytest.mark.parametrize("name", ["journeys", "everything", "seen", "frames", "packets", "lost"])
    def test_read_too_early(self, name: str) -> None:
        x = nk.xray()
        assert repr(x) == "<XRay, not begun>"
        with x:
            assert repr(x) == "<XRay, recording>"
            assert x._repr_html_() is None
            with pytest.raises(CaptureFailed, match="has not ended"):
                getattr(x, name)

    @pytest.mark.parametrize("act", [lambda x: x.find("icmp"), lambda x: x.path(1), lambda x: x.save("x.pcapng")])
    def test_asked_too_early(self, act: Any) -> None:
        with nk.xray() as x, pytest.raises(CaptureFailed, match="has not ended"):
            act(x)

    def test_wrong_arguments(self) -> None:
        with pytest.raises(InvalidValue, match="'ns1' cannot be captured at"):
            nk.xray("ns1")
        with pytest.raises(InvalidValue, match="3 is not a snaplen"):
            nk.xray(snaplen=3)
        with pytest.raises(InvalidValue, match="127 is not a snaplen: the bytes that hold the headers"):
            nk.xray(snaplen=127)

    def test_what_could_not_begin_says_so(self) -> None:
        x = nk.xray(nk.Namespace.get("ns1")["eth1"])
        sh("ip netns delete ns1")
        with pytest.raises(NotFound), x:
            pytest.fail("the block began")
        assert repr(x) == "<XRay, broken off>"
        with pytest.raises(CaptureFailed, match="was broken off"):
            _ = x.journeys

    def test_interrupted_at_its_end_it_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        x = nk.xray()
        x.__enter__()
        monkeypatch.setattr("netkit.linux.looks.observe.snapshot", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            x.__exit__()
        with pytest.raises(CaptureFailed, match="was broken off"):
            _ = x.frames

    def test_ended_without_having_begun(self) -> None:
        with pytest.raises(CaptureFailed, match="has not begun"):
            nk.xray().__exit__()


class TestNothingIsLeft:
    @pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
    def test_after_an_error_in_the_block(self, error: type[BaseException]) -> None:
        with nk.xray():
            ping("ns1", "172.17.1.2")
        before = left()
        with pytest.raises(error), nk.xray() as x:  # noqa: PT012  (the block is what fails)
            ping("ns1", "172.17.1.2")
            raise error
        assert left() == before
        assert len(x.find("icmp")) == 2

    def test_after_a_block_that_never_begins(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with nk.xray():
            pass
        before = left()
        monkeypatch.setattr(
            "netkit.linux.tracing.trace.Trace.start", lambda _: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        with pytest.raises(KeyboardInterrupt), nk.xray():
            pytest.fail("the block began")
        assert left() == before

    def test_while_it_runs_snapshots_and_the_journal_are_as_ever(self) -> None:
        sh(ACCEPT)
        before, journal = nk.snapshot(), nk.commands()
        with nk.xray():
            during = nk.snapshot()
        assert TRACE_TABLE not in during.to_json()
        assert during == before == nk.snapshot()
        assert nk.commands() == journal
