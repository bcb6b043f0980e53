"""Parts of hubs that come from an index of packages: systemdspawner's own word on netkit.py, nbgitpuller's link."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from tests.outside import sessions
from tests.outside.test_lab import Lab
from tests.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.long, pytest.mark.once]

NOTEBOOK = "00-start-here.ipynb"
SPAWN = """
import asyncio, json, sys
from unittest import mock
from systemdspawner import systemd, systemdspawner
from traitlets.config import Config

c = Config()
exec(compile(open(sys.argv[1]).read(), "netkit.py", "exec"), {"c": c})
asked = {}

async def noted(unit, **words):
    asked.update(words["properties"])
    raise SystemExit(print(json.dumps(asked)))

async def nothing(*_words, **_more):
    return False

class AsTheLittlestHubDoes(systemdspawner.SystemdSpawner):
    async def start(self):
        self.disable_user_sudo = True  # of everybody who is no administrator
        return await super().start()

with mock.patch.multiple(systemd, start_transient_service=noted, service_running=nothing, service_failed=nothing,
                         stop_service=nothing, reset_service=nothing), \\
     mock.patch("pwd.getpwnam", lambda _name: mock.Mock(pw_uid=1000, pw_gid=1000, pw_dir="/", pw_shell="/bin/sh")):
    spawner = AsTheLittlestHubDoes(config=c, user=mock.Mock(), hub=mock.Mock(), server=None)
    spawner.user.name = spawner.user.escaped_name = "ada"
    spawner.get_env = lambda: {}
    spawner.cmd = ["true"]
    asyncio.run(spawner.start())
"""


@pytest.fixture(scope="module", autouse=True)
def _this_checkout() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        yield


def environment(folder: Path, package: str) -> Path:
    """A fresh environment's Python with a package; all that it needs besides may come from this one."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    (own,) = folder.glob("lib/python*/site-packages")
    (own / "others.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    got = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", package]
    done = subprocess.run(got, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{package} cannot be had: {done.stderr.strip().splitlines()[-1]}")
    return folder / "bin" / "python"


def test_the_littlest_hub_s_learners_may_gain_a_second_user_id(tmp_path: Path) -> None:
    """Its spawner sets disable_user_sudo for everybody who is no administrator: the unit's own property wins."""
    python = environment(tmp_path / "environment", "jupyterhub-systemdspawner")
    settings = ROOT / "deploy" / "littlest-jupyterhub" / "netkit.py"
    done = subprocess.run([python, "-c", SPAWN, settings], capture_output=True, text=True, check=False)
    asked = json.loads(done.stdout or "{}")
    assert asked, done.stderr
    assert asked["NoNewPrivileges"] == "no"
    assert asked["MemoryMax"] == 1 << 30
    assert "PrivateDevices" not in asked


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A teacher's repository of hand-outs."""
    folder = tmp_path / "workshop"
    subprocess.run([sessions.NETKIT, "handout", folder / "notebooks"], check=True, capture_output=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder)
    return folder


def git(folder: Path, *words: str) -> None:
    names = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *names, *words], check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=course")


def test_a_link_hands_the_notebooks_out_and_keeps_what_a_learner_changed(origin: Path, tmp_path: Path) -> None:
    python = environment(tmp_path / "environment", "nbgitpuller")
    program, home = tmp_path / "netkit", tmp_path / "home"
    program.write_text(f'#!/bin/sh\nexec "{python}" -m netkit.cli "$@" "--ServerApp.root_dir={home}"\n')
    program.chmod(0o755)
    home.mkdir()
    lab = Lab(home, str(program))
    try:
        follow(lab, origin)
        mine = home / "workshop" / "notebooks" / NOTEBOOK
        assert mine.read_bytes() == (origin / "notebooks" / NOTEBOOK).read_bytes()
        mine.write_text(mine.read_text().replace("Start here", "My own"))
        (origin / "notebooks" / "new.ipynb").write_bytes(mine.read_bytes())
        commit(origin)
        follow(lab, origin)
        assert "My own" in mine.read_text()
        assert (home / "workshop" / "notebooks" / "new.ipynb").exists()
        assert lab.ask(f"api/contents/workshop/notebooks/{NOTEBOOK}?content=0")["type"] == "notebook"
    finally:
        lab.end()


def follow(lab: Lab, origin: Path) -> None:
    """Open the link: the page that it leads to asks nbgitpuller for the repository, which tells how it goes."""
    words = urlencode({"repo": f"file://{origin}", "branch": "main", "targetpath": "workshop"})
    request = Request(f"{lab.address}git-pull/api?{words}", headers={"Authorization": "token t"})  # noqa: S310
    with urlopen(request, timeout=sessions.PATIENCE) as answer:  # noqa: S310 - an address of this test
        told = answer.read().decode()
    assert '"finished"' in told, told
