"""The stages in which the user world is made, and the processes that make it.

    starter    outside: gives the ids, then is the relay of a kernel, or waits for a command
    └─ keeper  stage 1, user + mount namespace: hides the machine, seals the sockets
       └─ init    process 1 of a pid namespace: /proc, then stage 2, user + mount + net + ipc + uts
          └─ the program

With one stage the program could take the mounts away that hide the machine.  The second stage has a
user namespace of its own, for which the first one's mounts are locked (mount_namespaces(7)).  When
process 1 of a pid namespace ends, the kernel kills all others in it (pid_namespaces(7)): whoever of
these processes is killed, nothing is left.
"""

import os
import signal
import time
from collections.abc import Callable
from typing import NamedTuple

from netkit.errors import SandboxError
from netkit.sandbox import filesystem, init, places, sealing, system
from netkit.sandbox.job import Job
from netkit.sandbox.line import BROKEN, Line, Message, fork
from netkit.sandbox.problems import INTERPRETER, SECOND_USER_NAMESPACE, USER_NAMESPACE, WorldFailed, explain
from netkit.sandbox.user import calls, ids

WORLD = "user"
_CHANNELS = 5
_KINDS_OF_STAGE_2 = (
    (SECOND_USER_NAMESPACE, system.NEWUSER),
    ("network namespace", system.NEWNET),
    ("ipc namespace", system.NEWIPC),
    ("uts namespace", system.NEWUTS),
)
"""One by one, so that a refusal names what was refused; mounts follow later."""

_SEAL_WITHIN = 120.0
"""Seconds after which the keeper stops waiting for a kernel's sockets."""


class Started(NamedTuple):
    """A sandbox that runs.

    Attributes:
        line: to its process 1.
        keeper: process id of the keeper, a child of this process.
        sockets: descriptor of the directory in which a kernel has its sockets.
        notes: sentences about what could not be had.
        passed: names of the stages, in order.
        terminal: descriptor of the master of the program's pseudo-terminal, -1 without one.
    """

    line: Line
    keeper: int
    sockets: int
    notes: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    terminal: int = -1


def start(job: Job) -> Started:
    """Make a sandbox and run a program in it.

    Args:
        job: the program.

    Returns:
        The running sandbox; it ends when this process ends.

    Raises:
        WorldFailed: with stage, cause and remedy; nothing is left then.
        SandboxError: somebody killed it meanwhile; nothing is left either.
    """
    starter = os.getpid()
    try:
        line, inner = Line.pair()
        keeper = fork(lambda: inner.told_by(lambda: _keep(job, line, inner, starter)))
    except OSError as error:
        raise WorldFailed(explain(WORLD, "processes", error.errno or 0, str(error))) from None
    inner.close()
    told: dict[str, list[str]] = {"note": [], "passed": []}
    files = {"sockets": -1, "terminal": -1}
    while (message := line.receive()).word != "ready":
        if message.word == "namespaces":
            told["note"] += _give_ids(line, keeper)
        elif message.word in files:
            files[message.word] = message.files[0]
        elif message.word in told:
            told[message.word].append(message.text)
        else:
            line.close()
            raise _failed(message, os.waitpid(keeper, 0)[1], tuple(told["passed"]))
    return Started(line, keeper, files["sockets"], tuple(told["note"]), tuple(told["passed"]), files["terminal"])


def _failed(message: Message, status: int, passed: tuple[str, ...]) -> Exception:
    """The error for a sandbox that did not come into being."""
    if message.word == "failed":
        return WorldFailed(explain(WORLD, *message.failure()), passed)
    if os.waitstatus_to_exitcode(status) == BROKEN:
        return WorldFailed(explain(WORLD, "start", 0, "its processes broke off, see standard error"), passed)
    return SandboxError("The sandbox was killed while it was made", remedy="Start it again")


def _give_ids(line: Line, keeper: int) -> list[str]:
    try:
        notes = ids.install(keeper)
    except OSError as error:
        # The keeper waits for its ids: it ends when it hears that there are none.
        line.send("none")
        os.waitpid(keeper, 0)
        line.close()
        raise WorldFailed(
            explain(WORLD, "user and group ids", error.errno or 0, str(error)), (USER_NAMESPACE,)
        ) from error
    line.send("ids")
    return notes


