"""Starts a real JupyterHub on loopback, in a pid namespace of its own: when its starter ends, all of it ends."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

from tests.processes import ending

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIGURATION = Path(__file__).with_name("jupyterhub_config.py")
SECONDS_TO_START = 120.0
SECONDS_TO_END = 60.0

# Process 1 of the namespace: it reaps orphans, and hands SIGTERM on. When it ends, the kernel ends the others.
INIT = 'trap "kill -TERM \\$hub" TERM; "$@" & hub=$!; while kill -0 $hub 2>/dev/null; do wait $hub; done'
ALONE = ("setpriv", "--pdeathsig", "KILL", "unshare", "--pid", "--fork", "--kill-child", "--mount-proc")


@dataclass(frozen=True)
class Hub:
    """A hub that runs.

    Attributes:
        address: of its login page's site.
        password: of every learner.
        init: process id, outside, of process 1 of its pid namespace.
        log: path of its log.
    """

    address: str
    password: str
    init: int
    log: Path


@dataclass(frozen=True)
class Course:
    """A course that a hub is for.

    Attributes:
        file: the teacher's.
        teacher: who is one.
    """

    file: Path
    teacher: str

    def settings(self, project: Path, pages: str) -> dict[str, str]:
        """What a teacher writes into teacher.py: each text with what takes its place.

        Args:
            project: what `environment` gave.
            pages: the address that the teacher's page listens at.
        """
        return {
            "/srv/networks/netkit-course.json": str(self.file),
            "ADMIN": self.teacher,
            "/opt/tljh/user/bin/python": str(project / ".venv" / "bin" / "python"),
            "http://127.0.0.1:8767": pages,
        }


@contextmanager
def hub(project: Path, learners: list[str], world: str = "auto", course: Course | None = None) -> Iterator[Hub]:
    """A hub for learners who are users of this machine.

    Args:
        project: what `environment` gave.
        learners: their names.
        world: which sandboxes their kernels take, as NETKIT_WORLD says it.
        course: that the hub is for.

    Raises:
        RuntimeError: it did not start.
    """
    public, inner, proxy, pages = (f"http://127.0.0.1:{port}" for port in _free_ports(4))
    password = secrets.token_urlsafe()
    given = {"project": str(project), "public": public, "hub": inner, "proxy": proxy, "world": world}
    given["course"] = course.settings(project, pages) if course else {}
    told = json.dumps({**given, "password": password, "learners": learners})
    path = f"{project / '.venv' / 'bin'}:{os.environ['PATH']}"
    command = [str(project / ".venv" / "bin" / "jupyterhub"), "-f", str(CONFIGURATION)]
    with tempfile.TemporaryDirectory(prefix="nk-hub-run-") as place, Path(place, "hub.log").open("wb") as log:
        process = subprocess.Popen(
            [*ALONE, "sh", "-c", INIT, "sh", *command],
            cwd=place,
            env={"PATH": path, "LANG": "C.UTF-8", "NETKIT_HUB": told},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_it_answers(process, public, Path(log.name))
            yield Hub(public, password, _child(process.pid), Path(log.name))
        finally:
            _end(process)


def _free_ports(number: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [opened.getsockname()[1] for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports


def _wait_until_it_answers(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"{address}/hub/health", timeout=10):  # noqa: S310 - the address is ours
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"The hub did not start; its log ends with:\n{log.read_text(errors='replace')[-3000:]}")


def _child(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()[0])


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let the hub end by itself, as a service manager does; kill what takes too long."""
    with ending(process, SECONDS_TO_END):
        if process.poll() is None:
            os.kill(_child(process.pid), signal.SIGTERM)
