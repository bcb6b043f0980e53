"""A further program in a sandbox that runs already, from outside: `netkit shell KERNEL` (setns(2)).

The namespaces are entered in the order in which they were made, each by a process that owns it: the
user who started the sandbox needs no privileges for that (user_namespaces(7)).
"""

import os
import signal

from netkit.sandbox import init, system
from netkit.sandbox.job import Job
from netkit.sandbox.line import Line, fork
from netkit.sandbox.problems import Problem, WorldFailed, explain
from netkit.sandbox.user import calls
from netkit.sandbox.user.stages import WORLD, Started

_STAGE_2 = (("net", system.NEWNET), ("ipc", system.NEWIPC), ("uts", system.NEWUTS), ("mnt", system.NEWNS))


def enter(first: int, job: Job) -> Started:
    """Run a program beside those that a sandbox runs already.

    Args:
        first: process id, outside, of the sandbox's process 1.
        job: the program.

    Raises:
        WorldFailed: the sandbox has ended, or belongs to somebody else.
    """
    try:
        opened = _namespaces(first)
    except OSError as error:
        raise WorldFailed(explain(WORLD, "entering", 0, f"it has ended, or is not yours ({error.strerror})")) from None
    try:
        if system.owner_id(opened["user"]) != os.geteuid():
            # What is inside would be run with the rights of this user.
            remedy = "Its owner can enter it; root becomes the owner first, as 'netkit shell' does"
            raise WorldFailed(Problem(WORLD, "entering", 0, "the sandbox belongs to another user", remedy))
        return _entered(opened, job)
    finally:
        for namespace in opened.values():
            os.close(namespace)


def _entered(opened: dict[str, int], job: Job) -> Started:
    line, inner = Line.pair()
    starter = os.getpid()
    child = fork(lambda: _enter(opened, job, line, inner, starter))
    inner.close()
    terminal = -1
    if (message := line.receive()).word == "terminal":
        terminal = message.files[0]
        message = line.receive()
    if message.word != "ready":
        os.waitpid(child, 0)
        line.close()
        failure = message.failure() if message.word == "failed" else ("entering", 0, "the sandbox has just ended")
        raise WorldFailed(explain(WORLD, *failure))
    return Started(line, child, -1, terminal=terminal)


def _enter(opened: dict[str, int], job: Job, outer_end: Line, line: Line, starter: int) -> int:
    outer_end.close()
    system.close_all_but({line.fileno(), *opened.values()})
    system.forget_environment()
    system.leave_keys()
    system.die_with_parent(starter)
    for number in init.PASSED_ON:
        signal.signal(number, signal.SIG_IGN)
    try:
        _join(opened)
        system.die_with_parent(starter)
        system.forbid_new_privileges()
        init.be_apart(job, line)
        calls.hold_back()
    except OSError as error:
        line.send_failure("entering", error)
        return 1
    return init.live(job, line)


def _join(opened: dict[str, int]) -> None:
    """Become a member of all these namespaces."""
    stage_1 = system.parent(opened["user"])
    if os.fstat(stage_1).st_ino != os.stat("/proc/self/ns/user").st_ino:
        system.enter(stage_1, system.NEWUSER)
    # The pid namespace belongs to stage 1, the others to stage 2, which has no rights over it.
    system.enter(opened["pid"], system.NEWPID)
    system.enter(opened["user"], system.NEWUSER)
    for kind, flag in _STAGE_2:
        system.enter(opened[kind], flag)


def _namespaces(process: int) -> dict[str, int]:
    """Descriptors of the namespaces of one process, also if another one gets its number meanwhile."""
    place = os.open(f"/proc/{process}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        kinds = ("user", "pid", *(kind for kind, _ in _STAGE_2))
        return {kind: os.open(f"ns/{kind}", os.O_RDONLY | os.O_CLOEXEC, dir_fd=place) for kind in kinds}
    finally:
        os.close(place)
