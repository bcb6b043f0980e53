"""Snapshots on the real kernel: tracked connections, and the hosts file that a namespace's processes see."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

import netkit as nk
from netkit.model import Snapshot
from tests.inside.wire import ping, sh, udp, wait_until

if TYPE_CHECKING:
    from pathlib import Path

NAT = "iptables -t nat -A PREROUTING -p udp --dport 53 -j DNAT --to-destination 10.2.0.2:5353"
PROGRAM = re.compile(
    r"^(?P<protocol>udp|icmp) .*?src=(\S+) dst=(\S+) (?:sport=(\d+) dport=(\d+) )?.*?src=(\S+) dst=(\S+)", re.MULTILINE
)


@pytest.mark.usefixtures("routed")
class TestConnections:
    def test_are_those_that_conntrack_lists(self) -> None:
        sh(NAT)
        ping("ns1", "10.2.0.2")
        with udp("ns2") as server, udp("ns1", ("10.1.0.1", 53)) as client:
            server.bind(("10.2.0.2", 5353))
            server.settimeout(5)
            client.send(b"who?")
            assert server.recv(10) == b"who?"
            found = nk.snapshot()["host"].connections
            listed = sh("conntrack -L 2>/dev/null") if shutil.which("conntrack") else ""
            port = client.getsockname()[1]
        asked = next(one for one in found if one.protocol == "udp")
        assert (asked.source, asked.source_port, asked.destination, asked.destination_port) == (
            *("10.1.0.2", port),
            *("10.1.0.1", 53),
        )
        assert (asked.reply_source, asked.reply_source_port) == ("10.2.0.2", 5353)
        assert (asked.reply_destination, asked.reply_destination_port) == ("10.1.0.2", port)
        assert asked.status == ("destination nat",)
        if listed:
            theirs = sorted((match[1], match[2], match[3], match[6], match[7]) for match in PROGRAM.finditer(listed))
            ours = [(o.protocol, o.source, o.destination, o.reply_source, o.reply_destination) for o in found]
            assert sorted(one for one in ours if one[0] in ("udp", "icmp")) == theirs

    def test_do_not_count_when_snapshots_are_compared(self) -> None:
        sh(NAT)
        before = nk.snapshot()
        ping("ns1", "10.2.0.2")
        after = nk.snapshot()
        new = set(after["host"].connections) - set(before["host"].connections)
        assert [(one.protocol, one.status) for one in new] == [("icmp", ("seen reply",))]
        assert before == after == Snapshot.from_json(after.to_json())
        assert Snapshot.from_json(after.to_json())["host"].connections == after["host"].connections
        assert after["ns1"].connections == ()


class TestHosts:
    def test_of_processes_with_a_file_of_their_own(self, tmp_path: Path) -> None:
        own = tmp_path / "hosts"
        own.write_text("127.0.0.1 localhost\n10.0.0.9 db\n")
        script = f"mount --bind {own} /etc/hosts; echo; read x"
        with subprocess.Popen(
            ["unshare", "--net", "--mount", "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            process.stdout.readline()
            found = nk.snapshot()
            process.stdin.close()
        [space] = [space for space in found if not space.named]
        assert space.hosts == own.read_text()
        assert found["host"].hosts is None

    def test_of_a_program_for_which_the_shell_that_started_it_waits(self, tmp_path: Path) -> None:
        own = tmp_path / "hosts"
        own.write_text("10.0.0.9 db\n")
        script = f"mount --bind {own} /etc/hosts; exec sleep 1000"
        room = nk.Namespace("shell")
        program = room.start(f"unshare --mount sh -c '{script}'; true")  # what follows keeps the first shell there
        wait_until(lambda: nk.snapshot()["shell"].hosts == own.read_text())
        program.stop()
        room.delete()

    def test_of_processes_that_see_the_hosts_own(self) -> None:
        with subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo; read x"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            process.stdout.readline()
            found = nk.snapshot()
            process.stdin.close()
        assert [space.hosts for space in found if not space.named] == [None]
