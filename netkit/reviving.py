"""Knows the shell commands that make a network anew together with the programs that live in it, containers too.

`rebuilding` makes what a snapshot shows; here nameless namespaces come back as well, for as long as their programs run.
"""

from __future__ import annotations

import dataclasses
from shlex import join, quote
from typing import TYPE_CHECKING

from netkit.linux.contained import CLIENT
from netkit.model import HOST, Snapshot
from netkit.rebuilding import Rebuilding, rebuilding
from netkit.shell import in_namespace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from netkit.model import Interface, Namespace
    from netkit.model.residents import Program

_FOR_A_WHILE = "netkit-room-"
_FILES = "/run/netkit-revived"
_CONTAINERS = "/run/netkit-docker"
_MINDER = "unshare"
"""What waits for a container's first process: it comes with the container."""

_QUIET = "</dev/null >/dev/null 2>&1 &"
_WAIT = """\
await() {
    n=0
    until for p in $(ip netns pids "$1"); do cat "/proc/$p/comm"; done 2>/dev/null | grep -qxF -- "$2" || [ $n -ge 150 ]
    do n=$((n + 1)); sleep 0.02; done
}"""
"""A function of the shell: wait until a process of that name lives in a namespace."""

_NAMED = '[ ! -e "$1/hosts" ] || mount --bind "$1/hosts" /etc/hosts; shift; exec "$@"'
_BEGIN = f"mount -t proc proc /proc 2>/dev/null; {_NAMED}"
_APART = (
    "unshare --pid --fork --kill-child nsenter --net={} unshare --mount --uts --ipc --propagation slave sh -c {} {} {}"
)


def reviving(snapshot: Snapshot, programs: Mapping[str, tuple[Program, ...]]) -> Rebuilding:
    """The commands that make a network anew, and start what runs in it.

    Args:
        snapshot: the network.
        programs: of each namespace, by its name.

    Returns:
        Lines for the host of an empty sandbox, and what they lack.
    """
    rooms = {space.name: f"{_FOR_A_WHILE}{number}" for number, space in enumerate(snapshot) if not space.named}
    rooms.pop(HOST, None)
    made = rebuilding(_renamed(snapshot, rooms))
    there = {rooms.get(room, room): found for room, found in programs.items() if found and room in snapshot.namespaces}
    begun = [line for number, room in enumerate(there) for line in _begun(room, there[room], number)]
    gone = [f"ip netns delete {room}" for room in rooms.values() if room in there]
    known = (
        *(f"what runs in {room}: " for room in there),
        *(f"what runs in {name}: {_MINDER}" for name in snapshot.namespaces),
    )
    missing = [sentence for sentence in made.missing if not sentence.startswith(known)]
    return Rebuilding((*made.lines, *([_WAIT] if begun else []), *_files(there), *begun, *gone), tuple(missing))


def _renamed(snapshot: Snapshot, rooms: Mapping[str, str]) -> Snapshot:
    """A network whose nameless namespaces have names for a while."""

    def link(one: Interface) -> Interface:
        ends = {
            key: end and (rooms.get(end[0], end[0]), end[1])
            for key, end in (("peer", one.peer), ("parent", one.parent))
        }
        return dataclasses.replace(one, **ends)

    def space(one: Namespace) -> Namespace:
        links = {name: link(each) for name, each in one.interfaces.items()}
        return dataclasses.replace(one, name=rooms.get(one.name, one.name), named=True, interfaces=links)

    return Snapshot({rooms.get(one.name, one.name): space(one) for one in snapshot})


def _files(there: Mapping[str, tuple[Program, ...]]) -> Iterator[str]:
    """The commands that write the files that programs are told of, each once."""
    files = {text.path: text for found in there.values() for program in found for text in program.files}
    for folder in dict.fromkeys(path.rpartition("/")[0] for path in files):
        yield f"mkdir -p {quote(folder)}"
    for text in files.values():
        yield f"printf %s {quote(text.text)} > {quote(text.path)}"
        yield f"chmod {text.mode:o} {quote(text.path)}"


def _begun(room: str, programs: tuple[Program, ...], number: int) -> Iterator[str]:
    """The commands that start a namespace's programs, and wait until they run."""
    for place, program in enumerate(programs):
        folder = f"{_CONTAINERS}/{program.container}" if program.container else f"{_FILES}/{number}-{place}"
        if program.hosts is not None:
            yield f"mkdir -p {quote(folder)}"
            yield f"printf %s {quote(program.hosts)} > {quote(folder)}/hosts"
        yield f"setsid {_started(room, program, folder)} {_QUIET}"
        if room != HOST:
            yield f"await {quote(room)} {quote(program.name)}"


def _started(room: str, program: Program, folder: str) -> str:
    """A program's command line: in its namespace, with its own /etc/hosts, as a container where it is one."""
    words = join(program.words)
    if program.container:
        network = "/proc/self/ns/net" if room == HOST else f"/run/netns/{quote(room)}"
        return f"{_APART.format(network, quote(_BEGIN), CLIENT, quote(folder))} {words}"
    if program.hosts is not None:
        words = f"unshare --mount sh -c {quote(_NAMED)} sh {quote(folder)} {words}"
    return in_namespace(room, "", words)
