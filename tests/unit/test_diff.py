"""nk.diff: nothing for the same network, a line for every difference, backwards the mirror image, in steady words."""

from __future__ import annotations

import dataclasses
import doctest
import re
from typing import Any

import pytest

import netkit as nk
from netkit import changes as package
from netkit.changes import words
from netkit.changes.result import KINDS, Change, Changes
from netkit.model import (
    ForwardingEntry,
    Interface,
    Namespace,
    Neighbour,
    Route,
    Rule,
)
from tests.unit.diffing import (
    ASKED,
    BRIDGE,
    ETH1,
    NS1,
    OTHER_RANDOM,
    RANDOM,
    RULES,
    VETH,
    host,
    network,
    told,
    with_link,
)

LINKS = [
    ({"up": False, "carrier": False}, "~ link veth1: up → down"),
    ({"carrier": False}, "~ link veth1: up → up without a carrier"),
    ({"mtu": 1400}, "~ link veth1: MTU 1500 → 1400"),
    ({"mac": "02:42:ac:11:00:02"}, "~ link veth1: MAC drawn at random → 02:42:ac:11:00:02"),
    ({"mac": "6e:00:00:00:00:09"}, "~ link veth1: another MAC, 6e:00:00:00:00:09"),
    ({"master": "br0"}, "~ link veth1: no port → port of br0"),
    ({"peer": None}, "~ link veth1: peer eth1 in ns1 → out of sight"),
    ({"details": (("hairpin", "1"),)}, "~ link veth1: hairpin off → on"),
    ({"details": (("vni", "42"),)}, "~ link veth1: vni none → 42"),
    ({"addresses": ("10.0.0.1/24",)}, "+ address 10.0.0.1/24 on veth1"),
    ({"addresses": ("fe80::1/64",)}, "+ address fe80::1/64 on veth1"),
]


@pytest.mark.parametrize(("values", "line"), LINKS)
def test_a_link_that_changes(values: dict[str, Any], line: str) -> None:
    assert told(with_link(), with_link(**values)) == [line]


def test_a_link_that_is_renamed_keeps_what_it_has() -> None:
    route = Route("10.0.0.0/24", device="veth1", scope="link", protocol="kernel")
    was = host(dataclasses.replace(VETH, addresses=("10.0.0.1/24",)), routes=(route,))
    link = dataclasses.replace(VETH, name="lan", addresses=("10.0.0.1/24",))
    now = host(link, routes=(dataclasses.replace(route, device="lan"),))
    end = dataclasses.replace(NS1, interfaces={"eth1": dataclasses.replace(ETH1, peer=("host", "lan"))})
    assert nk.diff(network(was, NS1), network(now, end)).lines == ["host:", "  ~ link lan: renamed from veth1"]


def test_a_link_that_moves_is_the_same_link() -> None:
    beside = dataclasses.replace(VETH, peer=("host", "eth1"))
    before = network(host(beside, dataclasses.replace(ETH1, index=3)), Namespace("ns1"))
    moved = dataclasses.replace(ETH1, name="eth0", index=3, up=False)
    after = network(
        host(dataclasses.replace(VETH, peer=("ns1", "eth0"), carrier=False)), Namespace("ns1", {"eth0": moved})
    )
    assert nk.diff(before, after).only("links").lines == [
        "host:",
        "  ~ link eth1: moved to ns1 as eth0",
        "  ~ link veth1: up → up without a carrier",
        "ns1:",
        "  ~ link eth0: moved from host, where it was eth1",
        "  ~ link eth0: up → down",
    ]


def test_a_link_that_was_made_anew_is_another_one() -> None:
    anew = with_link(index=9, mac="6e:00:00:00:00:09")
    assert told(with_link(), anew) == [
        "- link veth1 (veth, peer eth1 in ns1), up",
        "+ link veth1 (veth, peer eth1 in ns1), up",
    ]


NEWS = [
    ({"routes": (Route("default", "10.0.0.254", "veth1"),)}, "+ route default via 10.0.0.254 dev veth1"),
    ({"routes": (Route("10.9.0.0/16", kind="blackhole"),)}, "+ route blackhole 10.9.0.0/16"),
    (
        {"neighbours": (Neighbour("10.0.0.2", "veth1", OTHER_RANDOM, "stale"),)},
        "+ neighbour 10.0.0.2 on veth1 at the MAC of ns1:eth1, learned",
    ),
    (
        {"neighbours": (Neighbour("10.0.0.9", "veth1", None, "failed"),)},
        "+ neighbour 10.0.0.9 on veth1 without an answer",
    ),
    (
        {"fdb": (ForwardingEntry(OTHER_RANDOM, "veth1", "br0"),)},
        "+ fdb the MAC of ns1:eth1 on veth1 of br0, learned",
    ),
    (
        {"fdb": (ForwardingEntry("00:00:00:00:00:00", "vx0", None, "10.0.0.2", "static"),)},
        "+ fdb 00:00:00:00:00:00 on vx0 to 10.0.0.2, static",
    ),
    ({"rules": RULES[:1]}, "+ rule iptables -A FORWARD -i a -j ACCEPT"),
    (
        {"rules": (Rule("iptables", "nat", "POSTROUTING", "-A POSTROUTING -o br-0123456789ab -j MASQUERADE"),)},
        "+ rule iptables -t nat -A POSTROUTING -o br-* -j MASQUERADE",
    ),
    ({"rules": (Rule("iptables", "nat", "DOCKER", "-N DOCKER"),)}, "+ chain iptables -t nat -N DOCKER"),
    (
        {"rules": (Rule("iptables", "filter", "FORWARD", "-P FORWARD DROP"),)},
        "~ policy iptables -P FORWARD: ACCEPT → DROP",
    ),
    ({"connections": (ASKED,)}, "+ connection tcp 10.0.0.1:* → 10.0.0.2:80, unanswered"),
    ({"hosts": "10.0.0.2\tweb 0123456789ab\n"}, "+ hosts 10.0.0.2 web *"),
    ({"processes": ("nginx", "nginx")}, "+ process nginx"),
]


