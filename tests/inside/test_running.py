"""Commands in namespaces: what they say, how they end, and that nothing of them stays."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

import netkit as nk
from netkit.errors import CommandFailed, ProgramMissing
from tests.inside.empty import needs_own_files, rest
from tests.inside.wire import wait_until

pytestmark = pytest.mark.usefixtures("fresh")


def running(words: str) -> list[int]:
    """Processes whose command line is this, zombies left out."""
    places = (place for place in Path("/proc").iterdir() if place.name.isdigit())
    return [int(place.name) for place in places if _command_line(place) == words]


def _command_line(place: Path) -> str:
    try:
        return (place / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except OSError:
        return ""


def zombies() -> list[str]:
    """Children of this process that have ended and were not waited for."""
    listed = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return [pid for pid in listed if ") Z " in Path(f"/proc/{pid}/stat").read_text()]


def test_what_a_command_says() -> None:
    outcome = nk.sh("echo out; echo err >&2; exit 3")
    assert (outcome.stdout, outcome.stderr, outcome.returncode) == ("out\n", "err\n", 3)
    assert repr(outcome) == "out\nerr\n(exit status 3)"
    assert repr(nk.sh("true")) == "(no output)"


def test_a_command_runs_in_its_namespace() -> None:
    ns1 = nk.Namespace("ns1")
    nk.Bridge("br0", namespace=ns1)
    assert "br0" in ns1.run("ip -brief link").stdout
    assert "br0" not in nk.sh("ip -brief link").stdout
    assert ns1.run("readlink /proc/self/ns/net").stdout == nk.sh("ip netns exec ns1 readlink /proc/self/ns/net").stdout


@needs_own_files
def test_a_command_sees_the_files_that_its_namespace_has_for_itself() -> None:
    own = nk.Namespace("own")
    nk.sh("mkdir -p /etc/netns/own && echo 10.9.9.9 gate > /etc/netns/own/hosts")
    assert own.run("getent hosts gate").stdout.split() == ["10.9.9.9", "gate"]
    assert not nk.sh("grep gate /etc/hosts").stdout
    process = own.start("sleep 60")
    wait_until(lambda: Path(f"/proc/{process.pid}/comm").read_text() == "sleep\n")
    process.stop()
    with pytest.raises(ProgramMissing):
        own.run("no-such-program")
    nk.reset()
    assert not Path("/etc/netns/own").exists()


def test_a_shell_s_signs_reach_the_shell_inside() -> None:
    ns1 = nk.Namespace("ns1")
    assert ns1.run("ip -brief link | wc -l").stdout.strip() == "1"
    assert ns1.run("echo 'a  b' \"$((1 + 1))\"").stdout == "a  b 2\n"
    assert ns1.run("echo 'a  b'").stdout == "a  b\n"


def test_signals_show_as_negative_status() -> None:
    assert nk.sh("kill -9 $$").returncode == -9


def test_bytes_that_are_no_text_do_no_harm() -> None:
    assert nk.sh("printf '\\377\\376ok'").stdout.endswith("ok")


def test_large_output_comes_whole() -> None:
    assert len(nk.sh("head -c 3000000 /dev/zero | tr '\\0' x; head -c 3000000 /dev/zero >&2").stdout) == 3_000_000


def test_a_command_that_does_not_end_is_ended_with_all_that_it_started() -> None:
    with pytest.raises(CommandFailed, match=r"still running after 0\.2 seconds"):
        nk.sh("sleep 600.01 & sleep 600.01", timeout=0.2)
    assert running("sleep 600.01") == []
    assert zombies() == []


def test_an_interrupt_ends_the_command() -> None:
    timer = threading.Timer(0.3, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        nk.sh("sleep 600.03")
    timer.join()
    assert running("sleep 600.03") == []
    assert nk.Namespace("ns1").exists, "netkit goes on as before"


def test_a_process_in_the_background() -> None:
    ns1 = nk.Namespace("ns1")
    process = ns1.start("echo begun; sleep 600.04")
    assert process.running
    wait_until(lambda: process.output == "begun\n")
    wait_until(lambda: "sleep" in ns1.state.processes)
    process.stop()
    assert not process.running
    assert running("sleep 600.04") == []
    process.stop()
    assert zombies() == []


def test_a_process_that_ends_by_itself() -> None:
    process = nk.host.start("echo said; exit 5")
    outcome = process.wait()
    assert (outcome.stdout, outcome.returncode) == ("said\n", 5)
    assert repr(process) == "<`echo said; exit 5`: ended with status 5>"


def test_a_process_that_does_not_listen_is_killed() -> None:
    process = nk.host.start("trap '' TERM; echo deaf; sleep 600.05; sleep 600.05")
    deadline = time.monotonic() + 5
    while not process.output and time.monotonic() < deadline:
        time.sleep(0.005)
    process.stop()
    assert not process.running
    assert running("sleep 600.05") == []


def test_what_a_process_left_behind_is_stopped_too() -> None:
    process = nk.host.start("sleep 600.06 &")
    process.wait()
    deadline = time.monotonic() + 5
    while not running("sleep 600.06") and time.monotonic() < deadline:
        time.sleep(0.005)
    assert running("sleep 600.06")
    process.stop()
    assert running("sleep 600.06") == []


def test_what_a_shell_leaves_in_the_background_runs_on() -> None:
    lines = "sleep 0.5; while true; do seq 20000; echo said >> /run/said; sleep 0.02; done"
    before = time.monotonic()
    pid = int(nk.sh(f"sh -c '{lines}' & echo $!").stdout)
    assert time.monotonic() - before < 5, "its end is not waited for, nor is it ended by a pipe that nobody reads"
    wait_until(lambda: nk.sh("cat /run/said").stdout.count("said") >= 5)
    os.kill(pid, signal.SIGTERM)
    rest()


def test_no_descriptor_and_no_thread_is_left() -> None:
    nk.sh("true")
    rest()
    before = len(os.listdir("/proc/self/fd")), threading.active_count()
    for _ in range(20):
        nk.sh("true")
        process = nk.host.start("sleep 60")
        process.stop()
        with pytest.raises(ProgramMissing):
            nk.host.start("no-such-program")
    del process
    rest()
    assert (len(os.listdir("/proc/self/fd")), threading.active_count()) == before


def test_a_missing_program_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ProgramMissing, match="iputils-ping"):
        nk.host.run("ping -c 1 127.0.0.1")


@pytest.mark.parametrize("program", ["installed", "missing"])
def test_ping_counts_answers_and_says_why_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, program: str) -> None:
    if program == "missing":
        monkeypatch.setenv("PATH", str(tmp_path))
    ns1 = nk.Namespace("ns1")
    veth1, eth1 = nk.veth("veth1", "eth1", peer_namespace=ns1)
    veth1.add_address("10.0.0.1/24")
    eth1.add_address("10.0.0.2/24")
    for link in (veth1, eth1, ns1["lo"]):  # the reason comes by way of lo
        link.up()
    answered = ns1.ping("10.0.0.1", count=3)
    assert (answered.ok, answered.sent, answered.received, len(answered.times)) == (True, 3, 3, 3)
    assert all(0 < seconds < 5 for seconds in answered.times), "an answer counts until the timeout"
    assert repr(answered) == "✓ ping 10.0.0.1: 3 of 3 answered"
    silent = ns1.ping("10.0.0.9")
    assert (silent.ok, silent.sent, silent.received) == (False, 1, 0)
    assert silent.reason == "Destination Host Unreachable"
    assert ns1.ping("192.168.1.1").reason == "Network is unreachable"
    veth1.set_mtu(1400)
    assert nk.host.ping("10.0.0.2", timeout=1)
