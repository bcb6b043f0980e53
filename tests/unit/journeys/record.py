"""Records the cases in `recorded/` on the real kernel, each with the steps that are joined from it.

    netkit run -- python -m tests.unit.journeys.record

Read the steps before you commit them: they are what `tests/unit/test_journey_recorded.py` holds the joining to.
"""

from __future__ import annotations

import json
import subprocess
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import netkit as nk
from netkit.journey.joining.join import join
from netkit.plain import plain
from tests.inside.containers import server
from tests.inside.wire import ip, network, sh
from tests.unit.journeys.texts import told

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parent / "recorded"
NETWORK = """
netns add ns1
netns add ns2
netns add out
link add br0 type bridge
link add port1 type veth peer name eth0 netns ns1
link add port2 type veth peer name eth0 netns ns2
link add cable type veth peer name eth0 netns out
link set port1 master br0
link set port2 master br0
addr add 172.17.0.1/16 dev br0
addr add 192.168.7.1/24 dev cable
-n ns1 addr add 172.17.0.2/16 dev eth0
-n ns2 addr add 172.17.0.3/16 dev eth0
-n out addr add 192.168.7.2/24 dev eth0
link set br0 up
link set lo up
link set port1 up
link set port2 up
link set cable up
-n ns1 link set eth0 up
-n ns2 link set eth0 up
-n out link set eth0 up
-n ns1 route add default via 172.17.0.1
-n ns2 route add default via 172.17.0.1
-n out route add 172.17.0.0/16 via 192.168.7.1
"""
TUNNEL = """
-n ns1 link add vx type vxlan id 42 dstport 4789 remote 172.17.0.3 dev eth0
-n ns2 link add vx type vxlan id 42 dstport 4789 remote 172.17.0.2 dev eth0
-n ns1 addr add 10.42.0.1/24 dev vx
-n ns2 addr add 10.42.0.2/24 dev vx
-n ns1 link set vx up
-n ns2 link set vx up
"""
FILTER = ("-A INPUT -p icmp", "-A FORWARD -p icmp -j ACCEPT", "-A OUTPUT -p icmp -j ACCEPT")
HIDE = ("-t nat -A POSTROUTING -s 172.17.0.0/16 -o cable -j MASQUERADE",)
PUBLISH = (
    "-t nat -A PREROUTING -d 192.168.7.1,172.17.0.1 -p tcp --dport 8080 -j DNAT --to 172.17.0.3:80",
    "-t nat -A OUTPUT -d 192.168.7.1,172.17.0.1 -p tcp --dport 8080 -j DNAT --to 172.17.0.3:80",
    "-t nat -A POSTROUTING -s 172.17.0.0/16 -d 172.17.0.3 -p tcp --dport 80 -j MASQUERADE",
)


def _ping(target: str, options: str = "-c 1 -W 1", source: str = "ns1") -> Callable[[], object]:
    return lambda: sh(f"ip netns exec {source} ping {options} {target} || true")


def _fetch(place: str, address: str) -> Callable[[], object]:
    command = f"timeout 3 bash -c 'exec 3<>/dev/tcp/{address}/8080; echo >&3; cat <&3'"
    return lambda: sh(command if place == "host" else f"ip netns exec {place} {command}")


CASES: dict[str, tuple[tuple[str, ...], Callable[[], object]]] = {
    "bridge": ((), _ping("172.17.0.3")),
    "bridge-filtered": (("bridged", *FILTER), _ping("172.17.0.3")),
    "bridge-filtered-fragments": (("bridged", *FILTER, *HIDE), _ping("172.17.0.3", "-c 1 -W 1 -s 3000")),
    "own-address": (("bridged", *FILTER), _ping("172.17.0.1")),
    "flood": ((), _ping("172.17.0.99")),
    "routed": (FILTER, _ping("192.168.7.2")),
    "masqueraded": (HIDE, _ping("192.168.7.2")),
    "masqueraded-fragments": ((*FILTER, *HIDE), _ping("192.168.7.2", "-c 1 -W 1 -s 3000")),
    "two-pings-at-once": (
        HIDE,
        lambda: sh("for n in 1 2; do ip netns exec ns$n ping -c 2 -s 8 -i 0.2 -e 7 192.168.7.2 & done; wait"),
    ),
    "published-outside": (PUBLISH, _fetch("out", "192.168.7.1")),
    "published-host": (PUBLISH, _fetch("host", "172.17.0.1")),
    "published-hairpin": (PUBLISH, _fetch("ns2", "172.17.0.1")),
    "vxlan": (("tunnel",), _ping("10.42.0.2")),
    "vxlan-fragments": (("tunnel",), _ping("10.42.0.2", "-c 1 -W 1 -s 3000")),
    "expired": (FILTER, _ping("192.168.7.2", "-c 1 -W 1 -t 1")),
    "dropped-forward": (("-A FORWARD -p icmp -j DROP",), _ping("192.168.7.2")),
    "dropped-output": (("-A OUTPUT -p icmp -j DROP",), lambda: sh("ping -c 1 -W 1 172.17.0.3 || true")),
    "no-route": (FILTER, _ping("10.99.0.1")),
    "no-neighbour": (FILTER, _ping("192.168.7.99")),
    "loopback": (FILTER, lambda: sh("ping -c 1 127.0.0.1")),
}


def record(name: str) -> None:
    """One case, in a network of its own.

    Args:
        name: of the case.
    """
    preparations, act = CASES[name]
    sh("sysctl -qw net.ipv6.conf.default.disable_ipv6=1 net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=0")
    with network(NETWORK), ExitStack() as undo:
        for words in preparations:
            if words == "bridged":
                sh("sysctl -qw net.bridge.bridge-nf-call-iptables=1")
            elif words == "tunnel":
                ip(TUNNEL)
            else:
                sh(f"iptables {words}")
                undo.callback(sh, f"iptables {words.replace('-A', '-D')}")
        if name.startswith("published"):
            command = ["ip", "netns", "exec", "ns2", *server("web")]
            running = undo.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))
            undo.callback(running.kill)
            running.stdout.readline()  # it listens
        with nk.xray() as x:
            act()
    seen = replace(  # IPv6's housekeeping comes at random moments
        x.seen,
        frames=tuple(frame for frame in x.seen.frames if frame.data[12:14] != b"\x86\xdd"),
        events=tuple(event for event in x.seen.events if event.family != "ip6" and event.network[:1] < b"\x60"),
    )
    case = {"seen": plain(seen), "journeys": [told(journey) for journey in join(seen)]}
    (FOLDER / f"{name}.json").write_text(json.dumps(case, indent=1) + "\n")


if __name__ == "__main__":
    for case_name in CASES:
        record(case_name)