@pytest.mark.parametrize(("tables", "line"), NEWS)
def test_what_is_new_or_gone(tables: dict[str, Any], line: str) -> None:
    old, new = with_link(), host(VETH, BRIDGE, **tables)
    assert told(old, new) == [line]
    if "connections" not in tables:
        backwards = line.replace("+", "-", 1).replace("ACCEPT → DROP", "DROP → ACCEPT")
        assert told(new, old) == [backwards]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            {"neighbours": (Neighbour("10.0.0.2", "veth1", RANDOM, "reachable"),)},
            {"neighbours": (Neighbour("10.0.0.2", "veth1", RANDOM, "stale"),)},
        ),
        ({"neighbours": (Neighbour("fe80::2", "veth1", RANDOM, "stale"),)}, {}),
        ({"fdb": (ForwardingEntry(RANDOM, "veth1", "br0", None, "permanent"),)}, {}),
        ({"routes": (Route("fe80::/64", device="veth1", protocol="kernel"),)}, {}),
        ({"connections": (dataclasses.replace(ASKED, state="TIME_WAIT"),)}, {}),
        ({}, {"connections": (dataclasses.replace(ASKED, destination="224.0.0.22"),)}),
        ({"rules": RULES}, {"rules": tuple(dataclasses.replace(rule, packets=7) for rule in RULES)}),
    ],
)
def test_what_comes_and_goes_by_itself_is_no_change(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert told(host(VETH, BRIDGE, **one), host(VETH, BRIDGE, **other)) == []


@pytest.fixture
def speaks() -> Namespace:
    """ns1 with IPv6, which teaches bridges at random moments."""
    return dataclasses.replace(
        NS1, interfaces={"eth1": dataclasses.replace(ETH1, addresses=("fe80::6c00:ff:fe00:2/64",))}
    )


def test_what_only_ipv6_taught_a_bridge_is_told_when_somebody_talks(speaks: Namespace) -> None:
    taught = host(VETH, BRIDGE, fdb=(ForwardingEntry(OTHER_RANDOM, "veth1", "br0"),))
    known = (Neighbour("10.0.0.2", "br0", OTHER_RANDOM),)
    assert not nk.diff(network(with_link(), speaks), network(taught, speaks))
    talked = network(dataclasses.replace(taught, neighbours=known), speaks)
    assert [c.kind for c in nk.diff(network(with_link(), speaks), talked)] == ["neighbours", "fdb"]
    assert [c.kind for c in nk.diff(network(taught, speaks), talked)] == ["neighbours", "fdb"]


def test_rules_are_told_with_their_place() -> None:
    one, two, three = RULES
    assert told(host(VETH, rules=(two,)), host(VETH, rules=(one, two, three))) == [
        "+ rule iptables -A FORWARD -i a -j ACCEPT (rule 1 of 3)",
        "+ rule iptables -A FORWARD -i c -j ACCEPT",
    ]
    assert told(host(VETH, rules=RULES), host(VETH, rules=(two, three, one))) == [
        "~ rule iptables -A FORWARD -i a -j ACCEPT: rule 1 → rule 3"
    ]


def test_counters_are_told_on_request() -> None:
    more = tuple(dataclasses.replace(rule, packets=3) for rule in RULES[:1]) + RULES[1:]
    before, after = network(host(rules=RULES)), network(host(rules=more))
    assert not nk.diff(before, after)
    line = "~ rule iptables -A FORWARD -i a -j ACCEPT: counted 3 packets more"
    assert [str(change) for change in nk.diff(before, after, counters=True)] == [line]


def test_a_nameless_namespace_that_gets_a_name_is_the_same() -> None:
    before = network(host(VETH), Namespace("[nginx]", {"eth1": ETH1}, named=False))
    assert nk.diff(before, network(host(VETH), dataclasses.replace(NS1, name="web"))).lines == [
        "web:",
        "  ~ namespace [nginx] → web",
    ]


def test_a_nameless_namespace_whose_elder_has_gone_is_the_same() -> None:
    web = Namespace("[sleep]", {"eth0": dataclasses.replace(ETH1, name="eth0")}, named=False)
    other = Interface("eth0", "veth", "02:42:ac:11:00:03", index=9)
    second = Namespace("[sleep]#2", {"eth0": other}, named=False)
    after = dataclasses.replace(second, name="[sleep]")
    assert [str(c) for c in nk.diff(network(web, second), network(after)) if c.kind == "namespaces"] == [
        "- namespace [sleep], nameless"
    ]


@pytest.mark.parametrize("changes", [{"mac": "6e:00:00:00:00:09"}, {"index": 4}])
def test_a_bridge_that_takes_over_a_mac_forgets_its_neighbours_by_itself(changes: dict[str, Any]) -> None:
    port = dataclasses.replace(VETH, mac="6e:00:00:00:00:09", master="br0")
    known = host(port, BRIDGE, neighbours=(Neighbour("10.0.0.2", "br0", OTHER_RANDOM),))
    lines = told(known, host(port, dataclasses.replace(BRIDGE, **changes)))
    gone = ["- neighbour 10.0.0.2 on br0 at the MAC of ns1:eth1, learned"]
    assert lines == ([] if "mac" in changes else gone)


def test_a_bridge_s_mac_that_no_port_has_was_set() -> None:
    lines = told(host(VETH, BRIDGE), host(VETH, dataclasses.replace(BRIDGE, mac="6e:00:00:00:00:09")))
    assert lines == ["~ link br0: another MAC, 6e:00:00:00:00:09"]


def test_an_fdb_entry_is_gone_only_when_it_is(speaks: Namespace) -> None:
    entry = ForwardingEntry(OTHER_RANDOM, "veth1", "br0")
    talked = host(VETH, BRIDGE, fdb=(entry,), neighbours=(Neighbour("10.0.0.2", "br0", OTHER_RANDOM),))
    forgot = host(VETH, BRIDGE, fdb=(entry,))
    assert [c.kind for c in nk.diff(network(talked, speaks), network(forgot, speaks))] == ["neighbours"]
    assert [c.kind for c in nk.diff(network(talked, speaks), network(host(VETH, BRIDGE), speaks))] == [
        "neighbours",
        "fdb",
    ]


def test_links_with_random_names_stand_in_the_order_of_what_is_told() -> None:
    one = Interface("veth0123abc", "veth", RANDOM, peer=("[web]", "eth0"), index=8)
    other = Interface("vethabc0123", "veth", OTHER_RANDOM, peer=("[db]", "eth0"), index=9)
    swapped = dataclasses.replace(one, name=other.name), dataclasses.replace(other, name=one.name)
    texts = {repr(nk.diff(network(host()), network(host(*pair)))) for pair in ((one, other), swapped)}
    assert len(texts) == 1


def test_the_text_does_not_depend_on_what_is_drawn_at_random() -> None:
    def drawn(first: str, second: str, port: int) -> str:
        links = dataclasses.replace(VETH, mac=first), dataclasses.replace(BRIDGE, mac=first)
        peer = dataclasses.replace(NS1, interfaces={"eth1": dataclasses.replace(ETH1, mac=second)})
        asked = dataclasses.replace(ASKED, source_port=port, reply_destination_port=port)
        tables: dict[str, Any] = {
            "neighbours": (Neighbour("10.0.0.2", "br0", second),),
            "fdb": (ForwardingEntry(second, "veth1", "br0"),),
            "connections": (asked,),
        }
        return repr(nk.diff(network(host()), network(host(*links, **tables), peer)))

    assert drawn(RANDOM, OTHER_RANDOM, 40000) == drawn("ae:11:22:33:44:55", "ca:11:22:33:44:66", 50001)


def test_a_part_of_the_changes() -> None:
    changes = nk.diff(network(host()), network(host(VETH, rules=RULES[:1]), NS1))
    assert {change.kind for change in changes.only("rules", "namespaces")} == {"rules", "namespaces"}
    assert {change.namespace for change in changes.within("ns1")} == {"ns1"}
    assert not changes.within("ns1").only("rules")
    with pytest.raises(nk.NetkitError, match="there is no kind of change called 'rule'"):
        changes.only("rule")
    with pytest.raises(nk.NetkitError, match="there is no namespace called 'ns2'"):
        changes.within("ns2")
    with pytest.raises(nk.NetkitError, match="None has no state to compare"):
        nk.diff(None, network())  # type: ignore[arg-type]


def test_in_a_notebook_signs_stand_beside_the_colours() -> None:
    items = tuple(Change(sign, KINDS[1], "host", f"link <{sign}>") for sign in "+-~")
    shown = Changes(items, ("host",))._repr_html_()
    assert re.findall(r"<b>(.)</b> link &lt;(.)&gt;", shown) == [(sign, sign) for sign in "+-~"]
    assert len(set(re.findall(r"rgb\(([\d,]+)\)", shown))) == 3
    assert "color:" not in shown.replace("background-color:", ""), "the theme's own colour of text is kept"
    assert Changes(())._repr_html_() == "<div>nothing changed</div>"


@pytest.mark.parametrize("module", [package, words])
def test_examples(module: Any) -> None:
    assert doctest.testmod(module).failed == 0
    assert any(test.examples for test in doctest.DocTestFinder().find(module))
