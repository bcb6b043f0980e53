"""A diagnosis is made from values alone: two containers at a bridge, drawn by hand, and rules of the packet filter."""

from __future__ import annotations

import dataclasses
import ipaddress
import shlex
from typing import Any

import pytest

from netkit.diagnosis import Diagnosis, Found, Packet, Walk, World, doubles, naming, rejections
from netkit.diagnosis.answers import Listener, Port, RouteAnswer
from netkit.diagnosis.findings import LAYERS
from netkit.diagnosis.matching import Passing, Place
from netkit.diagnosis.questions import (
    ListenersQuestion,
    MatchQuestion,
    PoliciesQuestion,
    PortQuestion,
    ProxiesQuestion,
    RouteQuestion,
    RulesQuestion,
    UnreadyQuestion,
)
from netkit.model import Interface, Namespace, Neighbour, Route, Rule, Snapshot
from netkit.validation import mac_of

NETWORK = "172.17.1.0/24"
PING = Packet("", "172.17.1.2")


def container(number: int, **more: Any) -> Namespace:
    """ns1, ns2: an eth1 with an address, a cable to the host."""
    address = f"172.17.1.{number}"
    eth1 = Interface(
        "eth1",
        "veth",
        mac_of(address),
        up=True,
        carrier=True,
        state="up",
        addresses=(f"{address}/24",),
        peer=("host", f"veth{number}"),
    )
    links = {"lo": Interface("lo", "loopback", up=True, addresses=("127.0.0.1/8",)), "eth1": eth1}
    return Namespace(f"ns{number}", links, (Route(NETWORK, None, "eth1"),), **more)


def host(**more: Any) -> Namespace:
    """The bridge and its two ports."""
    links = {"brtest": Interface("brtest", "bridge", "02:00:00:00:00:01", up=True, carrier=True)}
    for number in (1, 2):
        name = f"veth{number}"
        peer = (f"ns{number}", "eth1")
        links[name] = Interface(
            name, "veth", f"02:00:00:00:01:0{number}", up=True, carrier=True, peer=peer, master="brtest"
        )
    return Namespace("host", links, **more)


def changed(space: Namespace, name: str, **facts: Any) -> Namespace:
    """A namespace with one interface changed."""
    links = {**space.interfaces, name: dataclasses.replace(space.interfaces[name], **facts)}
    return dataclasses.replace(space, interfaces=links)


def answer(snapshot: Snapshot, question: Any) -> Any:
    """What a kernel in this state would say."""
    if isinstance(question, RouteQuestion):
        return route(snapshot[question.namespace], question.destination)
    if isinstance(question, PortQuestion):
        return Port()
    if isinstance(question, MatchQuestion):
        return next(iter(snapshot[question.namespace].routes), None)
    listed = (ListenersQuestion, RulesQuestion, ProxiesQuestion, PoliciesQuestion, UnreadyQuestion)
    if isinstance(question, listed):
        return ()
    return "3" if question.name.endswith("_solicit") else "0"


def route(space: Namespace, destination: str) -> RouteAnswer:
    own = [text for link in space.interfaces.values() for text in link.addresses]
    if destination in {text.partition("/")[0] for text in own}:
        return RouteAnswer("local", None, "lo", destination)
    for known in space.routes:
        if space[known.device or ""].up and ipaddress.ip_address(destination) in ipaddress.ip_network(
            known.destination
        ):
            return RouteAnswer("unicast", None, known.device, own[1].partition("/")[0])
    return RouteAnswer(error="ENETUNREACH", words="Network is unreachable")


def world(*spaces: Namespace) -> World:
    snapshot = Snapshot({space.name: space for space in spaces})
    return World(snapshot, ask=lambda question: answer(snapshot, question))


def finding(*spaces: Namespace, packet: Packet = PING) -> Any:
    """What a walk from ns1 finds, None if all is well."""
    try:
        Walk(world(*spaces)).there_and_back("ns1", packet)
    except Found as found:
        return found.finding
    return None


