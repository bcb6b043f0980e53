"""The Engine's programs by their names: where another Engine than the machine's is chosen, its own come first in PATH.

A tree with a C library of its own is entered by chroot(8), and sees the sandbox's /proc, /sys, /dev, /run and /tmp; its
dockerd has it as the root of a mount namespace. A folder of programs that need no library comes first in PATH.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from netkit.sandbox import system
from netkit.sandbox.doctor import engines

if TYPE_CHECKING:
    from netkit.sandbox.doctor.engines import Engine

LINE = 'eval "$(python -m netkit.dockerd.programs)"'
"""What does in a shell what `prepare` does here."""

_FOLDER = "/run/netkit-engine"
_SHARED = ("proc", "sys", "dev", "run", "tmp", "root", "home")
"""What a tree shares with the sandbox: the kernel's files, sockets, data, and what one may hand to a container."""

_WRAPPED = ("docker", "dockerd")

_APART = ("unshare", "--mount", "--propagation", "slave", "sh", "-c", 'cd "$0" && pivot_root . mnt && exec "$@"')
"""Runs a program with a tree for root. Of a container that is made below a chroot, the root that is found by whoever
enters its mount namespace later, as `docker exec` does, would be the machine's."""


def needed(engine: Engine) -> bool:
    """Whether an Engine's programs are not those that PATH finds anyway."""
    return engine.root != "/" or bool(engine.folder)


def prepare(engine: Engine) -> None:
    """Mount what a tree shares with the sandbox, and let the names docker and dockerd mean its programs.

    Args:
        engine: as `engines.chosen` gave it.

    Raises:
        OSError: the kernel refuses a mount.
    """
    if engine.root != "/":
        _mount(engine.root, engine.root)  # the Engine makes its root private, which has to be a mount for that
        for name in _SHARED:
            _mount(f"/{name}", os.path.join(engine.root, name))
    Path(_FOLDER).mkdir(exist_ok=True)
    for program in _WRAPPED:
        wrapper = Path(_FOLDER, program)
        wrapper.write_text(f'#!/bin/sh\nexec {" ".join(map(quote, _words(engine, program)))} "$@"\n')
        wrapper.chmod(0o755)
    os.environ["PATH"] = f"{_FOLDER}:{os.environ.get('PATH', os.defpath)}"


def _words(engine: Engine, program: str) -> list[str]:
    entered = engine.words(program)
    if engine.root == "/" or program != "dockerd":
        return entered
    return [*_APART, engine.root, *entered[2:]]


def take_away(engine: Engine) -> None:
    """Undo what `prepare` did."""
    places = os.environ.get("PATH", os.defpath).split(":")
    os.environ["PATH"] = ":".join(place for place in places if place != _FOLDER)
    shutil.rmtree(_FOLDER, ignore_errors=True)
    if engine.root != "/":
        with suppress(OSError):  # it was not mounted
            system.unmount(engine.root, system.DETACH)


def _mount(source: str, place: str) -> None:
    if os.path.isdir(source) and os.path.isdir(place):
        system.mount(source, place, None, system.BIND | system.RECURSIVE)
        # What is unmounted here later stays mounted there: the learner's namespaces, in /run/netns.
        system.mount(None, place, None, system.SLAVE | system.RECURSIVE)


if __name__ == "__main__":
    prepare(engines.chosen())
    print(f"export PATH={_FOLDER}:$PATH")  # noqa: T201  (a shell evaluates it)
