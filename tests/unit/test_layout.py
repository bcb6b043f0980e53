"""The layout: whatever the network, nothing overlaps, nothing is cut off, and every cable ends at its chips."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from netkit.model import Rule, Snapshot
from netkit.pictures.network import Scene, lay_out
from netkit.pictures.network.badges import badges
from netkit.pictures.network.measure import text_width
from tests.unit import cases
from tests.unit.geometry import faults, holds
from tests.unit.networks import networks


@pytest.mark.parametrize("name", cases.CASES)
def test_nothing_overlaps_and_nothing_is_cut_off(name: str) -> None:
    assert not faults(lay_out(cases.CASES[name](), title="A title", mac=True))


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_nothing_overlaps_in_any_network(snapshot: Snapshot) -> None:
    assert not faults(lay_out(snapshot))


@pytest.mark.parametrize("name", cases.CASES)
def test_every_interface_and_namespace_is_there_once(name: str) -> None:
    snapshot = cases.CASES[name]()
    scene = lay_out(snapshot)
    rooms = [room.namespace for room in scene.rooms if room.kind != "group"]
    assert sorted(rooms) == sorted(snapshot.namespaces)
    ends = [thing.end for thing in (*scene.chips, *scene.bars)]
    assert len(ends) == len(set(ends))
    if name != "many_500":
        links = [(space.name, link.name) for space in snapshot for link in space.interfaces.values()]
        assert sorted(ends) == sorted(end for end in links if end[1] != "lo")


@pytest.mark.parametrize("name", cases.CASES)
def test_the_same_network_gives_the_same_scene(name: str) -> None:
    snapshot = cases.CASES[name]()
    turned = Snapshot(dict(reversed(snapshot.namespaces.items())))
    assert lay_out(snapshot) == lay_out(turned) == lay_out(Snapshot.from_json(snapshot.to_json()))


def below(scene: Scene, upper: str, lower: str) -> bool:
    rooms = {room.namespace: room.box for room in scene.rooms}
    return rooms[upper].bottom < rooms[lower].y


def beside(scene: Scene, left: str, right: str) -> bool:
    rooms = {room.namespace: room.box for room in scene.rooms}
    return rooms[left].y == rooms[right].y and rooms[left].right < rooms[right].x


def test_the_host_is_on_top_and_as_wide_as_what_is_below() -> None:
    scene = lay_out(cases.docker())
    assert all(below(scene, "host", name) for name in ("web", "db", "[redis]"))
    host, *others = [room.box for room in scene.rooms]
    assert all(host.x <= box.x and box.right <= host.right for box in others)


def test_routers_stand_side_by_side() -> None:
    scene = lay_out(cases.routers())
    assert all(beside(scene, *pair) for pair in (("ns1", "r1"), ("r1", "r2"), ("r2", "ns2")))
    walls = {line.ends: line.points for line in scene.lines}
    assert walls[("r1", "eth1"), ("r2", "eth0")][0][1] == walls[("r1", "eth1"), ("r2", "eth0")][-1][1]


def test_two_hosts_are_joined_by_a_tunnel() -> None:
    scene = lay_out(cases.two_hosts())
    (tunnel,) = [line for line in scene.lines if line.kind == "tunnel"]
    assert set(tunnel.ends) == {("hostA", "vxlan42"), ("hostB", "vxlan42")}
    assert beside(scene, "hostA", "hostB")
    assert below(scene, "hostA", "a1")


def test_a_tunnel_between_devices_that_were_moved() -> None:
    """As Docker has it: the devices' addresses are those of the namespaces in which they were made."""
    network = cases.Network("a-ov", "b-ov", "c-ov")
    for room, own, other in (("a-ov", "1", "2"), ("b-ov", "2", "1"), ("c-ov", "3", "9")):
        ways = (("group", f"10.0.0.{other}"), ("local", f"10.0.0.{own}"), ("vni", "7"))
        network.link(room, "vxlan0", "vxlan", details=ways)
    tunnels = [line.ends for line in lay_out(network.snapshot()).lines if line.kind == "tunnel"]
    assert [set(ends) for ends in tunnels] == [{("a-ov", "vxlan0"), ("b-ov", "vxlan0")}]


