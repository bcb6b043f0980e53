"""Networks are compared up to naming: other names change nothing, and each change is told."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import netkit as nk
from netkit.model import ForwardingEntry, Interface, Namespace, Neighbour, Route, Rule, Snapshot
from tests.unit.cases import CASES, many, section_4
from tests.unit.networks import networks
from tests.unit.renaming import renamed
from tests.unit.snapshots import snapshots

ENGINE = Snapshot.from_json((Path(__file__).parent / "recorded" / "engine.json").read_text(encoding="utf-8"))
"""What Docker Engine 20.10 made: a published port on docker0, two containers on a network of their own, one on none."""
WEB, PORT, DOCKER0, BRIDGE = "[httpd]", "veth4", "docker0", "br-"
FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def changed(snapshot: Snapshot, space: str, link: str = "", **more: object) -> Snapshot:
    """The same snapshot with other attributes of one namespace or interface."""
    room = snapshot[space]
    if link:
        room = replace(room, interfaces={**room.interfaces, link: replace(room[link], **more)})
    else:
        room = replace(room, **more)
    return Snapshot({**snapshot.namespaces, space: room})


def rules(snapshot: Snapshot, old: str, new: str = "") -> Snapshot:
    """The same snapshot with another rule, or none, in the place of one of the host's."""
    [found] = [rule for rule in snapshot["host"].rules if rule.text == old]
    kept = (rule if rule is not found else replace(rule, text=new) for rule in snapshot["host"].rules)
    return changed(snapshot, "host", rules=tuple(rule for rule in kept if rule.text))


@pytest.mark.parametrize("name", [name for name in CASES if name not in {"many_500", "many_50"}])
@pytest.mark.parametrize("seed", range(2))
def test_other_names_change_nothing(name: str, seed: int) -> None:
    snapshot = CASES[name]()
    result = nk.compare(snapshot, renamed(snapshot, seed))
    assert result.equal, result
    assert len(result.pairs) == sum(1 + len(space.interfaces) for space in snapshot)


@pytest.mark.parametrize("addresses", [True, False])
@pytest.mark.parametrize("seed", range(2))
def test_other_names_of_what_docker_made_change_nothing(seed: int, *, addresses: bool) -> None:
    other = renamed(ENGINE, seed, addresses=addresses)
    assert other != ENGINE
    result = nk.compare(ENGINE, other)
    assert result.equal, result
    assert (WEB, other["host"].name) not in result.pairs


@FEW
@given(snapshot=networks(), seed=st.integers(0, 99))
def test_any_network_is_the_same_under_other_names(snapshot: Snapshot, seed: int) -> None:
    result = nk.compare(snapshot, renamed(snapshot, seed))
    assert result.equal, result


@FEW
@given(a=snapshots(), b=snapshots())
def test_any_two_snapshots_can_be_compared(a: Snapshot, b: Snapshot) -> None:
    there, back = nk.compare(a, b), nk.compare(b, a)
    assert nk.compare(a, a).equal
    assert there.equal == back.equal
    assert there.equal == (not there.differences)


def host_port(snapshot: Snapshot) -> str:
    return snapshot[WEB]["eth0"].peer[1]


