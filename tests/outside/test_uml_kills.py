"""Whoever of the processes of the uml world is killed, and whenever: nothing is left, nothing goes on as a program of
the machine.
"""

from __future__ import annotations

import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations, cycle, islice, repeat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from netkit.sandbox.worlds import VARIABLE
from tests.outside import trees
from tests.outside.nursery import Nursery, kill, nursery
from tests.outside.sessions import NETKIT, connection_file, eventually
from tests.outside.test_leaves_nothing import CLIENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

pytestmark = pytest.mark.skipif(shutil.which("linux.uml") is None, reason="user-mode-linux is not installed")

CHAIN = ("launcher", "keeper", "machine")
"""Each the child of the one before; the machine is User-Mode Linux.  Whichever of them ends takes all others along."""

CHAIN_OF_KERNEL = ("client", *CHAIN)

GUEST, HELPER = "guest", "helper"
"""Children of the machine: a program inside, which it traces, and what helps it outside."""

KINDS = (
    *((role,) for role in (*CHAIN, GUEST, HELPER)),
    *combinations((*CHAIN, GUEST), 2),
    CHAIN,
    (*CHAIN, GUEST, HELPER),
)
KILLS, MANY_KILLS, MANY_KERNELS = len(KINDS), 200, 50
"""How many in all, one of each kind, and in the long run how many of each kind and how many kernels."""

AT_ONCE = {CHAIN: 3, CHAIN_OF_KERNEL: 1}
"""How many at a time; kernels would take one another's ports away before they listen at them."""

WHILE_AT_WORK = 0.6
"""The part of the sandboxes in which the program inside runs already; in the others processes are killed earlier."""

LATEST = {CHAIN: 1.5, CHAIN_OF_KERNEL: 5.0}
"""Seconds after the start within which those are killed, if they are there: a kernel is ready after about three."""

SECONDS_TO_BOOT, SECONDS_TO_END = 60.0, 2.0
LOOP = """
while :; do
    for turn in 1 2 3 4 5 6 7 8 9 10; do echo guest > "$0"; done
    (cat "$0")
done
"""
"""What runs inside: it opens, writes and forks, and says so; outside its file is never to be seen."""


class Killing(NamedTuple):
    """One sandbox of which some processes were killed.

    Attributes:
        kind: which ones.
        at_work: whether the program inside was running.
        lasted: seconds until nothing was left.
        left: what was there all the same.
    """

    kind: tuple[str, ...]
    at_work: bool
    lasted: float
    left: list[str]


def roles(
    started: Nursery, wanted: tuple[str, ...] = (*CHAIN, GUEST), chain: tuple[str, ...] = CHAIN
) -> dict[str, list[int]]:
    """The processes of a sandbox by their role; nothing as long as one of those that are wanted is not there."""
    children, found, parent = trees.children_of_all(), {}, started.process.pid
    for role in chain:
        # What the keeper starts is User-Mode Linux once it leads a session of its own: before, it is a compiler.
        # Of the others only the heir of a kernel's launcher leads one.
        some = [child for child in children.get(parent, ()) if leads(child) is (role == "machine")]
        if not some:
            break
        parent, found[role] = some[0], some[:1]
    for child in children.get(parent, ()) if chain[-1] in found else ():
        found.setdefault(HELPER if status(child, "TracerPid") == "0" else GUEST, []).append(child)
    return found if set(wanted) <= found.keys() else {}


def leads(process: int) -> bool:
    """Whether a process leads a session."""
    try:
        return os.getsid(process) == process
    except ProcessLookupError:
        return False