def overlay(*busy: str) -> Snapshot:
    """Two machines with an overlay's room each, one container, and whose programs live in which room."""
    network = cases.Network("m1", "m2", "m1-ov", "m2-ov", "one")
    network.veth(("m1", "eth0"), ("m2", "eth0"), addresses=("10.0.0.2/24",))
    network.change(("m1", "eth0"), addresses=("10.0.0.1/24",))
    for room, own, other in (("m1-ov", "1", "2"), ("m2-ov", "2", "1")):
        ways = (("local", f"10.0.0.{own}"), ("remote", f"10.0.0.{other}"), ("vni", "7"))
        network.bridge(room, "br0").link(room, "vxlan0", "vxlan", details=ways).port(room, "br0", "vxlan0")
    network.veth(("m1-ov", "veth1"), ("one", "eth0")).port("m1-ov", "br0", "veth1")
    for room in busy:
        network.room(room, processes=("sleep",))
    return network.snapshot()


@pytest.mark.parametrize("busy", [(), ("m1-ov",)])
def test_an_overlays_room_is_inside_its_machines_if_it_says_no_more(busy: tuple[str, ...]) -> None:
    scene = lay_out(overlay(*busy))
    assert not faults(scene)
    rooms = {room.namespace: room.box for room in scene.rooms}
    assert holds(rooms["m2"], rooms["m2-ov"])
    assert holds(rooms["m1"], rooms["m1-ov"]) != bool(busy)
    assert {thing.end for thing in (*scene.chips, *scene.bars)} >= {("m1-ov", "br0"), ("m1-ov", "vxlan0")}
    assert any(set(line.ends) == {("m1-ov", "veth1"), ("one", "eth0")} for line in scene.lines)
    assert [set(line.ends) for line in scene.lines if line.kind == "tunnel"] == [
        {("m1-ov", "vxlan0"), ("m2-ov", "vxlan0")}
    ]


def test_words_of_a_bridge_stand_beside_the_lines_that_pass_it() -> None:
    network = cases.Network("host", *(f"ns{number}" for number in range(8)))
    for bridge in range(5):
        network.bridge("host", f"br{bridge}", f"10.{bridge}.0.1/24")
    for number in range(8):
        for bridge in (3 * number % 5, (3 * number + 2) % 5):
            cable = f"veth{number}{bridge}"
            network.veth(("host", cable), (f"ns{number}", f"eth{bridge}")).port("host", f"br{bridge}", cable)
    scene = lay_out(network.snapshot())
    words = [text.box for text in scene.texts for bar in scene.bars if holds(bar.box, text.box, 1)]
    assert len(words) == 10
    for line in scene.lines:
        (x, top), (_, bottom) = sorted(line.points[:: len(line.points) - 1], key=lambda point: point[1])
        passed = [box for box in words if box.x < x < box.right and top < box.y and box.bottom < bottom]
        assert line.kind != "port" or not passed


def test_namespaces_are_sorted_as_people_sort_them() -> None:
    rooms = lay_out(cases.many(10)).rooms[1:]
    by_place = sorted(rooms, key=lambda room: (room.box.y, room.box.x))
    assert [room.namespace for room in by_place] == [f"ns{i}" for i in range(1, 11)]


def test_a_cable_is_dead_when_either_end_is_down() -> None:
    (cable,) = [line for line in lay_out(cases.section_3_half_up()).lines if line.kind == "cable"]
    assert not cable.alive
    assert {"down", "no carrier"} <= {text.text for text in lay_out(cases.section_3_half_up()).texts}


@pytest.mark.parametrize(("count", "widest"), [(2, 500), (10, 1000), (50, 1300), (500, 1600)])
def test_pictures_grow_downward_rather_than_sideways(count: int, widest: float) -> None:
    scene = lay_out(cases.many(count))
    assert scene.width <= widest
    assert scene.height <= scene.width


def test_very_many_namespaces_are_tiles_with_one_thick_cable() -> None:
    scene = lay_out(cases.many(500))
    assert [line.kind for line in scene.lines if line.kind != "port"] == ["trunk"]
    words = {text.text for text in scene.texts}
    assert {"500 namespaces on brtest", "veth1 … veth500 (500)", "eth0 (500)", "ns500", "172.17.1.245"} <= words


def test_what_the_room_says_about_itself() -> None:
    words = {text.text for text in lay_out(cases.docker()).texts}
    assert {
        "MASQUERADE 172.17.0.0/16", "DNAT tcp 8080 → 172.17.0.2:80", "FORWARD DROP", "ip_forward = 1",
        "bridge-nf-call-iptables = 1", "default via 192.168.1.1", "default via 172.17.0.1",
    } <= words  # fmt: skip


