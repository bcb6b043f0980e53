"""The process dockerd: its options, when it is ready (60 seconds at most), its last words, SIGTERM and SIGKILL."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.dockerd import rootlesskit
from netkit.errors import CommandFailed, EngineUnavailable
from netkit.linux.contained import ENGINE_DATA
from netkit.linux.entering import HOST_PATH
from netkit.linux.run import Process

if TYPE_CHECKING:
    from collections.abc import Callable

SOCKET = "/run/docker.sock"
DATA = ENGINE_DATA

FIRST_WITH_NFTABLES = 29
"""The first version that can write its rules by nftables."""

_BEHIND_ROOTLESSKIT = 27
"""The first version that wants to know of RootlessKit."""


@dataclass(frozen=True)
class Settings:
    """How the Engine is started.

    Attributes:
        version: of dockerd, as it says itself.
        userland_proxy: whether docker-proxy serves published ports beside the rules.
        firewall_backend: "iptables", "nftables", or "" for the Engine's own choice.
        icc: whether containers of its default network reach one another.
    """

    version: tuple[int, int, int]
    userland_proxy: bool = False
    firewall_backend: str = ""
    icc: bool = True

    @property
    def asks_rootlesskit(self) -> bool:
        """Whether it ends at once where nothing answers for RootlessKit."""
        return self.version[0] >= _BEHIND_ROOTLESSKIT

    @property
    def command(self) -> str:
        """As one types it in the sandbox."""
        asked = rootlesskit.VARIABLES if self.asks_rootlesskit else {}
        words = (
            *(("env", *(f"{name}={value}" for name, value in asked.items())) if asked else ()),
            *("dockerd", "--rootless"),  # it is root in the sandbox only, and must not insist on what that root may not
            *("--storage-driver", "vfs"),
            *("--exec-opt", "native.cgroupdriver=cgroupfs"),
            f"--userland-proxy={str(self.userland_proxy).lower()}",
            *((f"--firewall-backend={self.firewall_backend}",) if self.firewall_backend else ()),
            *(() if self.icc else ("--icc=false",)),
            *("--group", "root"),
            *("--data-root", DATA),
        )
        return shlex.join(words)


ROOTLESSKIT = "python -m netkit.dockerd.rootlesskit"
UNTIL_READY = "until docker version >/dev/null 2>&1; do sleep 0.1; done"

_SECONDS_TO_START, _SECONDS_TO_END, _SECONDS_TO_FOLLOW, _SECONDS_BETWEEN_LOOKS = 60.0, 20.0, 5.0, 0.01


def unavailable(problem: str, remedy: str, rule: str = "") -> EngineUnavailable:
    """The error for an Engine that cannot be had."""
    return EngineUnavailable(problem[0].upper() + problem[1:], rule, remedy)


def start(command: str) -> Process:
    """Start it; it is not ready yet.

    Args:
        command: as `Settings.command` has it.
    """
    return Process(HOST_PATH, shlex.split(command), command)


def start_rootlesskit() -> Process:
    """Start what answers for RootlessKit; returns when it does."""
    process = Process(HOST_PATH, shlex.split(ROOTLESSKIT), ROOTLESSKIT)
    if not _come_true(lambda: rootlesskit.answers() or not process.running, _SECONDS_TO_START):
        process.stop()
    if not process.running:
        raise unavailable(
            "what answers for RootlessKit did not start", "Try nk.engine() once more", _last_words(process)
        )
    return process


def wait_until_ready(process: Process, seconds: float = _SECONDS_TO_START) -> None:
    """Wait until it answers at its socket.

    Args:
        process: as `start` gave it.
        seconds: float, how long at most.

    Raises:
        EngineUnavailable: it ended instead, or did not answer in time.
    """
    if not _come_true(lambda: _answers() or not process.running, seconds):
        raise unavailable(f"the Docker Engine did not answer within {seconds:g} seconds", "Try nk.engine() once more")
    if not process.running:
        raise unavailable(
            "the Docker Engine ended while it started", "'netkit doctor' examines the machine", _last_words(process)
        )


def end(process: Process) -> None:
    """End it and its containerd: SIGTERM first, and SIGKILL for what does not listen.

    Args:
        process: as `start` gave it; if it has ended, the helpers that it left are killed with their containers.
    """
    alone = not process.running
    try:
        if not alone:
            os.kill(process.pid, signal.SIGTERM)
            process.wait(_SECONDS_TO_END)
    except CommandFailed:
        process.stop()
    if alone or not _come_true(lambda: not _helpers(), _SECONDS_TO_FOLLOW):
        _end_helpers()


def _answers() -> bool:
    """Whether it answers a ping (Docker's Engine API, /_ping)."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.settimeout(_SECONDS_TO_END)
        try:
            asked.connect(SOCKET)
            asked.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 " in asked.recv(64)
        except OSError:
            return False


def _last_words(process: Process) -> str:
    """The last line of its diary, which says why it ended."""
    return (process.output.strip().splitlines() or ["it said nothing"])[-1]


def _helpers() -> list[int]:
    """The processes that it works with: containerd, and a shim for each container."""
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _name(pid).startswith("containerd")]


def _end_helpers() -> None:
    for helper in _helpers():
        for process in (*_children(helper), helper):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
    _come_true(lambda: not _helpers(), _SECONDS_TO_FOLLOW)


def _children(pid: int) -> list[int]:
    with suppress(OSError), open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
        return [int(child) for child in children.read().split()]
    return []


def _name(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as name:
            return name.read()
    except OSError:
        return ""


def _come_true(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    return True
