"""What each generation writes, rule for rule and in order, beside what the Engine wrote that has it.

The files in `rules` are what Engines told: `iptables -S` and `nft list table ip docker-bridges`, with docker-proxy
and without. `pytest -m engines` runs them again. 26.1.5 wrote what 20.10.24 does.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from netkit.docker.generations.releases import GENERATIONS
from netkit.docker.generations.values import How
from tests.scenes import OF_MODES, SCENES, played, told

RULES = Path(__file__).parent / "rules"
CASES = [
    (name, proxy, scene)
    for name in ("20.10", "28", "29", "29-nft")
    for proxy in ("off", "on")
    for scene in SCENES
    if not (name == "20.10" and scene in OF_MODES) and (name, proxy, scene) != ("29-nft", "off", "many ports")
] + [("netavark", "off", scene) for scene in ("port", "networks")]
"""Docker 29.1 by nftables refuses two ports that lead to the same one of a container where no docker-proxy runs."""


@pytest.mark.parametrize(("name", "proxy", "scene"), CASES, ids=map(" ".join, CASES))
def test_a_generation_writes_what_its_engine_wrote(name: str, proxy: str, scene: str) -> None:
    engine = told((RULES / f"{name}-proxy-{proxy}.txt").read_text(encoding="utf-8"))[scene]
    assert played(GENERATIONS[name], How(proxy=proxy == "on"), scene) == engine


def test_every_scene_is_told_that_is_asked_for() -> None:
    files = {file.stem: set(told(file.read_text(encoding="utf-8"))) for file in RULES.glob("*.txt")}
    asked = {(f"{name}-proxy-{proxy}", scene) for name, proxy, scene in CASES}
    assert {(file, scene) for file, scenes in files.items() for scene in scenes} == asked
