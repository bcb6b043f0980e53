"""Knows example networks, written by hand, for the tests of everything that needs no kernel."""

from __future__ import annotations

from dataclasses import replace

from netkit.model import ForwardingEntry, Interface, Namespace, Route, Rule, Snapshot

End = tuple[str, str]


class Network:
    """Puts a snapshot together, step by step."""

    def __init__(self, *names: str, lo: bool = True) -> None:
        self._links: dict[str, dict[str, Interface]] = {}
        self._more: dict[str, dict] = {}
        for name in names:
            self.room(name, lo=lo)

    def room(self, name: str, *, lo: bool = True, **more: object) -> Network:
        link = Interface("lo", "loopback", mtu=65536, up=lo, carrier=True, addresses=("127.0.0.1/8",) if lo else ())
        self._links.setdefault(name, {"lo": link})
        self._more.setdefault(name, {}).update(more)
        return self

    def link(self, room: str, name: str, kind: str, *addresses: str, up: bool = True, **more: object) -> Network:
        more = {"carrier": up, **more}
        self._links[room][name] = Interface(name, kind, up=up, addresses=addresses, **more)
        return self

    def bridge(self, room: str, name: str, *addresses: str, up: bool = True) -> Network:
        return self.link(room, name, "bridge", *addresses, up=up)

    def veth(self, a: End, b: End, *, addresses: tuple[str, ...] = (), up: tuple[bool, bool] = (True, True)) -> Network:
        """A cable; the addresses are b's."""
        signal = all(up)
        self.link(*a, "veth", up=up[0], carrier=signal, peer=b)
        return self.link(*b, "veth", *addresses, up=up[1], carrier=signal, peer=a)

    def change(self, end: End, **more: object) -> Network:
        self._links[end[0]][end[1]] = replace(self._links[end[0]][end[1]], **more)
        return self

    def port(self, room: str, bridge: str, *names: str) -> Network:
        for name in names:
            self.change((room, name), master=bridge)
        return self

    def snapshot(self) -> Snapshot:
        return Snapshot({name: Namespace(name, links, **self._more[name]) for name, links in self._links.items()})


def section_3() -> Snapshot:
    network = Network("host", "nstest").veth(("host", "veth-a"), ("nstest", "veth-b"), addresses=("10.0.0.2/24",))
    network.change(("host", "veth-a"), addresses=("10.0.0.1/24",))
    connected = Route("10.0.0.0/24", device="veth-a", source="10.0.0.1", scope="link", protocol="kernel")
    return network.room("host", routes=(connected,)).snapshot()


def section_3_both_ends_here() -> Snapshot:
    network = Network("host").room("nstest", lo=False)
    return network.veth(("host", "veth-a"), ("host", "veth-b"), up=(False, False)).snapshot()


def section_3_half_up() -> Snapshot:
    network = Network("host").room("nstest", lo=False)
    return network.veth(("host", "veth-a"), ("nstest", "veth-b"), up=(True, False)).snapshot()


def section_4() -> Snapshot:
    network = Network("host", "ns1", "ns2").bridge("host", "brtest", "172.17.1.254/24")
    for i in (1, 2):
        network.veth(("host", f"veth{i}"), (f"ns{i}", "eth1"), addresses=(f"172.17.1.{i}/24",))
    return network.port("host", "brtest", "veth1", "veth2").snapshot()


def section_4_unplugged() -> Snapshot:
    """The bridge is there, nothing is in it, nothing is up."""
    network = Network("host").room("ns1", lo=False).room("ns2", lo=False).bridge("host", "brtest", up=False)
    for i in (1, 2):
        network.veth(("host", f"veth{i}"), (f"ns{i}", "eth1"), up=(False, False))
    return network.snapshot()


NAT_RULES = (
    Rule("iptables", "nat", "POSTROUTING", "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE"),
    Rule("iptables", "nat", "DOCKER",
         "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80"),
    Rule("iptables", "filter", "FORWARD", "-P FORWARD DROP"),
    Rule("iptables", "filter", "FORWARD", "-A FORWARD -o docker0 -j DOCKER"),
    Rule("iptables", "filter", "INPUT", "-P INPUT ACCEPT"),
)  # fmt: skip


def docker() -> Snapshot:
    network = Network("host").bridge("host", "docker0", "172.17.0.1/16")
    network.link("host", "eth0", "ethernet", "192.168.1.7/24", mac="52:54:00:12:34:56")
    network.room("host", rules=NAT_RULES, routes=(Route("default", via="192.168.1.1", device="eth0"),),
                 sysctls={"net.ipv4.ip_forward": "1", "net.bridge.bridge-nf-call-iptables": "1"})  # fmt: skip
    for i, name in enumerate(("web", "db", "[redis]"), 2):
        network.room(name, routes=(Route("default", via="172.17.0.1", device="eth0"),))
        network.veth(("host", f"veth{i}a{i}b"), (name, "eth0"), addresses=(f"172.17.0.{i}/16",))
        network.change((name, "eth0"), mac=f"02:42:ac:11:00:0{i}").port("host", "docker0", f"veth{i}a{i}b")
    return network.snapshot()


