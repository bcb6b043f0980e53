"""Changes that make another network of one that a task wants: each picks its place by numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.inside.truth import kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.inside.truth import Truth

Picked = tuple[int, int]
"""Two numbers that a change picks its place by."""


def _rooms(truth: Truth) -> list[str]:
    """The host, and all namespaces and containers that are known by a name."""
    named = [line.split()[0] for line in truth.run("host", "ls /run/netns").stdout.splitlines()]
    boxes = [getattr(value, "name", "") for value in truth.names.values() if hasattr(value, "pid")]
    return sorted({"host", *named, *(box for box in boxes if truth.opened(box))})


def _place(truth: Truth, picked: Picked, *kinds: str) -> tuple[str, dict[str, Any]] | None:
    """A room, and one of its links."""
    rooms = _rooms(truth)
    for turn in range(len(rooms)):
        room = rooms[(picked[0] + turn) % len(rooms)]
        links = [link for link in truth.links(room) if not kinds or kind(link) in kinds]
        if links:
            return room, links[picked[1] % len(links)]
    return None


def _at(line: str, *kinds: str) -> Callable[[Truth, Picked], None]:
    """A line about a link: {name}, {address} its first one, {bare} without the length, {number} one that is picked."""

    def change(truth: Truth, picked: Picked) -> None:
        place = _place(truth, picked, *kinds)
        if place is None:
            return
        room, link = place
        own = next((each for each in link["addr_info"] if each["family"] == "inet"), None)
        if own is None and ("{address}" in line or "{bare}" in line):
            return
        words = {"name": link["ifname"], "number": picked[1] % 200 + 2}
        words |= {"address": f"{own['local']}/{own['prefixlen']}", "bare": own["local"]} if own else {}
        truth.run(room, line.format(**words))

    return change


def _inside(line: str) -> Callable[[Truth, Picked], None]:
    """A line in a room."""

    def change(truth: Truth, picked: Picked) -> None:
        rooms = _rooms(truth)
        truth.run(rooms[picked[0] % len(rooms)], line.format(number=picked[1] % 200 + 2))

    return change


def _twin(truth: Truth, picked: Picked) -> None:
    """Somebody else at a bridge has an address that is borne there."""
    bridges = [link["ifname"] for link in truth.links("host") if kind(link) == "bridge"]
    if not bridges:
        return
    bridge = bridges[picked[0] % len(bridges)]
    ends = [
        near
        for room in _rooms(truth)
        if room != "host"
        for near, far in truth.cables(room, "host")
        if far.get("master") == bridge
    ]
    own = [each for link in ends for each in link["addr_info"] if each["family"] == "inet"]
    if own:
        address = own[picked[1] % len(own)]
        _guest(truth, "twin", bridge, f"{address['local']}/{address['prefixlen']}")


def _stranger(truth: Truth, picked: Picked) -> None:
    """One more room at a bridge, with an address that nobody has."""
    bridges = [link for link in truth.links("host") if kind(link) == "bridge" and link["addr_info"]]
    if bridges:
        bridge = bridges[picked[0] % len(bridges)]
        first = bridge["addr_info"][0]["local"].rpartition(".")[0]
        if first:
            _guest(truth, "stranger", bridge["ifname"], f"{first}.{200 + picked[1] % 50}/24")


def _guest(truth: Truth, name: str, bridge: str, address: str) -> None:
    truth.run(
        "host",
        f"ip netns add {name}; ip link add to-{name} type veth peer name eth0 netns {name}; "
        f"ip link set to-{name} up master {bridge}; ip -n {name} addr add {address} dev eth0; "
        f"ip -n {name} link set eth0 up",
    )


CHANGES: tuple[Callable[[Truth, Picked], None], ...] = (
    _at("ip link set {name} down"),
    _at("ip link set {name} up"),
    _at("ip link set {name} down; ip link set {name} name other{number}; ip link set other{number} up", "veth"),
    _at("ip addr add 10.77.{number}.1/24 dev {name}"),
    _at("ip addr add 10.78.{number}.0/31 dev {name}"),
    _at("ip addr add fd00:{number}::1/64 dev {name}"),
    _at("ip addr del {address} dev {name}", "veth", "bridge"),
    _at("ip addr del {address} dev {name}; ip addr add {bare}/28 dev {name}", "veth", "bridge"),
    _at("ip addr add {bare}/32 dev lo; ip link set lo up", "veth"),
    _at("ip link set {name} nomaster", "veth"),
    _at("ip link add br-new type bridge; ip link set br-new up; ip link set {name} master br-new", "veth"),
    _at("ip link set {name} mtu 1000", "veth"),
    _at("ip link del {name}", "veth"),
    _at("bridge link set dev {name} isolated on", "veth"),
    _at("ip link add spare{number} type veth peer name spare{number}x"),
    _at("ip link add name br-spare type bridge; ip link set br-spare up"),
    _at("iptables -I FORWARD -i {name} -j DROP"),
    _at("iptables -I INPUT -i {name} -j DROP"),
    _inside("iptables -I INPUT -p icmp -j DROP"),
    _inside(
        "nft add table ip own; nft add chain ip own in '{{ type filter hook input priority 0; }}'; "
        "nft add rule ip own in icmp type echo-request drop"
    ),
    _inside("iptables -P FORWARD ACCEPT"),
    _inside("iptables -P INPUT DROP"),
    _inside("iptables -A FORWARD -j ACCEPT"),
    _inside("iptables -I DOCKER-USER -j ACCEPT"),
    _inside("iptables -t nat -F POSTROUTING"),
    _inside("iptables -t nat -F"),
    _inside("ip route del default"),
    _inside("ip route add blackhole 192.168.0.0/16"),
    _inside("ip route add prohibit 10.0.0.0/8"),
    _inside("ip rule add pref 10 lookup {number}"),
    _inside("sysctl -qw net.ipv4.ip_forward=0"),
    _inside("sysctl -qw net.ipv4.ip_forward=1"),
    _inside("sysctl -qw net.bridge.bridge-nf-call-iptables=1"),
    _inside("sysctl -qw net.ipv4.icmp_echo_ignore_all=1"),
    _inside("ip netns add room{number}"),
    _twin,
    _stranger,
)
"""What somebody may have done beside a solution, or instead of a part of it."""
