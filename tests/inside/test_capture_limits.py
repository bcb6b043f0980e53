"""What a capture leaves behind, how much it can watch, and what it refuses."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import threading
import time

import pytest

from netkit.errors import CaptureFailed, InvalidValue, NotFound
from netkit.linux.capturing.capture import Capture, capture
from netkit.linux.entering import HOST_PATH, inside
from tests.inside.empty import rest
from tests.inside.wire import ip, network, ping, sh, wait_until


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.usefixtures("bridge")
class TestNothingIsLeft:
    def test_no_descriptor_and_no_thread(self) -> None:
        inside(HOST_PATH, lambda: None)  # its thread stays for good
        before = descriptors(), threading.active_count()
        for _ in range(5):
            with capture(), capture("ns1"):
                pass
        with pytest.raises(NotFound), capture(["ns1", ("ns2", "eth9")]):
            pass
        assert (descriptors(), threading.active_count()) == before

    def test_after_an_exception_in_the_block(self) -> None:
        before = descriptors()
        cap = capture()
        with pytest.raises(ZeroDivisionError), cap:  # noqa: PT012
            ping("ns1", "172.17.1.2")
            1 / 0  # noqa: B018
        assert len(cap.filter("icmp")) == 8
        assert descriptors() == before

    def test_after_an_interrupt_in_the_block(self) -> None:
        before = descriptors()
        cap = capture()
        with pytest.raises(KeyboardInterrupt), cap:  # noqa: PT012
            ping("ns1", "172.17.1.2")
            signal.raise_signal(signal.SIGINT)
        assert len(cap.filter("icmp")) == 8
        assert descriptors() == before

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_after_interrupts_at_any_moment(self) -> None:
        """Interrupts while it opens and while it ends; Python only tells of one that comes in a finalizer."""
        inside(HOST_PATH, lambda: None)  # its thread stays for good
        rest()
        before = descriptors(), threading.active_count()
        for milliseconds in range(1, 60, 3):
            signal.signal(signal.SIGALRM, signal.default_int_handler)
            signal.setitimer(signal.ITIMER_REAL, milliseconds / 1000, 1)  # again: one in a finalizer would be ignored
            with pytest.raises(KeyboardInterrupt):  # noqa: PT012
                with capture():
                    pass
                signal.pause()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        wait_until(lambda: (descriptors(), threading.active_count()) == before)

    def test_after_an_interrupt_before_its_thread_runs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupted(_: threading.Thread) -> None:
            raise KeyboardInterrupt

        inside(HOST_PATH, lambda: None)  # its thread stays for good
        before = descriptors()
        monkeypatch.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt), capture():
            pass
        assert descriptors() == before

    def test_when_it_is_forgotten(self) -> None:
        before = descriptors()
        capture().__enter__()
        gc.collect()
        wait_until(lambda: descriptors() == before)

    def test_a_deleted_namespace_ends_during_the_capture(self) -> None:
        with capture() as cap:
            ping("ns1", "172.17.1.2")
            started = time.monotonic()
            ip("netns delete ns2")
            assert time.monotonic() - started < 1
            wait_until(lambda: "veth2" not in sh("ip link"), seconds=2)  # its other end went with the namespace
            ip("netns delete ns1")
        assert len(cap.at("ns2").filter("icmp")) == 2
        wait_until(lambda: "veth1" not in sh("ip link"), seconds=2)

    def test_a_namespace_whose_name_is_taken_away_is_recorded_while_a_process_lives_in_it(self) -> None:
        with subprocess.Popen(["ip", "netns", "exec", "ns2", "sh", "-c", "echo; read x"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # fmt: skip
            process.stdout.readline()
            with capture() as cap:
                ip("netns delete ns2")
                time.sleep(0.3)  # three looks at what is gone
                ping("ns1", "172.17.1.2")
            process.stdin.close()
        assert len(cap.at("ns2").filter("icmp")) == 2


class TestManyNamespaces:
    def test_100_at_once(self) -> None:
        before = descriptors()
        names = [f"n{number}" for number in range(100)]
        lines = "".join(f"netns add {name}\n-n {name} link set lo up\n" for name in names)
        with network(lines), capture() as cap:
            for name in names[::10]:
                ping(name, "127.0.0.1")
        assert {frame.namespace for frame in cap.filter("icmp")} == set(names[::10])
        assert (len(cap.filter("icmp")), cap.lost) == (40, 0)
        assert descriptors() == before


@pytest.mark.usefixtures("bridge")
class TestErrors:
    @pytest.mark.parametrize("where", ["ns9", ("ns1", "eth9"), ("ns9", "eth1"), "/proc/1/ns/nothing", ["ns1", "x\0/"]])
    def test_absent(self, where: object) -> None:
        with pytest.raises(NotFound) as caught, capture(where):
            pass
        assert "there is no" in str(caught.value)

    def test_absent_things_are_answered_by_what_is_there(self) -> None:
        with pytest.raises(NotFound, match="host, ns1, ns2"), capture("ns9"):
            pass
        with pytest.raises(NotFound, match="lo, eth1"), capture(("ns1", "eth9")):
            pass

    @pytest.mark.parametrize("arguments", [
        {"where": 5}, {"where": []}, {"where": b"ns1"}, {"where": ("a", "b", 3)}, {"where": [None]},
        {"where": {"ns1": "eth1"}}, {"snaplen": 0}, {"snaplen": -1}, {"snaplen": "all"}, {"snaplen": 64.5},
        {"snaplen": True}, {"memory": 0}, {"memory": 10}, {"memory": None},
    ])  # fmt: skip
    def test_bad_values(self, arguments: dict) -> None:
        with pytest.raises(InvalidValue) as caught:
            capture(**arguments)
        assert caught.value.rule

    def test_reading_too_early(self) -> None:
        with capture() as cap:
            assert repr(cap) == "<Capture, recording>"
            with pytest.raises(CaptureFailed, match="has not ended"):
                _ = cap.frames
        with pytest.raises(CaptureFailed, match="has not ended"):
            _ = capture().packets
        assert repr(capture()) == "<Capture, not begun>"

    def test_using_one_twice(self) -> None:
        cap: Capture = capture()
        with cap:
            pass
        with pytest.raises(CaptureFailed, match="used already"), cap:
            pass

    def test_without_privileges(self) -> None:
        line = "from netkit.linux.capturing.capture import capture\nwith capture('host'): pass"
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "python", "-c", line]
        done = subprocess.run(command, text=True, capture_output=True, check=False)
        assert done.returncode
        assert "needs CAP_NET_RAW" in done.stderr

    def test_too_many_descriptors(self) -> None:
        line = ("import resource\nfrom netkit.linux.capturing.capture import capture\n"
                "resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12))\nwith capture(): pass")  # fmt: skip
        done = subprocess.run(["python", "-c", line], text=True, capture_output=True, check=False)
        assert "CaptureFailed: the namespace" in done.stderr