def two_hosts() -> Snapshot:
    """An overlay: two hosts on one switch, a VXLAN tunnel between them, two containers on each."""
    network = Network("host", "hostA", "hostB").bridge("host", "switch")
    for number, host in enumerate(("hostA", "hostB"), 1):
        other = f"192.168.50.{3 - number}"
        network.veth(("host", f"port{number}"), (host, "eth0"), addresses=(f"192.168.50.{number}/24",))
        network.port("host", "switch", f"port{number}").bridge(host, "br-overlay")
        network.link(host, "vxlan42", "vxlan", mtu=1450, details=(("remote", other), ("vni", "42")))
        network.port(host, "br-overlay", "vxlan42")
        for i in (1, 2):
            name = f"{host[-1].lower()}{i}"
            network.room(name).veth((host, f"veth{i}"), (name, "eth0"), addresses=(f"10.42.{number}.{i}/16",))
            network.change((name, "eth0"), mtu=1450).port(host, "br-overlay", f"veth{i}")
    return network.snapshot()


def two_hosts_wired() -> Snapshot:
    """Two hosts joined by a cable; the machine's own namespace has no part in it."""
    network = Network("host", "left", "right")
    network.veth(("left", "eth0"), ("right", "eth0"), addresses=("192.168.50.2/24",))
    network.change(("left", "eth0"), addresses=("192.168.50.1/24",))
    for number, host in enumerate(("left", "right"), 1):
        network.bridge(host, "docker0", f"10.{number}.0.1/24")
        for i in (1, 2, 3):
            name = f"{host[0]}{i}"
            network.room(name).veth((host, f"veth{i}"), (name, "eth0"), addresses=(f"10.{number}.0.{i + 1}/24",))
            network.port(host, "docker0", f"veth{i}")
    return network.snapshot()


def many(count: int) -> Snapshot:
    network = Network("host").bridge("host", "brtest", "172.17.0.1/16")
    for i in range(1, count + 1):
        address = f"172.17.{(i + 1) // 256}.{(i + 1) % 256}/16"
        network.room(f"ns{i}").veth(("host", f"veth{i}"), (f"ns{i}", "eth0"), addresses=(address,))
        network.port("host", "brtest", f"veth{i}")
    return network.snapshot()


def many_some_down(count: int) -> Snapshot:
    snapshot = many(count)
    spaces = dict(snapshot.namespaces)
    for i in (3, 4):
        space, host = spaces[f"ns{i}"], spaces["host"]
        spaces[f"ns{i}"] = replace(space, interfaces={**space.interfaces, "eth0": replace(space["eth0"], up=i == 3)})
        ports = {f"veth{i}": replace(host[f"veth{i}"], up=i != 3, carrier=False)}
        spaces["host"] = replace(host, interfaces={**host.interfaces, **ports})
    return Snapshot(spaces)


def routers() -> Snapshot:
    """ns1 - r1 - r2 - ns2."""
    network = Network("host", "ns1", "ns2")
    for name in ("r1", "r2"):
        network.room(name, sysctls={"net.ipv4.ip_forward": "1"})
    chain = [("ns1", "r1"), ("r1", "r2"), ("r2", "ns2")]
    for number, (a, b) in enumerate(chain, 1):
        ends = ((a, "eth1" if a[0] == "r" else "eth0"), (b, "eth0"))
        network.veth(*ends, addresses=(f"10.0.{number}.2/24",)).change(ends[0], addresses=(f"10.0.{number}.1/24",))
    network.room("r1", routes=(Route("10.0.3.0/24", via="10.0.2.2", device="eth1"),))
    network.room("r2", routes=(Route("10.0.1.0/24", via="10.0.2.1", device="eth0"),))
    network.room("ns1", routes=(Route("default", via="10.0.1.2", device="eth0"),))
    return network.room("ns2", routes=(Route("default", via="10.0.3.1", device="eth0"),)).snapshot()


def ring() -> Snapshot:
    """Three routers, each cabled to both others, below the host."""
    network = Network("host", "r1", "r2", "r3")
    pairs = [("r1", "r2"), ("r2", "r3"), ("r1", "r3")]
    for number, (a, b) in enumerate(pairs):
        network.veth((a, f"to-{b}"), (b, f"to-{a}"), addresses=(f"10.0.{number}.2/30",), up=(True, number != 2))
    return network.veth(("host", "veth0"), ("r2", "uplink"), addresses=("10.9.0.2/24",)).snapshot()


def long_names() -> Snapshot:
    network = Network("host").bridge("host", "br-abcdefghijkl", "172.31.255.254/16")
    for i in (1, 2, 3):
        room = f"a-rather-long-name-of-a-namespace-{i}"
        ends = (("host", f"veth-abcdefgh-{i}"), (room, f"wlan-abcdefgh-{i}"))
        network.room(room).veth(*ends, addresses=(f"172.31.100.10{i}/16",), up=(i != 2, i != 3))
        network.port("host", "br-abcdefghijkl", ends[0][1])
    return network.change(("host", "veth-abcdefgh-1"), mtu=9000).snapshot()


