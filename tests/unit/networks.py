"""Knows how hypothesis makes up networks."""

from __future__ import annotations

from hypothesis import strategies as st

from netkit.model import Route, Rule, Snapshot
from tests.unit.cases import Network

NAMES = ["ns1", "ns2", "ns10", "web", "[nginx]", "a-rather-long-name", "router"]
BADGES = [
    Rule("iptables", "nat", "POSTROUTING", "-A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE"),
    Rule("iptables", "filter", "FORWARD", "-P FORWARD DROP"),
    Rule("nft", "ip nat", "pre", "tcp dport 8080 dnat to 10.0.0.2:80"),
]


@st.composite
def networks(draw: st.DrawFn) -> Snapshot:
    """Any network of up to eight namespaces, cabled in any way, with bridges, tunnels and things that are down."""
    rooms = ["host"] * draw(st.booleans()) + draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=7))
    network = Network(*rooms, lo=draw(st.booleans()))
    bridges = {room: draw(st.integers(0, 2)) for room in rooms}
    for room in rooms:
        rules = tuple(draw(st.lists(st.sampled_from(BADGES), max_size=3)))
        routes = (Route("default", via="10.0.0.254"),) * draw(st.booleans())
        network.room(room, rules=rules, routes=routes, sysctls={"net.ipv4.ip_forward": draw(st.sampled_from("01"))})
        for number in range(bridges[room]):
            network.bridge(room, f"br{number}", *_addresses(draw), up=draw(st.booleans()))
        if draw(st.integers(0, 3)) == 0:
            remote = (("remote", "10.0.0.1"), ("vni", draw(st.sampled_from("78"))))
            network.link(room, "vxlan0", "vxlan", *_addresses(draw), details=remote, mtu=1450)
        if draw(st.integers(0, 5)) == 0:
            network.link(room, "eth9", draw(st.sampled_from(["ethernet", "dummy"])), *_addresses(draw))
    for number in range(draw(st.integers(0, 12)) if rooms else 0):
        _cable(draw, network, rooms, bridges, number)
    return network.snapshot()


def _cable(draw: st.DrawFn, network: Network, rooms: list[str], bridges: dict[str, int], number: int) -> None:
    names = draw(st.sampled_from([("v{}a", "v{}b"), ("eth{}x", "eth{}y"), ("veth-abcdefg-{}", "wlan-abcdefg-{}")]))
    ends = [(draw(st.sampled_from(rooms)), name.format(number)) for name in names]
    up = (draw(st.booleans()), draw(st.booleans()))
    network.veth(ends[0], ends[1], addresses=_addresses(draw), up=up)
    for room, name in ends:
        if bridges[room] and draw(st.booleans()):
            network.port(room, f"br{draw(st.integers(0, bridges[room] - 1))}", name)


def _addresses(draw: st.DrawFn) -> tuple[str, ...]:
    some = ["10.0.0.1/24", "192.168.100.200/24", "2001:db8:1234:5678:9abc:def0:1234:5678/64"]
    return tuple(draw(st.lists(st.sampled_from(some), unique=True, max_size=3)))