def test_lo_is_told_only_where_it_matters() -> None:
    def lo(name: str) -> list[str]:
        return sorted(text.text for text in lay_out(cases.CASES[name]()).texts if text.role == "lo")

    assert lo("section_4") == []
    assert lo("sandbox") == ["lo up"]
    assert lo("loners") == ["lo down"] * 3
    assert lo("addresses") == ["lo up 10.255.0.1/32"]


def test_random_macs_and_learned_addresses_are_not_shown() -> None:
    network = cases.Network("host", "ns1").veth(("host", "veth1"), ("ns1", "eth0"), addresses=("fe80::1/64",))
    network.change(("host", "veth1"), mac="0a:11:22:33:44:55").change(("ns1", "eth0"), mac="02:42:ac:11:00:02")
    words = {text.text for text in lay_out(network.snapshot(), mac=True).texts}
    assert "02:42:ac:11:00:02" in words
    assert not words & {"0a:11:22:33:44:55", "fe80::1/64"}
    assert "02:42:ac:11:00:02" not in {text.text for text in lay_out(network.snapshot()).texts}


RULES = [
    (("iptables", "filter", "FORWARD", "-P FORWARD ACCEPT"), None),
    (("iptables", "filter", "INPUT", "-P INPUT DROP"), ("INPUT DROP", "drop")),
    (("iptables", "filter", "DOCKER", "-N DOCKER"), None),
    (("iptables", "filter", "FORWARD", "-A FORWARD -j ACCEPT"), None),
    (("iptables", "filter", "FORWARD", "-A FORWARD -s 10.0.0.0/8 -p tcp -m tcp --dport 80 -j DROP"),
     ("FORWARD DROP tcp 80 from 10.0.0.0/8", "drop")),
    (("iptables", "filter", "OUTPUT", "-A OUTPUT -d 10.0.0.1/32 -j REJECT --reject-with icmp-port-unreachable"),
     ("OUTPUT REJECT to 10.0.0.1/32", "drop")),
    (("iptables", "nat", "POSTROUTING", "-A POSTROUTING -o eth0 -j MASQUERADE"), ("MASQUERADE out eth0", "nat")),
    (("iptables", "nat", "POSTROUTING", "-A POSTROUTING -s 10.0.0.0/8 -j SNAT --to-source 192.0.2.1"),
     ("SNAT 10.0.0.0/8 → 192.0.2.1", "nat")),
    (("iptables", "nat", "PREROUTING", "-A PREROUTING -p udp --dport 53 -j REDIRECT --to-ports 5353"),
     ("REDIRECT udp 53 → 5353", "nat")),
    (("iptables", "nat", "X", '-A X -m comment --comment "it\'s odd -j DROP'), ("X DROP", "drop")),
    (("nft", "ip nat", "pre", "tcp dport 8080 dnat to 10.0.0.2:80"), ("DNAT tcp 8080 → 10.0.0.2:80", "nat")),
    (("nft", "ip nat", "post", 'ip saddr 10.0.0.0/8 oifname "eth0" masquerade'), ("MASQUERADE 10.0.0.0/8", "nat")),
    (("nft", "inet my", "forward", "tcp dport 22 reject"), ("forward REJECT tcp 22", "drop")),
    (("nft", "inet my", "forward", "counter"), None),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "badge"), RULES, ids=[rule[3] for rule, _ in RULES])
def test_a_rule_in_a_few_words(rule: tuple[str, str, str, str], badge: tuple[str, str] | None) -> None:
    assert badges([Rule(*rule)]) == ([badge] if badge else [])


def test_rules_that_find_no_place_are_counted() -> None:
    rules = [Rule("iptables", "filter", "INPUT", f"-A INPUT -p tcp --dport {port} -j DROP") for port in range(9)]
    assert badges(rules)[-1] == ("+ 4 more rules", "quiet")


@pytest.mark.parametrize("bold", [False, True])
def test_widths_are_those_of_the_font_that_matplotlib_brings(*, bold: bool) -> None:
    from matplotlib import get_data_path
    from matplotlib.ft2font import FT2Font, LoadFlags

    font = FT2Font(f"{get_data_path()}/fonts/ttf/DejaVuSans{'-Bold' if bold else ''}.ttf")
    letters = [chr(code) for code in range(32, 127)]
    advances = [font.load_char(ord(c), LoadFlags.NO_SCALE).horiAdvance for c in letters]
    assert [text_width(c, 2048, bold=bold) for c in letters] == advances
