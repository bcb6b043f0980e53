"""What rules of iptables, ebtables and arptables do with a packet: true, false, or nobody knows."""

from __future__ import annotations

import dataclasses

import pytest

from netkit.diagnosis.matching import Passing
from netkit.diagnosis.packet import Packet
from netkit.diagnosis.packetfilter import at_hook
from netkit.diagnosis.xtables import matches
from netkit.model import Namespace, Rule

PACKET = Packet("172.17.0.2", "10.0.0.1", "tcp", 40000, 80, ttl=64)
REQUEST = Passing(PACKET, "docker0", "eth0", frozenset({"10.0.0.1"}), mac="02:42:ac:11:00:02")
MARKED = dataclasses.replace(REQUEST, packet=dataclasses.replace(PACKET, mark=0x15))
BRIDGED = dataclasses.replace(REQUEST, port_in="veth1", port_out="veth2")
ANSWER = Passing(PACKET.reversed(), "eth0", "docker0")
LATER = Passing(dataclasses.replace(PACKET, kind="later"), "docker0", "eth0")

RULES = {
    "-j DROP": True,
    "-i docker0 ! -o docker0": True,
    "-i docker+": True,
    "-s 172.17.0.0/16 -d 10.0.0.0/8": True,
    "! -s 172.17.0.0/16": False,
    "-p udp": False,
    "-p tcp -m tcp --dport 80": True,
    "-p tcp -m tcp ! --dport 80": False,
    "-p tcp -m tcp --dport 81:90": False,
    "-p tcp -m multiport --dports 22,80": True,
    "-p tcp -m multiport --ports 22,40000:40010": True,
    "-p tcp -m multiport --ports 22,443": False,
    "-m conntrack --ctstate RELATED,ESTABLISHED": False,
    "-m conntrack --ctstate NEW": True,
    "-m conntrack --ctstate NEW --ctdir REPLY": False,
    "-m conntrack --ctstate DNAT": False,
    "-m conntrack --ctorigdstport 80": True,
    "-m conntrack --ctorigdst 10.0.0.2": False,
    "-m addrtype --dst-type LOCAL": True,
    "-m addrtype --dst-type BROADCAST": False,
    "-m addrtype ! --dst-type LOCAL": False,
    "-m addrtype ! --src-type LOCAL,MULTICAST": True,
    '-m comment --comment "a drop"': True,
    '-m comment --comment "-j is here"': True,
    "-m physdev --physdev-in veth1": False,
    "-m physdev --physdev-is-bridged": False,
    "-m physdev ! --physdev-is-bridged": True,
    "-m physdev --physdev-is-in ! --physdev-is-out": False,
    "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN": True,
    "-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN": False,
    "-p tcp -m tcp --tcp-flags ALL NONE": False,
    "-p tcp -m tcp --syn": True,
    "-m iprange --src-range 172.17.0.1-172.17.0.9": True,
    "-m iprange ! --dst-range 10.0.0.1-10.0.0.9": False,
    "-m mac --mac-source 02:42:AC:11:00:02": True,
    "-m mac --mac-source 02:42:ac:11:00:03": False,
    "-m pkttype --pkt-type unicast": True,
    "-m pkttype --pkt-type broadcast": False,
    "-m mark --mark 0x0": True,
    "-m mark --mark 0x5/0xf": False,
    "-m length ! --length 0:20": True,
    "-m length --length 28:65535": True,
    "-m length --length 0:1000": None,
    "-m length ! --length 0:1000": None,
    "-m ttl --ttl-eq 64": True,
    "-m ttl --ttl-lt 10": False,
    "-m statistic --mode random --probability 1.0": True,
    "-m statistic --mode random --probability 0.5": None,
    "-m statistic --mode nth --every 3 --packet 0": None,
    "-m limit --limit 5/min": None,
    "-p udp -m limit --limit 5/min": False,
    "-m connlimit --connlimit-above 3": None,
    "-m owner --uid-owner 1000": None,
    "-m u32 --u32 6&0xFF=6": None,
    "-m string --string virus --algo bm": None,
    "-m string ! --string virus --algo bm": None,
    "-m recent --rcheck --name bad": None,
    "-m set --match-set bad src": None,
    "-m socket": None,
    "-m connmark --mark 0x1": False,
    "-m connmark --mark 0x0": True,
    "-m tos --tos 0x10/0xff": False,
    "-m dscp --dscp 0x00": True,
    "-p tcp -m tcp --dport http": None,
    "-m mark --mark odd": None,
    "-m length --length": None,
    "-s 172.0.0.2/255.0.0.255": True,
    "! -s 172.0.0.2/255.0.0.255": False,
    "-f": False,
    "! -f": True,
}


