"""Which programs live in the namespaces, and their files (16 kB each, 20 a folder, at most), to start them anew."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from netkit.linux import contained, namespaces
from netkit.linux.looks import hosts
from netkit.model import HOST
from netkit.model.residents import Program, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.linux.namespaces import Inhabitant

_FOLDERS = ("/run/", "/tmp/")  # noqa: S108  (what a sandbox has for itself)
_NOT_TOLD = ("/run/netns", "/run/netkit/")
_MOST_FILES, _MOST_LETTERS = 20, 16384
_OWN = ("python", "dockerd", "containerd", "docker-proxy", "runc")
"""Beginnings of programs that netkit and the Docker Engine start for themselves."""

_FIRST = 1
_LONGEST_NAME = 15


def programs() -> dict[str, tuple[Program, ...]]:
    """The programs of each namespace that nobody there started, by the namespace's name.

    What another program of the same namespace started comes back with that one.
    """
    people = namespaces.inhabitants()
    minders = {each.parent for found in people.values() for each in found if contained.name_by(each.parent)}
    return {
        place.name: tuple(
            program
            for each in people.get(place.inode, [])
            if _begins(each, place.name, {one.pid for one in people.get(place.inode, [])}, minders)
            and (program := _program(each, minders)) is not None
        )
        for place in namespaces.find()
    }


def _begins(each: Inhabitant, room: str, neighbours: set[int], minders: set[int]) -> bool:
    """Whether a process was begun from outside its namespace; on the host, whether a learner's line began it."""
    if each.pid in minders:
        return False
    if each.parent in minders:
        return True
    if room == HOST:
        return each.parent in (_FIRST, os.getpid()) and each.pid not in (_FIRST, os.getpid())
    return each.parent not in neighbours


def _program(each: Inhabitant, minders: set[int]) -> Program | None:
    """What a process runs; None where it has ended, or is none of a learner's."""
    try:
        words = Path(f"/proc/{each.pid}/cmdline").read_text(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return None
    called = os.path.basename(words[0])
    if not called or called.startswith(_OWN):
        return None
    if shutil.which(words[0]) is None:  # an image's own name for what busybox does
        words = ["busybox", called, *words[1:]]
    if len(words) > 1 and each.program == os.path.basename(words[1])[:_LONGEST_NAME] and os.access(words[1], os.X_OK):
        words = words[1:]  # a script, which is told of by its own name where it is started by that
    container = (contained.name_by(each.parent) or "") if each.parent in minders else ""
    return Program(tuple(words), each.program, container, hosts.seen_by(each.pid), tuple(_files(words)))


def _files(words: list[str]) -> Iterator[Text]:
    """The files that words name, and those right in the folders that they name."""
    for word in words:
        if not f"{word}/".startswith(_FOLDERS) or word.startswith(_NOT_TOLD):
            continue
        path = Path(word)
        inside = sorted(path.iterdir())[:_MOST_FILES] if path.is_dir() else [path]
        yield from (text for each in inside if (text := _text(each)) is not None)


def _text(path: Path) -> Text | None:
    """A small file's text; None for anything else."""
    try:
        told = path.lstat()
        if not stat.S_ISREG(told.st_mode) or told.st_size > _MOST_LETTERS:
            return None
        return Text(str(path), stat.S_IMODE(told.st_mode), path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
