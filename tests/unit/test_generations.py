"""Which release has which generation of rules."""

from __future__ import annotations

from itertools import combinations
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from netkit.docker import installed
from netkit.docker.creating import INTERNAL_WITHOUT_GATEWAY, SHARED_PARENTS
from netkit.docker.drivers.stacked import NO_GATEWAY
from netkit.docker.generations.history import FACTS
from netkit.docker.generations.releases import GENERATIONS, Generation, generation, of_release
from netkit.docker.generations.values import How
from netkit.docker.options import OWN_MTU
from netkit.docker.six import COUNTED, OWN_RULES, OWN_SUBNETS
from netkit.docker.wishes import GATEWAY_PRIORITY
from netkit.errors import Conflict, InvalidValue

if TYPE_CHECKING:
    from netkit.docker.rulebook import Rulebook


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("20.10", "20.10"),
        ("20.10.5", "20.10"),
        ("23.0.1", "20.10"),
        ("26.1.5", "20.10"),
        ("27", "20.10"),
        ("28", "28"),
        ("28.0", "28"),
        ("28.5.2", "28"),
        ("29", "29"),
        ("29.7.2", "29"),
    ],
)
def test_a_release_has_a_generation(typed: str, name: str) -> None:
    assert generation(typed).name == name


def test_habits_follow_the_release_not_only_the_rules() -> None:
    assert not generation("27.5").random_macs
    assert generation("28.0").random_macs
    assert generation("20.10").modes == ("nat",)
    assert "routed" in generation("28").modes


@pytest.mark.parametrize("wrong", ["", "19.03", "20.09", "30", "28.", "28.5.2.1", "v28", "twenty", 28, 20.10, None])
def test_what_is_none_is_refused_with_the_list(wrong: Any) -> None:
    with pytest.raises(InvalidValue, match=r"there are 20\.10, 28, 29") as refused:
        generation(wrong)
    assert refused.value.remedy == "Try like='29'"


def test_another_than_a_docker_s_own_is_refused() -> None:
    own = of_release((28, 3, 0))
    assert own is not None
    book = cast("Rulebook", SimpleNamespace(generation=own, how=How()))
    for same in (None, GENERATIONS["28"], own):
        installed.insist(book, same)
    installed.insist(book, None, icc=True)
    for other in (GENERATIONS["29"], generation("28.1.0")):
        with pytest.raises(Conflict, match="the rules of 28 already"):
            installed.insist(book, other)
    with pytest.raises(Conflict, match="icc=True already"):
        installed.insist(book, None, icc=False)


TOLD = {
    "MAC addresses": lambda each: each.random_macs,
    "IPv6 in a container without an address of IPv6": lambda each: each.loops_six,
    "default route in an internal network": lambda each: each.leaves_internal,
    "what a bridge hands from port to port": lambda each: (each.filters_hairpins, each.podman),
    "a frame that a bridge hands back by the port it came by": lambda each: each.turns_back,
    "a container's own switches (--sysctl)": lambda each: each.early_switches,
    "the metric of a container's default route": lambda each: each.metric,
    "switches of a network's bridge": lambda each: [each.bridge_switches(six=six) for six in (False, True)],
    "switches of a container's cable": lambda each: [
        each.cable_switches(inner=inner, six=six) for inner in (False, True) for six in (False, True)
    ],
    "docker inspect, of the default network": lambda each: each.tells_twice,
    "gateway modes": lambda each: each.modes,
    "rules for IPv6": lambda each: (each.has(OWN_RULES), each.by_nftables),
    "a subnet of IPv6 where none is named": lambda each: each.has(OWN_SUBNETS),
    "addresses of IPv6 on the default network": lambda each: each.has(COUNTED),
    "the MTU of a network's bridge, where the network has one of its own": lambda each: each.has(OWN_MTU),
    "networks of macvlan or ipvlan on one interface": lambda each: each.has(SHARED_PARENTS),
    "an address kept for the router of an internal macvlan or ipvlan network": lambda each: each.has(
        INTERNAL_WITHOUT_GATEWAY
    ),
    "the way out of a macvlan or ipvlan network whose router is not named": lambda each: each.since(NO_GATEWAY),
    "which of several networks leads out": lambda each: (each.since(GATEWAY_PRIORITY), each.podman),
}
"""What a generation does otherwise than by its rules, by the fact that tells it."""


def test_each_habit_in_which_two_generations_differ_is_told() -> None:
    told = {fact.what: fact for fact in FACTS}
    for a, b in combinations(GENERATIONS, 2):
        for what, habit in TOLD.items():
            if habit(GENERATIONS[a]) != habit(GENERATIONS[b]):
                assert told[what].way(a) != told[what].way(b), (a, b, what)


def test_no_habit_is_left_out() -> None:
    own = {name for name, value in vars(Generation).items() if isinstance(value, property)}
    used = {name for habit in TOLD.values() for name in habit.__code__.co_names}
    used |= {
        name for habit in TOLD.values() for each in habit.__code__.co_consts for name in getattr(each, "co_names", ())
    }
    assert own <= used


def test_without_an_engine_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETKIT_DOCKERD", "/nowhere")
    assert installed.generation().name == "29"
