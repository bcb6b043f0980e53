"""Fresh networks inside the sandbox: each is that of a process of its own, the first of its pid namespace.

Its process ids, /run/netns and network are new, so that a journal's `ip link set … netns 1` means there what
it means in a new sandbox; and nothing has to be cleaned up.
"""

from __future__ import annotations

import multiprocessing
import os
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from netkit.linux import namespaces
from netkit.model import Snapshot
from netkit.sandbox import init, system

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

SECONDS = 240.0
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(
    [
        "pytest",
        "netkit.lab.namespaces",
        "netkit.sandbox.worlds.user",
        "tests.inside.programs",
    ]
)


def call(act: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function in a fresh network and return what it returned; all of it has to fit through a pipe (pickle)."""
    ours, theirs = _processes.Pipe()
    process = _processes.Process(target=_first, args=(theirs, act, arguments))
    process.start()
    theirs.close()
    try:
        assert ours.poll(SECONDS), f"{act.__name__} has not ended after {SECONDS} seconds"
        complaint, result = ours.recv()
    finally:
        ours.close()
        process.kill()
        process.join()
    assert not complaint, complaint
    return result


def without_strangers(snapshot: Snapshot) -> Snapshot:
    """The snapshot without the networks around the fresh one, which /proc still shows."""
    return Snapshot({space.name: space for space in snapshot if space.named})


def _first(connection: Connection, act: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """Become the parent of a first process, and wait for its end."""
    system.unshare(system.NEWNS | system.NEWNET | system.NEWPID)
    child = os.fork()
    if child == 0:
        connection.send(_answer(act, arguments))
        os._exit(0)
    os.waitpid(child, 0)


def _overlook_strangers() -> None:
    """Have netkit count only this pid namespace's processes: /proc shows those of the network beside as well.

    A snapshot would enter that network's namespaces while a program runs there, and its own iptables-save would
    then be a process in a namespace that the other is about to delete.
    """
    told, own = namespaces._process, os.readlink("/proc/self/ns/pid")

    def process(pid: int) -> tuple[str, int, int] | None:
        try:
            return told(pid) if os.readlink(f"/proc/{pid}/ns/pid") == own else None
        except OSError:  # it has just ended
            return None

    namespaces._process = process


def _answer(act: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[str, Any]:
    try:
        system.die_with_parent(os.getppid())
        system.mount(None, "/", None, system.RECURSIVE | system.SLAVE)
        os.makedirs("/run/netns", exist_ok=True)
        system.mount("netns", "/run/netns", "tmpfs")
        # iproute2 6.15 looks process 1 up there; where root's /proc is protected, Linux shows no fresh one (EPERM).
        with suppress(PermissionError):
            system.mount("proc", "/proc", "proc")
        system.raise_loopback()
        init.settle_network()
        _overlook_strangers()
        return "", act(*arguments)
    except BaseException:  # noqa: BLE001  (the test that asked for it is told)
        return traceback.format_exc(), None