def iptables(text: str, table: str = "filter", tool: str = "iptables") -> Rule:
    return Rule(tool, table, text.split()[1], text)


def rule(conditions: str, tool: str = "iptables") -> Rule:
    return iptables(f"-A FORWARD {conditions.removesuffix('-j DROP')} -j DROP", tool=tool)


@pytest.mark.parametrize(("conditions", "expected"), RULES.items())
def test_a_rule_matches(conditions: str, expected: bool | None) -> None:  # noqa: FBT001  (a column of the table)
    assert matches(rule(conditions), REQUEST) is expected


OF_OTHERS = {
    "-m conntrack --ctstate RELATED,ESTABLISHED": (True, True),
    "-p tcp -m tcp --syn": (False, False),
    "-p tcp -m tcp --tcp-flags SYN,ACK SYN,ACK": (True, False),
    "-p tcp -m tcp --tcp-flags SYN,ACK ACK": (False, True),
    "-m conntrack --ctorigdstport 80": (None, None),
}


@pytest.mark.parametrize(("conditions", "expected"), OF_OTHERS.items())
def test_an_answer_and_what_follows_belong_to_a_connection(conditions: str, expected: tuple[bool, bool]) -> None:
    assert (matches(rule(conditions), ANSWER), matches(rule(conditions), LATER)) == expected


def test_an_answer_knows_how_its_connection_began() -> None:
    known = dataclasses.replace(ANSWER, first=PACKET, translated=frozenset({"DNAT"}))
    assert matches(rule("-m conntrack --ctorigdstport 80"), known)
    assert matches(rule("-m conntrack --ctstate DNAT"), known)


def test_marks() -> None:
    assert matches(rule("-m mark --mark 0x5/0xf"), MARKED)
    assert not matches(rule("-m mark --mark 0x5"), MARKED)
    space = spaced("-A PREROUTING -j MARK --set-xmark 0x7/0xffffffff", table="mangle")
    assert at_hook(space, "PREROUTING", REQUEST).packet.mark == 7
    added = spaced("-A PREROUTING -j MARK --set-xmark 0x2/0x0", table="mangle")
    assert at_hook(added, "PREROUTING", MARKED).packet.mark == 0x17
    restoring = "-A PREROUTING -j CONNMARK --restore-mark"
    assert at_hook(spaced(restoring, table="mangle"), "PREROUTING", MARKED).packet.mark == 0
    saved = spaced("-A PREROUTING -j CONNMARK --set-xmark 0x9/0xffffffff", restoring, table="mangle")
    assert at_hook(saved, "PREROUTING", MARKED).packet.mark == 9


def test_kinds_of_service_and_zones() -> None:
    space = spaced("-A PREROUTING -j TOS --set-tos 0x10/0x3f", "-A PREROUTING -j DSCP --set-dscp 0x02", table="mangle")
    assert at_hook(space, "PREROUTING", REQUEST).packet.service == 8
    assert at_hook(spaced("-A PREROUTING -j CT --zone 5", table="raw"), "PREROUTING", REQUEST).packet.zone == 5


OPTIONS_WITHOUT_VALUE = {
    "-m physdev --physdev-is-bridged": True,
    "-m physdev ! --physdev-is-bridged": False,
    "-m physdev --physdev-is-in": True,
    "-m physdev --physdev-is-out": True,
    "-m physdev --physdev-is-in ! --physdev-is-out": False,
}


@pytest.mark.parametrize(("conditions", "expected"), OPTIONS_WITHOUT_VALUE.items())
def test_an_option_without_a_value_leaves_the_target(conditions: str, expected: bool) -> None:  # noqa: FBT001
    assert rule(conditions).target == "DROP"
    assert matches(rule(conditions), BRIDGED) is expected