def addresses() -> Snapshot:
    """IPv6, many addresses on one interface, and a bridge with several."""
    network = Network("host", "ns1", "ns2").bridge("host", "br0", "10.0.0.1/24", "2001:db8::1/64", "10.0.1.1/24")
    many_of_them = ("10.0.0.2/24", "2001:db8:1234:5678:9abc:def0:1234:5678/64", "fe80::1234:56ff:fe78:9abc/64")
    network.veth(("host", "veth1"), ("ns1", "eth0"), addresses=many_of_them)
    network.veth(("host", "veth2"), ("ns2", "eth0"), addresses=tuple(f"10.0.0.{i}/24" for i in range(10, 19)))
    network.change(("ns1", "lo"), addresses=("127.0.0.1/8", "10.255.0.1/32", "::1/128"))
    return network.port("host", "br0", "veth1", "veth2").snapshot()


def two_bridges() -> Snapshot:
    """Two user-defined networks, one container on both, a bridge without ports, devices of other kinds."""
    network = Network("host").bridge("host", "br-front", "172.18.0.1/16").bridge("host", "br-back", "172.19.0.1/16")
    network.bridge("host", "br-empty", up=True).link("host", "dummy0", "dummy", "10.255.255.1/32")
    plugs = [("web1", "front"), ("web2", "front"), ("proxy", "front"), ("proxy", "back"), ("db", "back")]
    for number, (name, bridge) in enumerate(plugs):
        network.room(name).veth(
            ("host", f"veth{number}"), (name, f"eth-{bridge}"), addresses=(f"172.18.0.{number}/16",)
        )
        network.port("host", f"br-{bridge}", f"veth{number}")
    return network.link("web1", "dummy1", "dummy").snapshot()


def nested() -> Snapshot:
    """A container in which containers run; one of them is also cabled to a namespace beside the outer one."""
    network = Network("host", "outer", "inner1", "inner2", "beside").bridge("host", "docker0", "172.17.0.1/16")
    network.veth(("host", "veth1"), ("outer", "eth0"), addresses=("172.17.0.2/16",)).port("host", "docker0", "veth1")
    network.veth(("host", "veth2"), ("beside", "eth0"), addresses=("172.17.0.3/16",)).port("host", "docker0", "veth2")
    network.bridge("outer", "docker0", "172.18.0.1/16")
    for i in (1, 2):
        network.veth(("outer", f"veth{i}"), (f"inner{i}", "eth0"), addresses=(f"172.18.0.{i + 1}/16",))
        network.port("outer", "docker0", f"veth{i}")
    return network.veth(("beside", "side0"), ("inner2", "side0"), addresses=("10.1.1.2/24",)).snapshot()


def uplink_in_bridge() -> Snapshot:
    """A namespace that is a switch: its uplink is a port of its bridge."""
    network = Network("host", "switch", "ns1", "ns2").bridge("switch", "br0")
    network.veth(("host", "veth0"), ("switch", "up")).port("switch", "br0", "up")
    network.change(("host", "veth0"), addresses=("10.0.0.254/24",))
    for i in (1, 2):
        network.veth(("switch", f"port{i}"), (f"ns{i}", "eth0"), addresses=(f"10.0.0.{i}/24",))
        network.port("switch", "br0", f"port{i}")
    return network.snapshot()


def odd() -> Snapshot:
    """Names and values that a drawing might trip over."""
    network = Network("host", "$x^2$", "<b>&amp;", "日本語", "a\x07b").bridge("host", "br$0$")
    for number, name in enumerate(("$x^2$", "<b>&amp;", "日本語", "a\x07b")):
        network.veth(("host", f"v$_{number}"), (name, "eth0"), up=(True, True)).port("host", "br$0$", f"v$_{number}")
    network.change(("日本語", "eth0"), mac="0a:11:22:33:44:55", peer=("gone", "eth9"))
    network.change(("host", "v$_2"), peer=None)
    entry = ForwardingEntry("02:42:ac:11:00:02", "v$_0", "br$0$", state="static")
    return network.room("host", fdb=(entry,)).snapshot()


CASES = {
    "empty": lambda: Snapshot({}),
    "sandbox": lambda: Network("host").snapshot(),
    "loners": lambda: Network("host", "ns1", "ns2", lo=False).snapshot(),
    "section_3": section_3,
    "section_3_both_ends_here": section_3_both_ends_here,
    "section_3_half_up": section_3_half_up,
    "section_4": section_4,
    "section_4_unplugged": section_4_unplugged,
    "docker": docker,
    "two_hosts": two_hosts,
    "two_hosts_wired": two_hosts_wired,
    "many_10": lambda: many(10),
    "many_50": lambda: many_some_down(50),
    "many_500": lambda: many(500),
    "routers": routers,
    "ring": ring,
    "long_names": long_names,
    "addresses": addresses,
    "two_bridges": two_bridges,
    "nested": nested,
    "uplink_in_bridge": uplink_in_bridge,
    "odd": odd,
}