def test_all_is_well() -> None:
    walk = Walk(world(host(), container(1), container(2)))
    walk.there_and_back("ns1", PING)
    assert walk.passed["bridge"] == {"brtest in host": None}
    assert list(walk.passed["return path"]) == ["ns2 → ns1"]
    assert set(walk.passed) < set(LAYERS)


DROPS = Rule("iptables", "filter", "INPUT", "-A INPUT -s 172.17.1.0/24 -p icmp -j DROP")
STATIC = Neighbour("172.17.1.2", "eth1", "02:42:ac:11:01:77", "permanent")
BROKEN = {
    "link": ((host(), changed(container(1), "eth1", up=False), container(2)), "eth1 up"),
    "no signal": (
        (changed(host(), "veth1", up=False), changed(container(1), "eth1", carrier=False), container(2)),
        "veth1 up",
    ),
    "address": ((host(), container(1), changed(container(2), "eth1", addresses=())), "172.17.1.2/24"),
    "neighbour": ((host(), container(1, neighbours=(STATIC,)), container(2)), "ip neigh del 172.17.1.2"),
    "bridge": ((changed(host(), "veth2", master=None), container(1), container(2)), "veth2 master brtest"),
    "filter": ((host(), container(1), container(2, rules=(DROPS,))), "iptables -D INPUT -s 172.17.1.0/24"),
    "return path": (
        (host(), container(1), dataclasses.replace(container(2), routes=())),
        "ip route add 172.17.1.0/24 dev",
    ),
}


@pytest.mark.parametrize("layer", BROKEN)
def test_first_layer_that_fails(layer: str) -> None:
    spaces, repair = BROKEN[layer]
    found = finding(*spaces)
    assert found.layer == {"no signal": "link"}.get(layer, layer)
    assert repair in "; ".join(found.repair)
    assert found.evidence


def test_the_first_of_two_faults_is_named() -> None:
    found = finding(changed(host(), "veth2", master=None), changed(container(1), "eth1", up=False), container(2))
    assert found.layer == "link"


def test_duplicates_are_faults_even_if_packets_get_through() -> None:
    twin = changed(container(2), "eth1", peer=("host", "veth3"), addresses=("172.17.1.3/24", "172.17.1.2/24"))
    third = dataclasses.replace(twin, name="ns3")
    bridge = host()
    veth3 = dataclasses.replace(bridge["veth2"], name="veth3", peer=("ns3", "eth1"))
    bridge = dataclasses.replace(bridge, interfaces={**bridge.interfaces, "veth3": veth3})
    found = finding(bridge, container(1), container(2), third)
    assert (found.layer, found.lasting, found.where) == ("address", True, "ns3")


def test_of_two_with_an_address_of_ipv6_the_one_without_its_network_is_wrong() -> None:
    one, other = (changed(container(n), "eth1", addresses=(f"fd00::2/{length}",)) for n, length in ((1, 128), (2, 64)))
    world = World(Snapshot({space.name: space for space in (one, other)}))
    found = doubles.duplicate_address(world, [("ns1", "eth1"), ("ns2", "eth1")], "fd00::2", "")
    assert found is not None
    assert found.where == "ns1"


def test_a_link_local_destination_binds_a_packet_to_its_interface() -> None:
    assert Packet("", "fe80::2", scope="eth1").bound == "eth1"
    assert Packet("", "ff02::1", scope="eth1").bound == "eth1"
    assert Packet("fe80::1", "fe80::2", scope="eth1").reversed().bound == "eth1"
    assert Packet("", "fd00::2", scope="eth1").bound is None
    assert Packet("", "169.254.0.1", scope="eth1").bound is None
    assert RouteQuestion("ns1", "fe80::2", oif="eth1").command == "ip route get fe80::2 oif eth1"