PING, PING6 = Passing(Packet("", "172.17.1.2")), Passing(Packet("fd00::1", "fd00::2"))
ASKING6 = Passing(Packet("fd00::1", "ff02::1:ff00:2", kind="neighbour-solicitation"))


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [("icmp", (True, False)), ("1", (True, False)), ("ipv6-icmp", (False, True)), ("icmpv6", (False, True))],
)
def test_icmp_of_iptables_is_that_of_its_version(protocol: str, expected: tuple[bool, bool]) -> None:
    assert tuple(matches(rule(f"-p {protocol}"), each) for each in (PING, PING6)) == expected


def test_questions_for_neighbours_are_no_pings() -> None:
    kinds = ("echo-request", "neighbour-solicitation", "135", "136")
    found = [matches(rule(f"-p ipv6-icmp -m icmp6 --icmpv6-type {kind}"), ASKING6) for kind in kinds]
    assert found == [False, True, True, False]


ARP = Passing(Packet("10.0.0.2", "10.0.0.3", "arp"), "v2", "v3", mac="02:00:00:00:00:02", target="ff:ff:ff:ff:ff:ff")
FRAME = Passing(PACKET, "v2", "v3", mac="02:00:00:00:00:02", target="02:00:00:00:00:03", bridge="br0")
FRAMES = {
    "-p IPv4 --ip-dst 10.0.0.1": (False, True),
    "-p IPv4 --ip-proto tcp --ip-dport 80": (False, True),
    "-p IPv6": (False, False),
    "-p ARP": (True, False),
    "-p ARP --arp-op Request --arp-ip-dst 10.0.0.3": (True, False),
    "-p ARP --arp-op Reply": (False, False),
    "-s 02:00:00:00:00:02": (True, True),
    "-d Broadcast": (True, False),
    "-s ! 02:00:00:00:00:09 -p ! ARP": (False, True),
    "-s 02:00:00:00:00:00/ff:ff:ff:ff:ff:00": (True, True),
    "-i v2 -o v3": (True, True),
    "--logical-in br0": (False, True),
    "--limit 5/min": (None, None),
    "--pkttype-type broadcast": (True, False),
    "--among-src 02:00:00:00:00:02,": (None, None),
}


@pytest.mark.parametrize(("conditions", "expected"), FRAMES.items())
def test_ebtables(conditions: str, expected: tuple[bool | None, bool | None]) -> None:
    found = rule(conditions, "ebtables")
    assert (matches(found, ARP), matches(found, FRAME)) == expected


def test_arptables() -> None:
    assert matches(rule("-s 10.0.0.2 --opcode 1", "arptables"), ARP)
    assert matches(rule("! -s 10.0.0.9 --src-mac 02:00:00:00:00:02", "arptables"), ARP)
    assert not matches(rule("-s 10.0.0.9", "arptables"), ARP)


def spaced(*texts: str, table: str = "filter", tool: str = "iptables") -> Namespace:
    return Namespace("host", rules=tuple(iptables(text, table, tool) for text in texts))


def test_a_chain_is_passed_as_the_kernel_does() -> None:
    rules = ("-P FORWARD DROP", "-N MINE", "-A FORWARD -j MINE", "-A MINE -p udp -j ACCEPT", "-A MINE -j RETURN")
    assert at_hook(spaced(*rules), "FORWARD", REQUEST).dropped
    assert not at_hook(spaced(*rules, "-A FORWARD -i docker0 -j ACCEPT"), "FORWARD", REQUEST).dropped
    assert not at_hook(spaced(*rules), "INPUT", REQUEST).dropped


def test_a_chain_that_is_gone_to_does_not_come_back() -> None:
    rules = ("-P FORWARD DROP", "-N MINE", "-A FORWARD {} MINE", "-A FORWARD -j ACCEPT", "-A MINE -p udp -j DROP")
    jumped, gone = ([line.format(how) for line in rules] for how in ("-j", "-g"))
    assert not at_hook(spaced(*jumped), "FORWARD", REQUEST).dropped
    assert at_hook(spaced(*gone), "FORWARD", REQUEST).dropped


