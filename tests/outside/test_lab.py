"""`netkit lab`: its kernels open no port, start again, and all of it ends with the shell that started it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient

from netkit.sandbox.relaying.connection import CHANNELS
from netkit.server import SocketKernelManager, can_listen
from tests.outside import sessions, trees
from tests.outside.sessions import NETKIT, eventually, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

IN_A_SHELL = '"$@" & wait'
SECONDS_TO_END = 10.0


class Lab:
    """JupyterLab that a shell has started, without a browser.

    Args:
        folder: where it starts, and has its own files.
        program: the command `netkit`.
    """

    def __init__(self, folder: Path, program: str = NETKIT) -> None:
        self.runtime = folder / "run"
        variables = sessions.environment(JUPYTER_RUNTIME_DIR=str(self.runtime), JUPYTER_CONFIG_DIR=str(folder / "c"))
        options = ["--no-browser", "--port=0", "--IdentityProvider.token=t", "--ServerApp.disable_check_xsrf=True"]
        with (folder / "log").open("wb") as log:
            command = ["sh", "-c", IN_A_SHELL, "sh", program, "lab", *options]
            self.shell = subprocess.Popen(command, cwd=folder, env=variables, stdout=log, stderr=log)
        self.address = eventually(self._found, sessions.PATIENCE)
        assert self.address, (folder / "log").read_text()
        assert eventually(lambda: self._answers("api/status"), sessions.PATIENCE)

    def _found(self) -> str:
        """The address that the running server has written down."""
        for file in self.runtime.glob("jpserver-*.json"):
            return sessions.facts(file).get("url", "")
        return ""

    def _answers(self, path: str) -> bool:
        try:
            return bool(self.ask(path))
        except OSError:
            return False

    def ask(self, path: str, said: dict[str, Any] | None = None) -> Any:
        """What the server answers to a GET, or to a POST of something."""
        request = urllib.request.Request(  # noqa: S310 - an address of this test
            self.address + path,
            data=None if said is None else json.dumps(said).encode(),
            headers={"Authorization": "token t", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=sessions.PATIENCE) as answer:  # noqa: S310
            return json.loads(answer.read() or "null")

    def end(self) -> None:
        """Kill what is left."""
        family = trees.descendants(self.shell.pid)
        self.shell.kill()
        self.shell.wait()
        for process in trees.alive(family):
            os.kill(process, signal.SIGKILL)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    started = Lab(tmp_path_factory.mktemp("lab"))
    yield started
    started.end()


def said_by(file: Path) -> str:
    """What a kernel prints, asked by a client of its connection file."""
    client = BlockingKernelClient(connection_file=str(file))
    client.load_connection_file()
    client.start_channels()
    shown: list[str] = []
    try:
        assert eventually(lambda: sessions.is_ready(client), sessions.PATIENCE)
        code = "import netkit; print(netkit.require_sandbox())"
        client.execute_interactive(code, timeout=60, output_hook=lambda message: shown.append(text_of(message)))
    finally:
        client.stop_channels()
    return "".join(shown)


def listening_ports(process: int) -> set[str]:
    """Local addresses at which a process listens for TCP, as /proc/net/tcp has them (proc_pid_net(5))."""
    folder = f"/proc/{process}/fd"
    held = {os.readlink(f"{folder}/{name}") for name in os.listdir(folder)}
    tables = (Path(f"/proc/{process}/net/{name}").read_text(encoding="ascii") for name in ("tcp", "tcp6"))
    lines = (line.split() for table in tables for line in table.splitlines()[1:])
    return {fields[1] for fields in lines if fields[3] == "0A" and f"socket:[{fields[9]}]" in held}


@pytest.mark.long
def test_nobody_is_asked_about_news(lab: Lab) -> None:
    told = lab.ask("lab/api/settings/@jupyterlab/apputils-extension:notification")
    assert told["schema"]["properties"]["fetchNews"]["default"] == "false"
    assert told["settings"] == {}


@pytest.mark.long
def test_kernels_of_lab_open_no_port_and_start_again(lab: Lab) -> None:
    number = lab.ask("api/kernels", {})["id"]
    file = lab.runtime / f"kernel-{number}.json"
    for _ in range(2):
        assert said_by(file).startswith("sandbox:")
        facts = sessions.facts(file)
        assert facts["transport"] == "ipc"
        sockets = [Path(f"{facts['ip']}-{facts[channel]}") for channel in CHANNELS]
        assert {socket.stat().st_mode & 0o777 for socket in sockets} == {0o600}
        (launcher,) = (kernel for kernel in trees.descendants(lab.shell.pid) if _is_launcher(kernel))
        assert listening_ports(launcher) == set()
        lab.ask(f"api/kernels/{number}/restart", {})


def _is_launcher(process: int) -> bool:
    words, parent = _words(process), _words(_parent(process))
    return words[1:3] == ["-m", "netkit.kernel"] and parent[1:3] != words[1:3]


def _words(process: int) -> list[str]:
    return Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8").split("\0")


def _parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])


@pytest.mark.long
def test_lab_ends_with_a_shell_that_is_killed(lab: Lab) -> None:
    family = trees.descendants(lab.shell.pid)
    assert len(family) > 2
    lab.shell.kill()
    lab.shell.wait()
    assert eventually(lambda: not trees.alive(family), SECONDS_TO_END), list(map(_words, trees.alive(family)))
    assert list(lab.runtime.glob("kernel-*")) == []


@pytest.mark.parametrize(
    ("folder", "kernel", "expected"), [("r", "netkit", "ipc"), ("r" * 90, "netkit", "tcp"), ("r", "python3", "tcp")]
)
def test_sockets_where_there_can_be_some(folder: str, kernel: str, expected: str) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        place = Path(short, folder)
        place.mkdir()
        manager = SocketKernelManager(kernel_name=kernel, connection_file=str(place / "kernel-1.json"))
        assert manager.transport == expected
        assert list(place.iterdir()) == []


def test_no_sockets_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert not can_listen(str(tmp_path / "nowhere" / "socket"))
