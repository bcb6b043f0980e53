"""Holds a workshop: a real hub, learners who are real users, the load script, and a look at what is left."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.load.__main__ import PASSWORD
from tests.hub.environment import SKELETON, environment
from tests.hub.people import FORM, learners, left_behind, mounts_of
from tests.hub.running import hub
from tests.project import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SECONDS_TO_VANISH = 10.0


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    Attributes:
        status: of the load script.
        printed: by it.
        left: what the learners left behind after they had logged out, while the hub still ran.
        log: of the hub.
    """

    status: int
    printed: str
    left: list[str]
    log: str


def hold(number: int, folder: Path | None = None, world: str = "auto") -> Outcome:
    """Hold it, as root.

    Args:
        number: of learners.
        folder: for the environment, as `environment` takes it.
        world: which sandboxes the kernels take, as NETKIT_WORLD says it.
    """
    with (
        environment(folder) as project,
        learners(number, project / SKELETON) as people,
        hub(project, [person.pw_name for person in people], world) as running,
    ):
        before = mounts_of(running.init)
        command = [sys.executable, "-m", "deploy.load", running.address, "--learners", str(number), "--name", FORM]
        command += ["--loosely"] if world == "uml" else []
        printed, status = _run(command, {**os.environ, PASSWORD: running.password})
        deadline = time.monotonic() + SECONDS_TO_VANISH
        while (left := left_behind(people, before, running.init)) and time.monotonic() < deadline:
            time.sleep(0.2)
        return Outcome(status, printed, left, running.log.read_text(encoding="utf-8", errors="replace"))


def _run(command: list[str], variables: dict[str, str]) -> tuple[str, int]:
    """Run a command, and print its lines when they come."""
    lines = []
    with subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    return "".join(lines), process.returncode
