"""What a learner foresees, as values: the two ends of a packet."""

from __future__ import annotations

import re

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import ICMPv6ND_RS, IPv6
from scapy.layers.l2 import Ether
from scapy.layers.vxlan import VXLAN

from netkit.errors import InvalidValue
from netkit.lessons import catalogue
from netkit.lessons.prediction import Address, Choice, Ends, Number, Prediction, Ran, Way
from netkit.model import Frame, Interface, Namespace, Snapshot
from netkit.packets.recording import Recorded, Recording

WORLD = Snapshot(
    {
        "host": Namespace("host", {"lo": Interface("lo", "loopback", addresses=("127.0.0.1/8", "::1/128"))}),
        "pc": Namespace("pc", {"eth0": Interface("eth0", "veth", addresses=("10.1.0.9/24", "fe80::1/64"))}),
        "twin": Namespace("twin", {"eth0": Interface("eth0", "veth", addresses=("10.1.0.9/24",))}),
    }
)


def test_ends_are_chosen_from_all_addresses_of_ipv4() -> None:
    assert Ends().menu(WORLD) == ("127.0.0.1", "10.1.0.9")
    assert Ends().read("2, 1", Ends().menu(WORLD)) == ("10.1.0.9", "127.0.0.1")
    assert Ends().said(("10.1.0.9", "127.0.0.1")) == "10.1.0.9 → 127.0.0.1"


@pytest.mark.parametrize("typed", ["", "1", "1 2 1", "1 3", "one two"])
def test_what_names_no_two_ends_is_told(typed: str) -> None:
    with pytest.raises(InvalidValue):
        Ends().read(typed, Ends().menu(WORLD))


@pytest.mark.parametrize(
    "kind", [Number(), Address(), Way(), Ends(), Choice(("yes", "no"))], ids=lambda kind: type(kind).__name__
)
def test_what_is_no_choice_is_told_without_naming_one(kind: Number | Address | Way | Ends | Choice) -> None:
    with pytest.raises(InvalidValue) as refused:
        kind.read("zz", kind.menu(WORLD))
    assert not re.search(r"\d", refused.value.remedy)


def test_the_words_of_an_option_choose_it() -> None:
    menu = ("no", "yes")
    assert [Choice(("yes", "no")).read(typed, menu) for typed in ("yes", " Yes ", "2", "2.")] == ["yes"] * 4


def test_each_kind_says_what_is_typed() -> None:
    prompts = [kind.prompt for kind in (Number(), Address(), Way(), Ends(), Choice(("yes", "no")))]
    assert len(set(prompts)) == len(prompts)
    assert "source" in Ends().prompt


def test_what_ipv6_says_of_itself_on_a_cable_is_not_the_packet_that_was_asked_for() -> None:
    inner = Ether() / IP(src="10.0.0.2", dst="10.0.0.3") / ICMP()
    outer = IP(src="192.168.0.1", dst="192.168.0.2") / UDP(dport=4789) / VXLAN(vni=4097) / inner
    sent = [bytes(Ether() / IPv6(src="fe80::1", dst="ff02::2") / ICMPv6ND_RS()), bytes(Ether() / outer)]
    frames = tuple(Frame(time, "host", "eth0", "out", data, len(data)) for time, data in enumerate(sent))
    foreseen = catalogue.every()["01.9"]
    assert isinstance(foreseen, Prediction)
    truth = foreseen.truth(Ran(WORLD, WORLD, None, {"cap": Recording(Recorded(frames, {"host": ("eth0",)}, {}, 0))}))
    assert truth.value == ("192.168.0.1", "192.168.0.2")
    assert "10.0.0.2 → 10.0.0.3" in truth.because
