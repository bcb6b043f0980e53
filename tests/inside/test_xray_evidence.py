"""An x-ray calls a packet delivered only where it was taken in, and each of several equal packets has its own cause."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

import pytest

import netkit as nk
from tests.inside.empty import sweep
from tests.inside.journeys import xrayed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.journey.shown.table import Journey

LINE = """
ip netns add left
ip netns add middle
ip netns add right
ip link add m0 netns middle type veth peer name eth0 netns left
ip link add m1 netns middle type veth peer name eth0 netns right
ip -n left addr add 10.1.0.2/24 dev eth0
ip -n middle addr add 10.1.0.1/24 dev m0
ip -n middle addr add 10.2.0.1/24 dev m1
ip -n right addr add 10.2.0.2/24 dev eth0
for n in left middle right; do ip -n $n link set lo up; done
for n in left right; do ip -n $n link set eth0 up; done
ip -n middle link set m0 up
ip -n middle link set m1 up
ip -n left route add default via 10.1.0.1
ip -n right route add default via 10.2.0.1
ip netns exec middle sysctl -qw net.ipv4.ip_forward=1
ip netns exec left ping -qc1 -W1 10.2.0.2
"""


def shell(lines: str) -> None:
    done = subprocess.run(["sh", "-ec", lines], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{lines}: {done.stderr}"


@pytest.fixture
def line() -> Iterator[None]:
    """A router between two hosts, each of which knows the other."""
    nk.echo(on=False)
    sweep()
    shell(LINE)
    yield
    sweep()


def asked() -> Journey:
    """The journey of an echo request from one end to the other."""
    left = nk.Namespace.get("left")
    return xrayed(lambda: left.ping("10.2.0.2", timeout=0.3)).find("icmp")[0]


@pytest.mark.usefixtures("line")
def test_what_a_filter_at_the_interface_drops_is_not_delivered() -> None:
    shell("ip netns exec right nft 'table netdev t { chain c { type filter hook ingress device eth0 priority 0; "
          "ip protocol icmp drop; }; }'")  # fmt: skip
    found = asked()
    assert not found.delivered
    assert found.end == "dropped in right by netdev t c: the rule `ip protocol 1 drop`"
    assert [hop.where for hop in found.hops[-2:]] == ["right:eth0", "right INGRESS"]


@pytest.mark.usefixtures("line")
def test_what_the_older_iptables_drops_is_not_delivered() -> None:
    shell("ip netns exec right iptables-legacy -A INPUT -p icmp -j DROP")
    found = asked()
    assert not found.delivered
    assert "right did not take it in" in found.end


@pytest.mark.usefixtures("line")
def test_the_reverse_path_filter_of_the_destination() -> None:
    shell("ip -n right link add d0 type veth peer name d1; ip -n right addr add 10.9.0.2/24 dev d0; "
          "ip -n right link set d0 up; ip -n right link set d1 up; ip -n right route add 10.1.0.0/24 via 10.9.0.1; "
          "ip netns exec right sysctl -qw net.ipv4.conf.eth0.rp_filter=1")  # fmt: skip
    found = asked()
    assert not found.delivered
    assert found.end.startswith("rp_filter is 1 in right: it came in at right:eth0, but the way back to 10.1.0.2")


@pytest.mark.usefixtures("line")
def test_an_address_that_only_a_local_route_takes_in() -> None:
    shell("ip -n right route add local 10.7.0.0/16 dev lo; ip -n middle route add 10.7.0.0/16 via 10.2.0.2")
    found = xrayed(lambda: nk.Namespace.get("left").ping("10.7.1.1", timeout=0.5)).find("icmp")[0]
    assert (found.delivered, found.end) == (True, "delivered to 10.7.1.1 in right")
    assert found.hops[-1].decided == "A route of the table local takes 10.7.1.1 in."


@pytest.mark.usefixtures("line")
def test_an_answer_that_is_lost_behind_its_translation() -> None:
    shell("ip netns exec middle iptables -t nat -A POSTROUTING -o m1 -j MASQUERADE; "
          "ip -n middle route add blackhole 10.1.0.2/32")  # fmt: skip
    left = nk.Namespace.get("left")
    there, back = xrayed(lambda: left.ping("10.2.0.2", timeout=0.3)).find("icmp")[:2]
    assert there.delivered
    assert (back.delivered, back.end) == (False, "the blackhole route 10.1.0.2/32 of middle refuses 10.1.0.2")


EQUAL = """
import socket, struct
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
udp = struct.pack("!HHHH", 7777, 5003, 12, 0) + b"same"
head = struct.pack("!BBHHHBBH", 0x45, 0, 32, 7, 0, 64, 17, 0)
for _ in range(6):
    raw.sendto(head + socket.inet_aton("10.1.0.2") + socket.inet_aton("10.2.0.2") + udp, ("10.2.0.2", 0))
