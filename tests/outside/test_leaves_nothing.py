"""Whoever of a sandbox's processes is killed, and whenever: two seconds later nothing of it is left."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests import machine
from tests.outside import sessions, trees
from tests.outside.sessions import eventually

if TYPE_CHECKING:
    from pathlib import Path

KERNELS, MANY_KERNELS = 50, 500
AT_ONCE = 4
SECONDS_TO_END = 2.0
LATEST = 1.5
"""Seconds after the start within which a process is killed: a kernel is ready after about one."""

CLIENT = 'JPY_PARENT_PID=$$ $PYTHON -m netkit.kernel -f "$1" & wait'
"""A client in as few words as possible: it starts a kernel and lives until that ends."""


class Killing(NamedTuple):
    """One kernel of which some processes were killed at once.

    Attributes:
        victims: their roles.
        after: seconds from the start.
        processes: ids of all its processes.
        left: processes that still ran, namespaces that were still in use, and files, two seconds later.
    """

    victims: list[str]
    after: float
    processes: list[int]
    left: list[int | str]


def chosen(roles: list[str], chance: random.Random) -> list[str]:
    """Whom to kill: one, two, or all; what somebody else must notice, since without its heir alone a kernel goes on."""
    number = chance.choice((1, 1, 2, len(roles)))
    if number == 1:
        roles = [role for role in roles if role != trees.HEIR]
    return sorted(chance.sample(roles, min(number, len(roles))))


def kill_some(number: int, folder: Path, mark: str) -> Killing:
    """Start a kernel, kill some of its processes, and see what is left.

    Args:
        number: of this kernel; also the seed of what is chosen at random.
        folder: for the connection file.
        mark: goes into the environment of everything that is started.
    """
    chance = random.Random(number)  # noqa: S311 - repeatable, not secret
    file = sessions.connection_file(folder, f"kernel-{number}.json")
    variables = sessions.environment(PYTHON=sys.executable, NETKIT_MARK=f"{mark}-{number}.")
    client = subprocess.Popen(["sh", "-c", CLIENT, "sh", str(file)], env=variables, start_new_session=True)
    after = chance.uniform(0.0, LATEST)
    time.sleep(after)
    children = trees.children_of_all().get(client.pid)
    found = trees.look(children[0]) if children else trees.Processes({}, set(), set())
    if "keeper" in found.roles and trees.HEIR not in found.roles:
        # A kernel's launcher makes the heir first of all, and for a moment that is still in the launcher's session.
        found.roles[trees.HEIR] = found.roles.pop("keeper")
    roles = {"client": client.pid, **found.roles}
    victims = chosen(sorted(roles), chance)
    kill(*(roles[role] for role in victims))
    # Whoever is not killed sees to the file, once it is there to see to it.
    cared_for = trees.HEIR in roles and trees.HEIR not in victims
    eventually(lambda: not (trees.alive(list(roles.values())) or (cared_for and file.exists())), SECONDS_TO_END)
    left = [
        *trees.alive(list(roles.values())),
        *trees.still_used(found),
        *([file.name] if cared_for and file.exists() else []),
    ]
    if client.poll() is None:
        client.kill()
    client.wait()
    file.unlink(missing_ok=True)
    return Killing(victims, after, list(roles.values()), left)


def kill(*processes: int) -> None:
    """Kill them one after the other, without a pause; some may have ended meanwhile."""
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def kill_many(count: int, folder: Path) -> list[Killing]:
    """Kill processes of each of many kernels, a few at a time, and check that nothing is left."""
    mark = str(uuid.uuid4())
    before = machine.picture()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        killings = list(pool.map(lambda number: kill_some(number, folder, mark), range(count)))
    assert [killing for killing in killings if killing.left] == []
    assert eventually(lambda: not machine.marked_processes(f"NETKIT_MARK={mark}"), SECONDS_TO_END)
    assert machine.differences(before, machine.picture()) == []
    assert list(folder.iterdir()) == []
    return killings


def test_random_kills(tmp_path: Path) -> None:
    killings = kill_many(KERNELS, tmp_path)
    assert {role for killing in killings for role in killing.victims} == {"client", trees.HEIR, *trees.ROLES}
    assert {1, 2} < {len(killing.victims) for killing in killings}


@pytest.mark.long
def test_many_random_kills(tmp_path: Path) -> None:
    assert len(kill_many(MANY_KERNELS, tmp_path)) == MANY_KERNELS


@pytest.mark.parametrize("victims", [("launcher", "client"), ("client", "launcher")])
def test_the_key_goes_with_launcher_and_client(tmp_path: Path, victims: tuple[str, str]) -> None:
    """In either order: the first one's end is not yet noticed when the other is killed."""
    file = sessions.connection_file(tmp_path)
    variables = sessions.environment(PYTHON=sys.executable)
    with subprocess.Popen(["sh", "-c", CLIENT, "sh", str(file)], env=variables, start_new_session=True) as client:
        assert eventually(
            lambda: trees.HEIR in trees.look(*trees.children_of_all().get(client.pid, [client.pid])).roles
        )
        (launcher,) = trees.children_of_all()[client.pid]
        family = trees.descendants(client.pid)
        roles = {"client": client.pid, "launcher": launcher}
        kill(*(roles[role] for role in victims))
    assert eventually(lambda: not (trees.alive(family) or file.exists()), SECONDS_TO_END)


@pytest.mark.parametrize("role", trees.ROLES)
def test_kill_of_a_kernel_at_work(role: str) -> None:
    """With processes in namespaces of their own, as a lesson has them."""
    with sessions.session() as kernel:
        kernel.run(
            "import os\nos.system('ip netns add a; ip netns exec a sleep 1000 & setsid nohup sleep 1000 >/dev/null &')"
        )
        found = trees.look(kernel.launcher)
        family = trees.descendants(kernel.launcher)
        os.kill(found.roles[role], signal.SIGKILL)
        assert eventually(lambda: not trees.alive(family), SECONDS_TO_END), trees.alive(family)
        assert not trees.still_used(found)


def test_normal_end_removes_the_connection_file() -> None:
    with sessions.session() as kernel:
        file = kernel.manager.connection_file
        family = trees.descendants(kernel.launcher)
        assert os.path.exists(file)
    assert not os.path.exists(file)
    assert trees.alive(family) == []


def test_background_processes_end_with_a_command() -> None:
    mark = f"NETKIT_MARK={uuid.uuid4()}"
    command = [sessions.NETKIT, "run", "--", "sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & echo started"]
    variables = sessions.environment(NETKIT_MARK=mark.partition("=")[2])
    answer = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)
    assert answer.stdout == "started\n"
    assert machine.marked_processes(mark) == []