def status(process: int, field: str) -> str:
    """A field of a process's status (proc_pid_status(5)), "0" if it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "0"
    return next(line.split()[1] for line in lines if line.startswith(field + ":"))


def sandbox(folder: Path, chain: tuple[str, ...] = CHAIN) -> AbstractContextManager[Nursery]:
    """A sandbox in which LOOP runs, whose file is `folder / "mark"`; or one of a kernel."""
    variables = {**os.environ, VARIABLE: "uml", "PYTHON": sys.executable}
    for name in ("HOME", "TMPDIR"):
        (folder / name).mkdir()
        variables[name] = str(folder / name)
    words: tuple[str, ...] = (NETKIT, "run", "--", "sh", "-c", LOOP, str(folder / "mark"))
    if chain is CHAIN_OF_KERNEL:
        words = ("sh", "-c", CLIENT, "sh", str(connection_file(folder)))
    return nursery(*words, env=variables, cwd=folder / "HOME", stderr=subprocess.DEVNULL)


def is_at_work(started: Nursery) -> bool:
    """Wait until the program inside has written and read, and say whether it did."""
    assert started.process.stdout
    ready, _, _ = select.select([started.process.stdout], [], [], SECONDS_TO_BOOT)
    return bool(ready) and started.process.stdout.readline() == "guest\n"


def kill_some(number: int, kind: tuple[str, ...], folder: Path, chain: tuple[str, ...] = CHAIN) -> Killing:
    """Start a sandbox, kill some of its processes at once, and see what is left.

    Args:
        number: the seed of what is chosen at random.
        kind: the roles of the processes, one each.
        folder: an empty one.
        chain: CHAIN_OF_KERNEL for a kernel.
    """
    chance = random.Random(number)  # noqa: S311 - repeatable, not secret
    with sandbox(folder, chain) as started:
        works = chain is CHAIN and chance.random() < WHILE_AT_WORK and is_at_work(started)
        time.sleep(chance.uniform(0.0, 0.2 if works else LATEST[chain]))
        there = eventually(lambda: roles(started, kind, chain), SECONDS_TO_BOOT)
        victims = {role: chance.choice(there[role]) for role in kind}
        for victim in victims.values():
            kill(victim)
        if not set(chain) & set(victims):
            time.sleep(chance.uniform(0.0, 0.3))
            kill(there[chain[0]][0])
        killed = time.monotonic()
        empty = started.is_empty(SECONDS_TO_END)
        lasted = time.monotonic() - killed
        left = [] if empty else [f"{one} {status(one, 'Name')}" for one in started.family()]
    left += map(str, (*folder.glob("mark"), *folder.glob("TMPDIR/*"), *folder.glob("HOME/.uml")))
    return Killing(tuple(victims), works, lasted, left)


def kill_many(kinds: Iterable[tuple[str, ...]], folder: Path, chain: tuple[str, ...] = CHAIN) -> list[Killing]:
    """Kill processes of many sandboxes, some at a time, and check that nothing is left.

    Args:
        kinds: for each sandbox the roles of the processes.
        folder: an empty one.
        chain: CHAIN_OF_KERNEL for kernels.
    """

    def one(numbered: tuple[int, tuple[str, ...]]) -> Killing:
        number, kind = numbered
        place = folder / str(number)
        place.mkdir()
        return kill_some(number, kind, place, chain)

    with ThreadPoolExecutor(AT_ONCE[chain]) as pool:
        killings = list(pool.map(one, enumerate(kinds)))
    assert [killing for killing in killings if killing.left] == []
    return killings


def test_random_kills(tmp_path: Path) -> None:
    killings = kill_many(islice(cycle(KINDS), KILLS), tmp_path)
    assert {killing.at_work for killing in killings} == {True, False}
    assert {killing.kind for killing in killings} >= set(KINDS)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS, ids="+".join)
def test_many_kills(kind: tuple[str, ...], tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    killings = kill_many(repeat(kind, MANY_KILLS), tmp_path)
    record_property("slowest end in seconds", max(killing.lasted for killing in killings))
    record_property("killed", Counter(killing.kind for killing in killings))
    assert max(Counter(killing.kind for killing in killings)) == kind


@pytest.mark.long
def test_many_kills_of_kernels(tmp_path: Path) -> None:
    kinds = [(role,) for role in (*CHAIN_OF_KERNEL, GUEST)]
    killings = kill_many(islice(cycle(kinds), MANY_KERNELS), tmp_path, CHAIN_OF_KERNEL)
    assert {killing.kind for killing in killings} >= set(kinds)


def test_the_kernel_ends_what_nobody_else_ends(tmp_path: Path) -> None:
    """Without a keeper that could do anything: it is stopped."""
    with sandbox(tmp_path) as started:
        assert is_at_work(started)
        there = roles(started)
        assert {status(guest, "Seccomp") for guest in there[GUEST]} == {"2"}, "a guest could make system calls"
        ours, theirs = (os.readlink(f"/proc/{one}/ns/pid") for one in (os.getpid(), there["machine"][0]))
        may = subprocess.run(["unshare", "--pid", "--fork", "true"], stderr=subprocess.DEVNULL, check=False)
        assert (ours != theirs) == (may.returncode == 0)
        kill(there["keeper"][0], signal.SIGSTOP)
        kill(there["machine"][0])
        assert eventually(lambda: len(started.family()) == 2, SECONDS_TO_END), started.family()
        assert not (tmp_path / "mark").exists()