"""


@pytest.mark.usefixtures("line")
def test_equal_packets_have_their_own_causes() -> None:
    shell("ip netns exec middle iptables -A FORWARD -p udp -m statistic --mode nth --every 2 --packet 1 -j DROP")
    left = nk.Namespace.get("left")
    seen = xrayed(lambda: left.run(["python3", "-c", EQUAL]))
    ends = [each.end for each in seen.find("udp")]
    dropped = [end.startswith("dropped in middle by filter FORWARD") for end in ends]
    assert dropped == [False, True, False, True, False, True], ends


@pytest.mark.usefixtures("line")
def test_a_full_queue_of_connections() -> None:
    code = "import socket, time; s = socket.socket(); s.bind(('10.2.0.2', 80)); s.listen(0); time.sleep(60)"
    server = nk.Namespace.get("right").start(["python3", "-c", code])
    ask = "import socket\nfor _ in range(3):\n    socket.create_connection(('10.2.0.2', 80), 0.4)"
    left = nk.Namespace.get("left")
    deadline = time.monotonic() + 5
    while left.run(["python3", "-c", ask.replace("range(3)", "range(1)")]).returncode:
        assert time.monotonic() < deadline
    seen = xrayed(lambda: left.run(["python3", "-c", ask]))
    server.stop()
    lost = [each for each in seen.find("tcp") if "SYN]" in each.what and not each.delivered]
    assert lost
    assert all("was full: right counted a drop" in each.end for each in lost)


MACVLAN = """
ip netns add one
ip netns add two
ip netns add far
ip link add par type veth peer name eth0 netns far
ip link set par up
ip -n far link set eth0 up
ip -n far addr add 10.3.0.9/24 dev eth0
ip link add m1 link par netns one type macvlan mode bridge
ip link add m2 link par netns two type macvlan mode bridge
ip -n one addr add 10.3.0.1/24 dev m1
ip -n two addr add 10.3.0.2/24 dev m2
ip -n one link set m1 up
ip -n two link set m2 up
"""


@pytest.mark.usefixtures("fresh")
def test_a_macvlan_and_the_interface_that_it_lies_on_are_one_way() -> None:
    shell(MACVLAN)
    one = nk.Namespace.get("one")
    seen = xrayed(lambda: [one.ping("10.3.0.2"), one.ping("10.3.0.9")])
    ways = [[hop.where for hop in each.hops if hop.interface] for each in seen.find("icmp")]
    assert ways == [
        ["one:m1", "host:par", "two:m2"],
        ["two:m2", "host:par", "one:m1"],
        ["one:m1", "host:par", "far:eth0"],
        ["far:eth0", "host:par", "one:m1"],
    ]
    assert all(each.delivered for each in seen.find("icmp"))


@pytest.mark.usefixtures("line")
def test_an_ipv6_neighbour_that_does_not_answer_is_told() -> None:
    shell("for n in left middle; do ip netns exec $n sysctl -qw net.ipv6.conf.all.disable_ipv6=0; done; "
          "ip -n left addr add fd01::2/64 dev eth0 nodad")  # fmt: skip
    seen = xrayed(lambda: nk.Namespace.get("left").ping("fd01::99", timeout=0.5))
    ends = [each.end for each in seen.journeys if "fd01::99" in each.what]
    assert ends
    assert all(end.startswith("nobody has fd01::99") for end in ends)