def test_nobody_listens() -> None:
    found = finding(host(), container(1), container(2), packet=Packet("", "172.17.1.2", "tcp", 40000, 80))
    assert (found.layer, found.where) == ("service", "ns2")


@pytest.mark.parametrize(
    ("command", "beside"),
    [
        ("serve --bind :: 80", "serve --bind 0.0.0.0 80"),
        ("serve tcp :: 80 v6only", "serve tcp 0.0.0.0 80"),
        ("serve :: 80 --only-ipv6=1", "serve 0.0.0.0 80"),
        ("nc -6 -lk :: 80", "nc -lk 0.0.0.0 80"),
        ("serve '[::]:80'", "serve 0.0.0.0:80"),
        ("serve :: 80 --family=inet6", None),
        ("serve 80", None),
    ],
)
def test_a_server_of_ipv6_alone_gets_one_of_ipv4_beside_it(command: str, beside: str | None) -> None:
    there = Listener("tcp", "::", 80, "serve", 7, tuple(shlex.split(command)), only_six=True)
    known = world(host(), container(1), container(2))
    known.facts[ListenersQuestion("ns2")] = (there,)
    with pytest.raises(Found) as found:
        Walk(known).there_and_back("ns1", Packet("", "172.17.1.2", "tcp", 40000, 80))
    assert "for IPv6 only" in found.value.finding.explanation
    wanted = () if beside is None else (f"ip netns exec ns2 {beside} >/dev/null 2>&1 &",)
    assert found.value.finding.repair == wanted


@pytest.mark.parametrize(
    ("packet", "flush"),
    [
        (
            Packet("fd00::1", "ff02::1:ff00:2", kind="neighbour-solicitation", asked="fd00::2"),
            "ns1 ip neigh flush to fd00::2",
        ),
        (Packet("fd00::2", "fd00::1", kind="neighbour-advertisement"), "ns1 ip neigh flush to fd00::2"),
        (Packet("172.17.1.1", "172.17.1.2", "arp"), "ns1 ip neigh flush to 172.17.1.2"),
        (Packet("172.17.1.1", "172.17.1.2", "arp").reversed(), "ns1 ip neigh flush to 172.17.1.2"),
    ],
)
def test_who_asked_in_vain_for_a_neighbour_forgets_that(packet: Packet, flush: str) -> None:
    spaces = [
        changed(container(number), "eth1", addresses=(f"172.17.1.{number}/24", f"fd00::{number}/64"))
        for number in (1, 2)
    ]
    rule = Rule("ip6tables", "filter", "INPUT", "-A INPUT -j DROP")
    found = rejections.dropped(world(host(), *spaces), Place("ns2", "INPUT", "eth1"), Passing(packet, "eth1"), rule)
    assert found.repair[-1] == f"ip netns exec {flush}"


def test_hosts_files() -> None:
    text = "127.0.0.1 localhost\n::1 db # six\n172.17.0.2\tdb 0123456789ab # a link\n"
    assert naming.looked_up(text, "db") == ("172.17.0.2", ["db", "0123456789ab"])
    assert naming.looked_up(text, "link") is None


def test_a_diagnosis_shows_itself() -> None:
    walked = {"route": ("ns1: dev eth1",), "link": ("eth1 in ns1",)}
    shown = Diagnosis("ns1", "10.0.0.<1>", False, "filter", "dropped", ["$ x\n  y\n  z"], ["repair it"], "host", walked)  # noqa: FBT003
    assert repr(shown).splitlines() == [
        "✗ ns1 does not reach 10.0.0.<1>",
        "  ✓ link: eth1 in ns1",
        "  ✓ route: ns1: dev eth1",
        "  ✗ filter: dropped",
        "  what shows it:",
        "    $ x",
        "      y",
        "      z",
        "  repair, on the host:",
        "    repair it",
    ]
    assert "10.0.0.&lt;1&gt;" in shown._repr_html_()
    assert not shown
