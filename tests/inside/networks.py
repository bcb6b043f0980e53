"""Networks that are right, for faults to be put into: each is a list of what `ip` is told, and servers."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import netkit as nk
from netkit.linux import namespaces
from netkit.linux.events import settle
from tests.inside.wire import wait_until

if TYPE_CHECKING:
    from netkit.linux.run import Process

SECONDS_TO_REST = 15.0

SERVERS = {"nat": (("c1", 80), ("c2", 8888))}
"""Who listens: (namespace, TCP port)."""


def _end(place: str, device: str, address: str, other: str, *more: str) -> list[str]:
    """A cable from an interface of a namespace, with an address and a MAC that follows from it, to a host's one."""
    plain = address.partition("/")[0]
    return [
        f"ip link add dev {device} netns {place} address {nk.mac_of(plain)} type veth peer name {other}",
        f"ip -n {place} addr add {address} dev {device}",
        f"ip -n {place} link set {device} up",
        f"ip link set {other} up",
        *more,
    ]


def _spaces(*names: str) -> list[str]:
    return [line for name in names for line in (f"ip netns add {name}", f"ip -n {name} link set lo up")]


def _cable(one: tuple[str, str, str], other: tuple[str, str, str]) -> list[str]:
    """A cable between two namespaces: (namespace, interface, address) of each end."""
    lines = [f"ip link add dev {one[1]} netns {one[0]} type veth peer name {other[1]} netns {other[0]}"]
    for place, device, address in (one, other):
        lines += [f"ip -n {place} addr add {address} dev {device}", f"ip -n {place} link set {device} up"]
    return lines


def _bridge() -> list[str]:
    lines = [*_spaces("ns1", "ns2", "ns3"), "ip link add brtest type bridge"]
    for number in (1, 2, 3):
        attach = f"ip link set veth{number} master brtest"
        lines += _end(f"ns{number}", "eth1", f"172.17.1.{number}/24", f"veth{number}", attach)
    return [*lines, "ip addr add 172.17.1.254/24 dev brtest", "ip link set brtest up"]


def _routed() -> list[str]:
    return [
        *_spaces("a", "r", "b"),
        *_cable(("a", "eth0", "10.0.1.1/24"), ("r", "eth0", "10.0.1.254/24")),
        *_cable(("b", "eth0", "10.0.2.2/24"), ("r", "eth1", "10.0.2.254/24")),
        *_spaces("d"),
        *_cable(("a", "eth1", "10.0.4.1/24"), ("d", "eth0", "10.0.4.2/24")),
        "ip -n b addr add 10.0.9.1/24 dev lo",
        "ip -n r route add 10.0.9.0/24 via 10.0.2.2",
        "ip -n a route add default via 10.0.1.254",
        "ip -n b route add default via 10.0.2.254",
        "ip netns exec r sysctl -qw net.ipv4.ip_forward=1",
    ]


def _two_ways() -> list[str]:
    return [*_routed(), *_cable(("a", "eth2", "10.0.3.1/24"), ("b", "eth2", "10.0.3.2/24"))]


def _nat() -> list[str]:
    there = "-p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80"
    return [
        *_spaces("c1", "c2", "out"),
        "ip link add br0 type bridge",
        "ip addr add 172.17.0.1/16 dev br0",
        *_end("c1", "eth0", "172.17.0.2/16", "veth1", "ip link set veth1 master br0"),
        *_end("c2", "eth0", "172.17.0.3/16", "veth2", "ip link set veth2 master br0"),
        "ip link set br0 up",
        "ip -n c1 route add default via 172.17.0.1",
        "ip -n c2 route add default via 172.17.0.1",
        *_end("out", "eth0", "192.168.7.2/24", "cable", "ip addr add 192.168.7.1/24 dev cable"),
        "sysctl -qw net.ipv4.ip_forward=1",
        "iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o br0 -j MASQUERADE",
        f"iptables -t nat -A PREROUTING {there}",
        f"iptables -t nat -A OUTPUT -m addrtype --dst-type LOCAL {there}",
    ]


def _vxlan() -> list[str]:
    lines = [
        *_spaces("node1", "node2"),
        *_cable(("node1", "eth0", "192.168.0.1/24"), ("node2", "eth0", "192.168.0.2/24")),
    ]
    for here, there in ((1, 2), (2, 1)):
        ends = f"local 192.168.0.{here} remote 192.168.0.{there}"
        lines += [
            f"ip -n node{here} link add vxlan0 type vxlan id 42 {ends} dstport 4789",
            f"ip -n node{here} addr add 10.0.0.{here}/24 dev vxlan0",
            f"ip -n node{here} link set vxlan0 up",
        ]
    return lines


def _six() -> list[str]:
    at_once = [f"ip netns exec {place} sysctl -qw net.ipv6.conf.default.accept_dad=0" for place in ("a", "r", "b")]
    return [
        *_spaces("a", "r", "b"),
        *at_once,
        *_cable(("a", "eth0", "fd00:1::1/64 nodad"), ("r", "eth0", "fd00:1::ff/64 nodad")),
        *_cable(("b", "eth0", "fd00:2::2/64 nodad"), ("r", "eth1", "fd00:2::ff/64 nodad")),
        "ip -n a -6 route add default via fd00:1::ff",
        "ip -n b -6 route add default via fd00:2::ff",
        "ip netns exec r sysctl -qw net.ipv6.conf.all.forwarding=1",
    ]


NETWORKS = {"bridge": _bridge, "routed": _routed, "two ways": _two_ways, "nat": _nat, "vxlan": _vxlan, "six": _six}


def out_of_sight() -> None:
    """Networks of others, which /proc still shows in a fresh one, shall not be looked at, nor waited for."""
    namespaces._inhabitants = dict


def build(name: str) -> list[Process]:
    """Make a network in the empty sandbox, and wait until it is at rest.

    Args:
        name: one of NETWORKS.

    Returns:
        Its servers.
    """
    script = "set -e\n" + "\n".join(NETWORKS[name]())
    subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True)
    servers = [nk.Namespace.get(place).start(f"busybox httpd -f -p {port}") for place, port in SERVERS.get(name, ())]
    assert settle.wait(SECONDS_TO_REST)
    for place, port in SERVERS.get(name, ()):
        wait_until(lambda place=place, port=port: f":{port} " in nk.Namespace.get(place).run("ss -ltn").stdout)
    return servers