def _keep(job: Job, outer_end: Line, line: Line, starter: int) -> int:
    """What the keeper does."""
    outer_end.close()
    # Process 1 has copies of what is open here, and in the sandbox everybody may take them (pidfd_getfd(2)).
    system.close_all_but({line.fileno()})
    system.die_with_parent(starter)
    # The starter passes signals on; the keeper outlives those that a terminal sends to all.
    for number in init.PASSED_ON:
        signal.signal(number, signal.SIG_IGN)
    system.leave_keys()
    _step(line, USER_NAMESPACE, lambda: system.unshare(system.NEWUSER))
    _step(line, "mount namespace", lambda: system.unshare(system.NEWNS))
    line.send("namespaces")
    line.expect("ids")
    system.die_with_parent(starter)
    # Process 1 inherits the working directory: that from before the mounts would lead to what they hide.
    os.chdir("/")
    for stage, act in _hiding(job):
        _step(line, stage, act)
    sockets = os.open(filesystem.SOCKETS, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    line.send("sockets", files=(sockets,))
    _step(line, "pid namespace", lambda: system.unshare(system.NEWPID))
    own = _own_ids()
    near, far = Line.pair()
    child = fork(lambda: line.told_by(lambda: _stage_2(job, line, near, far, protected=own.root)))
    far.close()
    if near.receive().word == "namespaces":
        _equip(line, near, own)
    line.close()
    if job.connection:
        _seal(child)
    status = os.waitpid(child, 0)[1]
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0


def _hiding(job: Job) -> tuple[tuple[str, Callable[[], None]], ...]:
    """The steps of stage 1, each with the name that a message calls it by."""
    return (
        ("mount propagation", filesystem.leave_propagation),
        ("own /run", lambda: filesystem.cover_run(WORLD)),
        ("own folders", places.own_places),
        ("own /etc/hosts", filesystem.cover_hosts),
        ("own /etc/resolv.conf", places.have_no_name_server),
        ("own /tmp", lambda: filesystem.cover_temporaries(job.shown)),
        ("hidden directories", lambda: filesystem.cover((*job.hidden, filesystem.SETTINGS_OF_DOCKER))),
        ("own /dev", filesystem.cover_devices),
        *([("read-only files", lambda: sealing.seal(job))] if job.sealed else []),
    )


def _stage_2(job: Job, line: Line, near: Line, far: Line, *, protected: bool) -> int:
    """What process 1 does."""
    near.close()
    system.forget_environment()
    # Its parent is out of sight in the new pid namespace: there its number is 0.
    system.die_with_parent(0)
    _step(line, "own /proc", filesystem.cover_processes)
    if protected:
        _step(line, "protection of the kernel's settings", filesystem.protect_kernel_settings)
    for stage, kind in _KINDS_OF_STAGE_2:
        _step(line, stage, lambda kind=kind: system.unshare(kind))
    far.send("namespaces")
    answer = far.receive()
    if answer.word != "done":
        line.send(*answer[:2])
        return 1
    system.die_with_parent(0)
    # Only now, so that all of stage 1's mounts come along, and locked.
    _step(line, "second mount namespace", lambda: system.unshare(system.NEWNS))
    for stage, act in init.STEPS:
        _step(line, stage, act)
    _step(line, INTERPRETER, lambda: init.reach_interpreter(job))
    _step(line, "session", lambda: init.be_apart(job, line))
    if note := calls.hold_back():
        line.send("note", note)
    return init.live(job, line, far)


def _step(line: Line, stage: str, act: Callable[[], None]) -> None:
    """Do one step; if the kernel refuses, tell the starter and end this process."""
    try:
        act()
    except OSError as error:
        line.send_failure(stage, error)
        os._exit(1)
    line.send("passed", stage)


class _OwnIds(NamedTuple):
    """What stage 1 has to know of its ids before /proc shows another pid namespace than its own."""

    maps: dict[str, str]
    root: bool


def _own_ids() -> _OwnIds:
    maps = {}
    for name in ("uid_map", "gid_map"):
        with open(f"/proc/self/{name}", encoding="ascii") as own:
            maps[name] = own.read()
    return _OwnIds({name: ids.repeated(text) for name, text in maps.items()}, ids.is_machines_root(maps["uid_map"]))


def _equip(line: Line, near: Line, own: _OwnIds) -> None:
    """Do for stage 2 what only a process of stage 1 may do.

    It gets the ids of stage 1 (user_namespaces(7)).  And a /sys that shows its links: mounted here, in
    stage 1, it cannot be taken away in stage 2.  By now /proc shows the new pid namespace.
    """
    stage = "user and group ids of the second stage"
    try:
        for name, text in own.maps.items():
            system.write(f"/proc/1/{name}", text)
        stage = "links of the network namespace"
        with open("/proc/1/ns/net", "rb") as network:
            system.enter(network.fileno(), system.NEWNET)
    except OSError as error:
        near.send_failure(stage, error)
        return
    if note := filesystem.cover_sys(protected=own.root):
        line.send("note", note)
    near.send("done")


def _seal(child: int) -> None:
    """Once the kernel has its sockets, cover their directory inside; the relay reaches them all the same."""
    deadline = time.monotonic() + _SEAL_WITHIN
    while time.monotonic() < deadline:
        if len(os.listdir(filesystem.SOCKETS)) >= _CHANNELS:
            filesystem.seal_sockets()
            return
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return
        time.sleep(0.05)