DNAT = "-A DOCKER -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80"
ALLOW = "-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT"
MASQUERADE = "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE"
CHANGES = {
    "address missing": (changed(ENGINE, WEB, "eth0", addresses=()), "eth0 in .* has the address 172.17.0.2/16; b: "),
    "other address": (
        changed(ENGINE, WEB, "eth0", addresses=("172.17.0.9/16",)),
        "172.17.0.2/16; b: .* has the address 172.17.0.9/16",
    ),
    "other prefix": (
        changed(ENGINE, WEB, "eth0", addresses=("172.17.0.2/24",)),
        "has the address 172.17.0.2/16; b: .* has the address 172.17.0.2/24",
    ),
    "second address": (
        changed(ENGINE, WEB, "eth0", addresses=("172.17.0.2/16", "172.17.0.3/16")),
        "has no such address; b: .* has the address 172.17.0.3/16",
    ),
    "default route": (
        changed(ENGINE, WEB, routes=ENGINE[WEB].routes[1:]),
        "eth0 in .* has a default route by 172.17.0.1; b: .* has no such default route",
    ),
    "other router": (
        changed(ENGINE, WEB, routes=(Route("default", via="172.17.0.7", device="eth0"), *ENGINE[WEB].routes[1:])),
        "has a default route by 172.17.0.1; b: .* has a default route by 172.17.0.7",
    ),
    "own network's route": (changed(ENGINE, WEB, routes=ENGINE[WEB].routes[:1]), "lacks the route to its own network"),
    "link down": (changed(ENGINE, WEB, "eth0", up=False), "eth0 in .* is up; b: .* is down"),
    "lo down": (changed(ENGINE, WEB, "lo", up=False), "lo in .* is up; b: .* is down"),
    "MTU": (changed(ENGINE, WEB, "eth0", mtu=1450), "has the MTU 1500; b: .* has the MTU 1450"),
    "no port": (changed(ENGINE, "host", host_port(ENGINE), master=None), "is a port of docker0; b: .* is no port"),
    "hairpin": (changed(ENGINE, "host", host_port(ENGINE), details=()), "has hairpin on; b: .* has hairpin off"),
    "MAC": (changed(ENGINE, WEB, "eth0", mac="4a:00:00:00:00:01"), "has the MAC 02:42:ac:11:00:02; b: .* drawn by"),
    "cable": (
        changed(changed(ENGINE, "host", host_port(ENGINE), peer=None), WEB, "eth0", peer=None),
        "is cabled to eth0 in .*; b: .* other end",
    ),
    "no DNAT": (rules(ENGINE, DNAT), "through DOCKER, the rule `-A DOCKER .*8080.*; b: host has no rule"),
    "other port": (rules(ENGINE, DNAT, DNAT.replace("8080", "8081")), "--dport 8080 .*; b: .* --dport 8081 "),
    "other target": (rules(ENGINE, DNAT, DNAT.replace(":80", ":81")), "0.2:80`; b: .*0.2:81`"),
    "other protocol": (rules(ENGINE, ALLOW, ALLOW.replace("tcp", "udp")), "-p tcp .*; b: .* -p udp"),
    "no NAT": (rules(ENGINE, MASQUERADE), "MASQUERADE`; b: host has no rule"),
    "policy": (rules(ENGINE, "-P FORWARD DROP"), "has the policy DROP for FORWARD .*; b: host has the policy ACCEPT"),
    "forwarding": (
        changed(ENGINE, "host", sysctls={**ENGINE["host"].sysctls, "net.ipv4.ip_forward": "0"}),
        "host has net.ipv4.ip_forward = 1; b: host has net.ipv4.ip_forward = 0",
    ),
    "bridge calls": (
        changed(ENGINE, "host", sysctls={**ENGINE["host"].sysctls, "net.bridge.bridge-nf-call-iptables": "1"}),
        "bridge-nf-call-iptables = 0; b: host has net.bridge.bridge-nf-call-iptables = 1",
    ),
    "neighbour": (
        changed(ENGINE, WEB, neighbours=(Neighbour("172.17.0.1", "eth0", "02:42:ac:11:00:01", "permanent"),)),
        "a: .* has no such entry; b: .* has the permanent neighbour 172.17.0.1",
    ),
    "FDB entry": (
        changed(ENGINE, "host", fdb=(ForwardingEntry("02:42:ac:11:00:02", "docker0", state="static"),)),
        "has no such entry; b: docker0 in host has the static FDB entry 02:42:ac:11:00:02",
    ),
    "one namespace more": (
        Snapshot({**ENGINE.namespaces, "db": Namespace("db", {"eth7": Interface("eth7", "dummy")})}),
        "a: has nothing like it; b: has the namespace db with eth7",
    ),
    "one namespace less": (
        Snapshot({name: space for name, space in ENGINE.namespaces.items() if name != "[sleep]"}),
        r"a: has the namespace \[sleep\].*; b: has nothing like it",
    ),
    "one interface more": (
        changed(
            ENGINE, "host", interfaces={**ENGINE["host"].interfaces, "br9": Interface("br9", "bridge")}
        ),
        "a: has nothing like it; b: has the bridge br9 in host",
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_is_told(change: str) -> None:
    other, sentence = CHANGES[change]
    there, back = nk.compare(ENGINE, other), nk.compare(renamed(other, 0, addresses=False), ENGINE)
    assert not there
    assert not there.equal
    assert any(re.search(sentence, text) for text in there.differences), there
    assert len(there.differences) == len(back.differences) <= 3, (there, back)


@pytest.mark.parametrize("change", ["MTU", "other port", "one namespace less"])
def test_it_does_not_matter_which_is_the_first(change: str) -> None:
    other, _ = CHANGES[change]
    there, back = nk.compare(ENGINE, other), nk.compare(other, ENGINE, a_name="b", b_name="a")
    turned = {" ".join(reversed(text.split("; "))) for text in back.differences}
    assert {" ".join(text.split("; ")) for text in there.differences} == turned


def test_two_containers_that_are_swapped_are_the_same() -> None:
    network = section_4()
    swapped = Snapshot({"host": network["host"], "ns2": network["ns2"], "ns1": network["ns1"]})
    assert nk.compare(network, swapped).equal


def test_a_port_of_another_bridge_is_told() -> None:
    network = CASES["two_bridges"]()
    result = nk.compare(network, changed(network, "host", "veth4", master="br-front"))
    assert "a: veth4 in host is a port of br-back; b: veth4 in host is a port of br-front" in result.differences


def test_points_that_are_known_are_set_apart_with_their_reasons() -> None:
    other = changed(changed(ENGINE, WEB, "eth0", mtu=1450), WEB, "lo", up=False)
    result = nk.compare(ENGINE, other, ignore=[("MTU", "the tunnel needs 50 bytes"), ("never", "not seen")])
    assert [known.reason for known in result.known] == ["the tunnel needs 50 bytes"]
    assert result.differences == [f"a: lo in {WEB} is up; b: lo in {WEB} is down"]
    assert nk.compare(ENGINE, other, ignore=[("MTU", "smaller"), ("lo in", "idle")]).equal


def test_the_result_shows_itself() -> None:
    other = changed(ENGINE, WEB, "eth0", mtu=1450)
    same, differs = nk.compare(ENGINE, ENGINE), nk.compare(ENGINE, other, a_name="Docker", b_name="<by hand>")
    known = nk.compare(ENGINE, other, ignore=[("MTU", "smaller packets")])
    assert repr(same) == "✓ a and b are the same network up to names"
    assert repr(differs).splitlines() == [
        "✗ Docker and <by hand> differ in 1 point:",
        f"  - Docker: eth0 in {WEB} has the MTU 1500; <by hand>: eth0 in {WEB} has the MTU 1450",
    ]
    assert repr(known).startswith("✓ a and b are the same network up to names but for 1 known point\n  known: a: eth0")
    assert ">eth0 in [httpd] has the MTU 1450</td>" in differs._repr_html_()
    assert "&lt;by hand&gt;" in differs._repr_html_()
    assert ">smaller packets</td>" in known._repr_html_()
    assert repr(nk.compare(ENGINE, other)) == repr(nk.compare(ENGINE, other))


@pytest.mark.parametrize(
    ("arguments", "options", "word"),
    [
        ((None, ENGINE), {}, "None cannot be compared"),
        ((ENGINE, "docker"), {}, "'docker' cannot be compared"),
        ((ENGINE, {}), {}, "{} cannot be compared"),
        ((ENGINE, ENGINE), {"a_name": ""}, "a_name='' says nothing"),
        ((ENGINE, ENGINE), {"b_name": 7}, "7 is not a text"),
        ((ENGINE, ENGINE), {"ignore": "MTU"}, "'MTU' is no list"),
        ((ENGINE, ENGINE), {"ignore": None}, "None is no list"),
        ((ENGINE, ENGINE), {"ignore": ["MTU"]}, "'MTU' is no list"),
        ((ENGINE, ENGINE), {"ignore": [("MTU", "")]}, "is no list"),
        ((ENGINE, ENGINE), {"ignore": [("(", "why")]}, "is no regular expression"),
    ],
)
def test_wrong_arguments_are_refused(arguments: tuple, options: dict, word: str) -> None:
    with pytest.raises(nk.NetkitError, match=word.replace("(", r"\(")):
        nk.compare(*arguments, **options)


@pytest.mark.parametrize("faulty", [False, True])
def test_twenty_containers_take_less_than_a_second(*, faulty: bool) -> None:
    network = many(20)
    other = renamed(network, 1)
    if faulty:
        name = next(name for name in other.namespaces if name != "host")
        link = next(link for link in other[name].interfaces if link != "lo")
        other = changed(other, name, link, up=False)
    start = time.process_time()
    result = nk.compare(network, other)
    assert time.process_time() - start < 1
    assert sum(" is down" in text for text in result.differences) == faulty, result
    assert len(result.differences) <= 2 * faulty, result


def test_rules_in_another_tool_are_no_rules_of_this_one() -> None:
    rule = Rule("nft", "inet shop", "forward", 'iifname "eth0" ip saddr 10.0.0.0/24 drop')
    network = changed(section_4(), "host", rules=(rule,))
    assert nk.compare(network, renamed(network, 0)).equal
    result = nk.compare(network, section_4())
    assert result.differences == [
        f"a: host has in the chain forward of the table inet shop the rule `{rule.text}`; "
        "b: host has no rule of that meaning"
    ]


def test_a_bridge_s_mac_that_the_engine_drew_does_not_count() -> None:
    drawn, looks_private = "02:42:13:d4:05:06", "02:42:0a:15:d1:5e"
    assert nk.compare(*(changed(ENGINE, "host", "docker0", mac=mac) for mac in (drawn, looks_private))).equal
    chosen = changed(ENGINE, "host", "docker0", mac=nk.mac_of("172.17.0.1"))
    assert not nk.compare(chosen, changed(ENGINE, "host", "docker0", mac=drawn)).equal
