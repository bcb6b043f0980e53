"""The capture on the real kernel: nothing lost, every namespace, every direction, nothing left behind."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest

from netkit.linux.capturing.capture import capture
from netkit.linux.entering import HOST_PATH, inside
from netkit.linux.namespaces import find
from tests.inside.wire import BRIDGE, HOPS, ip, network, ping, sh, udp, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from netkit.packets.recording import Recording


def places(recording: Recording) -> list[str]:
    return [f"{frame.namespace}:{frame.interface} {frame.direction}" for frame in recording]


@pytest.mark.usefixtures("bridge")
class TestNothingIsLost:
    @pytest.mark.parametrize("captures", [25, pytest.param(200, marks=pytest.mark.long)])
    def test_at_start_and_end_of_short_captures(self, captures: int) -> None:
        """The first frame is sent at once, the last one just before the end."""
        seen = set()
        with udp("ns1", ("172.17.1.2", 9)) as sender, udp("ns2") as receiver:
            receiver.bind(("172.17.1.2", 9))
            for _ in range(captures):
                with capture() as cap:
                    sender.send(b"first")
                    sender.send(b"last")
                seen.add((repr(cap), cap.lost))
        assert len(seen) == 1, "\n\n".join(table for table, _ in seen)
        (table, lost) = seen.pop()
        assert (table.count("UDP 5 bytes"), table.count("UDP 4 bytes"), lost) == (4, 4, 0)

    def test_of_a_ping(self) -> None:
        tables = set()
        for _ in range(20):
            with capture() as cap:
                ping("ns1", "172.17.1.2")
            tables.add(repr(cap))
            assert places(cap.filter("icmp"))[:4] == HOPS
        assert len(tables) == 1, "\n\n".join(tables)
        assert tables.pop().count("ICMP echo reply seq 1") == 4

    def test_of_a_burst_from_another_processor(self) -> None:
        with udp("ns1", ("172.17.1.2", 9)) as sender, udp("ns2") as receiver:
            receiver.bind(("172.17.1.2", 9))
            with capture(memory=64 << 20) as cap:
                thread = threading.Thread(target=lambda: [sender.send(b"burst") for _ in range(20_000)])
                thread.start()
                thread.join()
        assert (len(cap.filter("udp")), cap.lost) == (80_000, 0)

    def test_that_is_not_counted(self) -> None:
        """The smallest memory and a flood with large frames: recorded and lost make up what was sent."""
        with udp("ns1", ("172.17.1.2", 9)) as sender, udp("ns2") as receiver:
            receiver.bind(("172.17.1.2", 9))
            with capture(("ns2", "eth1"), memory=4 << 20) as cap:
                for _ in range(5_000):
                    sender.send(bytes(1400))
        assert cap.lost > 0
        housekeeping = range(16)  # IPv6 may look round meanwhile
        assert len(cap) + cap.lost - 5_000 in housekeeping
        assert f"{cap.lost} frames were lost" in repr(cap)


class TestTheTable:
    @pytest.mark.parametrize("times", [6, pytest.param(50, marks=pytest.mark.long)])
    def test_is_the_same_for_the_same_lesson(self, times: int) -> None:
        """New namespaces, new random MACs, IPv6 housekeeping in full swing: each time the same text."""
        tables = []
        for _ in range(times):
            with network(BRIDGE):
                with capture() as cap:
                    ping("ns1", "172.17.1.2")
                tables.append(repr(cap))
        assert len(set(tables)) == 1, "\n\n".join(sorted(set(tables)))
        assert "ARP 172.17.1.2 is at the MAC of ns2:eth1" in tables[0]
        assert tables[0].count("\n") == 19  # 5 + 4 frames for ARP, 4 + 4 for ping, heading, two sentences

    @pytest.mark.usefixtures("article")
    def test_shows_housekeeping_when_asked(self) -> None:
        with capture() as cap:
            sh("ip netns exec ns1 ping -6 -c 1 -W 1 ff02::1%eth1 || true")
            ip("-n ns1 addr add fd00::1/64 dev eth1")
            wait_until(lambda: "tentative" not in sh("ip -n ns1 -6 addr show dev eth1"))
        assert "who has fd00::1?" not in repr(cap)
        assert "who has fd00::1?" in repr(cap.table(everything=True, rows=None))


@pytest.mark.usefixtures("bridge")
class TestWhatIsRecorded:
    def test_directions_and_times(self) -> None:
        before = time.time_ns()
        with capture() as cap:
            ping("ns1", "172.17.1.2")
        times = [frame.time for frame in cap.filter("icmp")]
        assert before < times[0] <= times[-1] < time.time_ns()
        assert times == sorted(times)
        assert places(cap.filter("icmp").at("ns1", "eth1")) == ["ns1:eth1 out", "ns1:eth1 in"]

    def test_loopback_shows_each_frame_twice(self) -> None:
        ip("-n ns1 link set lo up")
        with capture("ns1") as cap:
            ping("ns1", "127.0.0.1")
        assert places(cap.filter("icmp")) == ["ns1:lo out", "ns1:lo in"] * 2

    def test_a_chosen_namespace_or_interface(self) -> None:
        with capture([("host", "veth1"), ("host", "veth2"), "ns2"]) as cap, capture(("ns1", "eth1")) as one:
            ping("ns1", "172.17.1.2")
        assert set(cap.places) == {"host", "ns2"}
        assert cap.places["host"] == ("veth1", "veth2")
        assert places(cap.filter("icmp"))[:3] == HOPS[1:]
        assert {frame.interface for frame in cap.at("host")} == {"veth1", "veth2"}
        assert places(one.filter("icmp")) == ["ns1:eth1 out", "ns1:eth1 in"]

    def test_a_path_instead_of_a_name(self) -> None:
        with capture(["/run/netns/ns1", HOST_PATH]) as cap:
            ping("ns1", "172.17.1.2")
        assert set(cap.places) == {"ns1", "host"}

    def test_a_namespace_without_a_name(self) -> None:
        with subprocess.Popen(["unshare", "--net", "sh", "-c", "ip link set lo up; echo; read x"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # fmt: skip
            process.stdout.readline()
            path = f"/proc/{process.pid}/ns/net"
            name = next(place.name for place in find() if place.inode == os.stat(path).st_ino)
            with capture() as cap:
                sh(f"nsenter --net={path} ping -c 1 127.0.0.1")
            process.stdin.close()
        assert name.startswith("[")
        assert places(cap.filter("icmp").at(name)) == [f"{name}:lo out", f"{name}:lo in"] * 2

    def test_jumbo_and_cut_frames(self) -> None:
        ip("-n ns1 link set lo up mtu 65536")
        with capture("ns1") as whole, capture("ns1", snaplen=64) as cut:
            ping("ns1", "127.0.0.1", "-c 1 -s 60000")
        assert {(len(frame.data), frame.length) for frame in whole.filter("icmp")} == {(60042, 60042)}
        assert {(len(frame.data), frame.length) for frame in cut.filter("icmp")} == {(64, 60042)}

    def test_an_interface_that_comes_and_goes(self) -> None:
        with capture() as cap:
            ip("link add late0 type veth peer name late1 netns ns1\naddr add 10.9.0.1/24 dev late0\n"
               "-n ns1 addr add 10.9.0.2/24 dev late1\nlink set late0 up\n-n ns1 link set late1 up")  # fmt: skip
            ping("ns1", "10.9.0.1")
            ip("link delete late0")
        assert places(cap.at("ns1", "late1").filter("icmp")) == ["ns1:late1 out", "ns1:late1 in"]
        assert len(cap.at("host", "late0").filter("icmp")) == 2

    def test_a_vlan_tag_is_put_back(self) -> None:
        """The receiving kernel keeps the tag beside the frame. Not every kernel has VLAN interfaces: send a tag."""
        arp = bytes.fromhex("0001080006040001 0242ac110101 0a070001 000000000000 0a070002")
        tagged = bytes.fromhex("ffffffffffff 0242ac110101 8100 0007 0806") + arp
        with inside("/run/netns/ns1", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)) as sender:
            inside("/run/netns/ns1", lambda: sender.bind(("eth1", 0)))
            with capture() as cap:
                sender.send(tagged)
        seen = cap.filter("vlan")
        assert places(seen)[:2] == ["ns1:eth1 out", "host:veth1 in"]
        assert places(seen)[-1] == "ns2:eth1 in"
        assert {(frame.data, frame.length) for frame in seen} == {(tagged, len(tagged))}
        assert "VLAN 7 | ARP who has 10.7.0.2? tell 10.7.0.1" in repr(seen)

    def test_a_vxlan_tunnel_shows_both_packets(self) -> None:
        for name, me, other in (("ns1", "1", "2"), ("ns2", "2", "1")):
            ip(f"-n {name} link add vx type vxlan id 42 dstport 4789 remote 172.17.1.{other} dev eth1\n"
               f"-n {name} addr add 10.42.0.{me}/24 dev vx\n-n {name} link set vx up")  # fmt: skip
        with capture() as cap:
            ping("ns1", "10.42.0.2")
        text = repr(cap.at("host", "veth1"))
        assert "VXLAN 42 | ARP who has 10.42.0.2? tell 10.42.0.1" in text
        assert "172.17.1.1:* → 172.17.1.2:4789" in text
        assert "VXLAN 42 | 10.42.0.1 → 10.42.0.2 ICMP echo request seq 1" in text
        assert [f.direction for f in cap.at("ns2", "vx").filter("icmp")] == ["in", "out"]

    def test_two_captures_at_once(self) -> None:
        with capture() as outer:
            ping("ns1", "172.17.1.2")
            with capture() as inner:
                ping("ns2", "172.17.1.1")
        assert (len(outer.filter("icmp")), len(inner.filter("icmp"))) == (16, 8)

    def test_scapy_and_tshark_read_the_same(self, tmp_path: Path) -> None:
        with capture() as cap:
            ping("ns1", "172.17.1.2")
        icmp = cap.filter("icmp")
        file = icmp.save(tmp_path / "x.pcapng", {1: "it came through the veth pair"})
        fields = "-e frame.interface_name -e frame.packet_flags_direction -e frame.comment -e frame.time_epoch"
        lines = [line.split("\t") for line in sh(f"tshark -r {file} -T fields {fields} -e icmp.seq").splitlines()]
        ways = {"0x00000001": "in", "0x00000002": "out"}
        assert [f"{line[0]} {ways[line[1]]}" for line in lines] == places(icmp)
        assert [line[2] for line in lines][:3] == ["", "it came through the veth pair", ""]
        assert [line[3].replace(".", "") for line in lines] == [str(frame.time) for frame in icmp]
        assert [packet.sniffed_on for packet in icmp.packets] == [line[0] for line in lines]
