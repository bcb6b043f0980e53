"""Which release has which generation of rules."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from netkit.docker import installed
from netkit.docker.generations.releases import GENERATIONS, generation, of_release
from netkit.docker.generations.values import How
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


def test_without_an_engine_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETKIT_DOCKERD", "/nowhere")
    assert installed.generation().name == "29"