UNSURE = {
    ("-A FORWARD -m limit --limit 5/s -j DROP",): (False, True),
    ("-A FORWARD -m limit --limit 5/s -j ACCEPT", "-A FORWARD -j DROP"): (False, True),
    ("-A FORWARD -m limit --limit 5/s -j LOG", "-A FORWARD -j ACCEPT"): (False, False),
    ("-A FORWARD -j ACCEPT", "-A FORWARD -m limit --limit 5/s -j DROP"): (False, False),
    ("-A FORWARD -m limit --limit 5/s -j ACCEPT", "-A FORWARD -j ACCEPT"): (False, False),
    ("-A FORWARD -p tcp -j DROP", "-A FORWARD -m limit --limit 5/s -j ACCEPT"): (True, False),
    ("-N MAY", "-A FORWARD -m limit --limit 5/s -j MAY", "-A MAY -p tcp -j DROP"): (False, True),
    ("-N MAY", "-A FORWARD -m limit --limit 5/s -j MAY", "-A MAY -p udp -j DROP"): (False, False),
}


@pytest.mark.parametrize(("texts", "expected"), UNSURE.items())
def test_what_nobody_knows_is_a_doubt(texts: tuple[str, ...], expected: tuple[bool, bool]) -> None:
    verdict = at_hook(spaced(*texts), "FORWARD", REQUEST)
    assert (verdict.dropped, bool(verdict.doubts)) == expected


def test_a_rule_that_proxies_is_followed_no_further() -> None:
    assert at_hook(spaced("-A PREROUTING -p tcp -j TPROXY --on-port 1", table="mangle"), "PREROUTING", REQUEST).proxy


def test_both_kinds_of_iptables_are_passed() -> None:
    older = Rule("iptables-legacy", "filter", "FORWARD", "-A FORWARD -p tcp -j DROP")
    verdict = at_hook(Namespace("host", rules=(iptables("-A FORWARD -j ACCEPT"), older)), "FORWARD", REQUEST)
    assert verdict.rule == older


def test_a_chain_of_ebtables_ends_with_its_own_policy() -> None:
    rules = ("-N MINE", "-A FORWARD -j MINE", "-A FORWARD -j DROP")
    ended = at_hook(spaced(*rules, tool="ebtables"), "FORWARD", FRAME, layer="bridge")
    back = at_hook(spaced(*rules, "-P MINE RETURN", tool="ebtables"), "FORWARD", FRAME, layer="bridge")
    assert (ended.dropped, back.dropped) == (False, True)


def test_translations() -> None:
    to = spaced("-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 172.17.0.9:81", table="nat")
    led = at_hook(to, "PREROUTING", REQUEST)
    assert (led.packet.destination, led.packet.destination_port) == ("172.17.0.9", 81)
    hiding = spaced("-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE", table="nat")
    leaving = dataclasses.replace(REQUEST, masquerade="192.168.7.1")
    assert at_hook(hiding, "POSTROUTING", leaving).packet.source == "192.168.7.1"
    answered = dataclasses.replace(leaving, packet=dataclasses.replace(REQUEST.packet, answer=True))
    assert at_hook(hiding, "POSTROUTING", answered).packet.source == "172.17.0.2"


AIMS = {
    "-j DNAT --to-destination 10.9.0.1-10.9.0.5:8000-8010": ("10.9.0.1", 8000),
    "-j DNAT --to-destination :81": ("10.0.0.1", 81),
    "-j REDIRECT --to-ports 3128": ("172.17.0.1", 3128),
    "-d 10.0.0.0/24 -j NETMAP --to 10.8.7.0/24": ("10.8.7.1", 80),
    "-p udp -j DNAT --to-destination 10.9.0.1": ("10.0.0.1", 80),
}


@pytest.mark.parametrize(("words", "expected"), AIMS.items())
def test_where_a_translation_leads(words: str, expected: tuple[str, int]) -> None:
    coming = dataclasses.replace(REQUEST, redirect="172.17.0.1")
    led = at_hook(spaced(f"-A PREROUTING {words}", table="nat"), "PREROUTING", coming).packet
    assert (led.destination, led.destination_port) == expected


def test_what_is_not_tracked_is_not_translated() -> None:
    rules = (
        iptables("-A PREROUTING -p tcp -j CT --notrack", "raw"),
        iptables("-A PREROUTING -j DNAT --to-destination 10.9.0.1", "nat"),
    )
    passed = at_hook(Namespace("host", rules=rules), "PREROUTING", REQUEST)
    assert (passed.packet.untracked, passed.packet.destination) == (True, "10.0.0.1")
