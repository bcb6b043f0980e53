"""The Engine that is installed writes what the files of tests/unit/rules hold, scene by scene."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import netkit as nk
from netkit import dockerd
from netkit.docker.generations.releases import of_release
from netkit.dockerd.daemon import FIRST_WITH_NFTABLES
from netkit.sandbox.doctor.engines import chosen
from tests.inside.empty import sweep
from tests.scenes import SCENES, told, typed

if TYPE_CHECKING:
    from netkit.dockerd.handle import Engine

REASON = dockerd.available()
RULES = Path(__file__).parents[1] / "unit/rules"
pytestmark = [pytest.mark.long, pytest.mark.skipif(REASON is not None, reason=REASON or "")]
_COUNTED, _ELEMENT = re.compile(r" packets \d+ bytes \d+"), re.compile(r'"[^"]+" : jump [^ ,}]+')


@pytest.mark.parametrize("proxy", ["off", "on"])
@pytest.mark.parametrize("backend", ["iptables", "nftables"])
def test_it_writes_what_is_held(backend: str, proxy: str) -> None:
    version = chosen().version()
    generation = of_release(version) if version is not None else None
    assert generation is not None
    if backend == "nftables" and generation.version < (FIRST_WITH_NFTABLES, 0, 0):
        pytest.skip("this Engine writes its rules by iptables only")
    name = f"{generation.name}{'-nft' * (backend == 'nftables')}-proxy-{proxy}"
    held = told((RULES / f"{name}.txt").read_text(encoding="utf-8"))
    nk.echo(on=False)
    sweep()
    with nk.engine(userland_proxy=proxy == "on", firewall_backend=backend if backend == "nftables" else None) as engine:
        found = {scene: _written(engine, scene, backend) for scene in SCENES if scene in held}
    sweep()
    nk.echo()
    assert found == held


def _written(engine: Engine, scene: str, backend: str) -> dict[str, list[str]]:
    """What it writes for a scene, which is taken away again."""
    for line in typed(scene):
        outcome = engine.docker(line)
        assert not outcome.returncode, outcome
    found = _listed() if backend == "nftables" else _saved()
    engine.docker("rm -f $(docker ps -aq)")
    engine.docker("network prune -f")
    return found


def _saved() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table in ("filter", "nat", "raw"):
        for line in nk.sh(f"iptables -t {table} -S").stdout.splitlines():
            if line.startswith("-A "):
                chain, _, words = line.removeprefix("-A ").partition(" ")
                found.setdefault(f"{table} {chain}", []).append(words)
    return found


def _listed() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in re.split(r"^\t(?=map |chain )", nk.sh("nft list table ip docker-bridges").stdout, flags=re.MULTILINE)[
        1:
    ]:
        kind, name = part.split()[:2]
        lines = [_COUNTED.sub("", line.strip()) for line in part.splitlines()[1:]]
        rules = [line for line in lines if line and line != "}" and not line.startswith("type ")]
        held = sorted(_ELEMENT.findall(part)) if kind == "map" else rules
        if held:
            found[f"ip docker-bridges {name}"] = held
    return found
