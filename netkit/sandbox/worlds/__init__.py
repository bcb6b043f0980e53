"""The kinds of sandboxes, user and uml, and the choice among them (NETKIT_WORLD).

A world is a module with a `NAME`, a `SUMMARY`, what it `LACKS`, `start(job)` and `inside()`, as `World` describes
it; adding one to `WORLDS` makes it known everywhere.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Protocol

from netkit.errors import InvalidValue, SandboxError
from netkit.sandbox import filesystem
from netkit.sandbox.problems import Problem, WorldFailed, unavailable

if TYPE_CHECKING:
    import socket

    from netkit.sandbox.job import Job

WORLDS = {"user": "netkit.sandbox.worlds.user", "uml": "netkit.sandbox.worlds.uml"}
"""The module of each world, in the order in which `auto` tries them."""

VARIABLE = "NETKIT_WORLD"


class Event(Protocol):
    """What a sandbox tells: "exit" with the program's status in `text`, "stopped" with a signal, or "gone"."""

    word: str
    text: str


class Sandbox(Protocol):
    """A sandbox that runs, as seen from outside.

    Attributes:
        notes: sentences about what could not be had.
        passed: names of the stages in which it was made.
        terminal: descriptor of the master of the command's pseudo-terminal; -1 without one, or where the world itself
            carries what is typed and shown.
    """

    notes: tuple[str, ...]
    passed: tuple[str, ...]
    terminal: int

    def fileno(self) -> int:
        """A descriptor that is readable when `receive` has something to tell."""

    def receive(self) -> Event:
        """Wait for the next event."""

    def send(self, word: str, text: object = "") -> None:
        """Ask for something: "signal" with a number for the program."""

    def connect(self, channel: int) -> socket.socket | None:
        """A new stream to one of the kernel's five channels (1 to 5), or None as long as it does not listen."""

    def end(self) -> None:
        """Kill all of it, and wait until nothing is left."""


class World(Protocol):
    """A module that makes sandboxes of one kind; LACKS says in a sentence what they all lack, "" for nothing."""

    NAME: str
    SUMMARY: str
    LACKS: str

    def start(self, job: Job) -> Sandbox:
        """Run a program in a new sandbox, or raise WorldFailed before anything of it was run."""

    def enter(self, first: int, job: Job) -> Sandbox:
        """Run a program in the sandbox whose process 1, or what stands for it outside, has this id."""

    def inside(self) -> bool:
        """Whether this process is in a sandbox of this kind, by what the kernel says."""


def load(name: str) -> World:
    """The world of a name.

    Args:
        name: a key of WORLDS.
    """
    return importlib.import_module(WORLDS[name])  # type: ignore[return-value]


def chosen() -> tuple[str, ...]:
    """The names of the worlds to try, in order, as the variable NETKIT_WORLD chooses.

    Raises:
        InvalidValue: it names no world.
    """
    name = os.environ.get(VARIABLE) or "auto"
    if name == "auto":
        return tuple(WORLDS)
    if name not in WORLDS:
        known = ", ".join(("auto", *WORLDS))
        raise InvalidValue(
            f"{VARIABLE} is '{name}'", f"it is one of {known}", f"Take it away ('unset {VARIABLE}') or set one of these"
        )
    return (name,)


def start(job: Job) -> Sandbox:
    """Run a program in a new sandbox, of the first world that works.

    Args:
        job: the program.

    Raises:
        InvalidValue: NETKIT_WORLD names no world.
        SandboxUnavailable: no world works; it says why.
    """
    return _started(job)[1]


def working(job: Job) -> str:
    """The name of the first world that works here: what `start` takes.

    Args:
        job: a program that ends by itself, which is run to find out.

    Raises:
        InvalidValue: NETKIT_WORLD names no world.
        SandboxUnavailable: no world works; it says why.
    """
    name, sandbox = _started(job)
    sandbox.end()
    return name


def _started(job: Job) -> tuple[str, Sandbox]:
    """The first world that works, and the sandbox that it made."""
    problems: list[Problem] = []
    for name in chosen():
        try:
            return name, load(name).start(job)
        except WorldFailed as failure:
            problems.append(failure.problem)
    raise unavailable(problems)


def enter(first: int, job: Job) -> Sandbox:
    """Run a program in a sandbox that runs already.

    Args:
        first: process id, outside, of the sandbox's process 1.
        job: the program.

    Raises:
        SandboxError: it cannot be entered.
    """
    from netkit.sandbox.uml import boot

    name = "uml" if boot.is_machine(first) else filesystem.world(first)
    try:
        if name in WORLDS:
            return load(name).enter(first, job)
    except WorldFailed as failure:
        raise SandboxError(f"The sandbox cannot be entered: {failure}", remedy=failure.problem.remedy) from None
    raise SandboxError("The sandbox cannot be entered", "it has ended, or belongs to another user", "Start a new one")
