"""What a learner foresees, as values: the two ends of a packet."""

from __future__ import annotations

import re

import pytest

from netkit.errors import InvalidValue
from netkit.lessons.prediction import Address, Choice, Ends, Number, Way
from netkit.model import Interface, Namespace, Snapshot

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
