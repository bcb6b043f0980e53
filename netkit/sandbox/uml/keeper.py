"""The process outside that starts User-Mode Linux, which has 60 s to boot, carries its streams, and ends all of it."""

import contextlib
import errno
import json
import os
import select
import signal
import socket
import time
from functools import partial
from types import FrameType
from typing import NamedTuple

from netkit.sandbox import init, system
from netkit.sandbox.job import Job
from netkit.sandbox.line import Line, fork
from netkit.sandbox.uml import boot, descriptors, preload, stdio
from netkit.sandbox.uml.mux import Carrier
from netkit.sandbox.uml.serial import HELLO, JOB, WINDOW, Frame, Serial

_BOOT_WITHIN = 60.0
_LAST_WORDS = 600
"""Seconds that the kernel may take to boot, and bytes of its messages that are told if it does not."""


class Machine(NamedTuple):
    """User-Mode Linux as its keeper sees it.

    Attributes:
        group: its process group.
        serial: the serial line.
        console: its messages.
        held: while it is open in this process, the group lives: see `boot.tie`.
        notices: where it tells how many descriptors are in use.
    """

    group: int
    serial: socket.socket
    console: int
    held: int
    notices: int


def keep(job: Job, outer_end: Line, line: Line, starter: int) -> int:
    """What the keeper does.

    Args:
        job: the program.
        outer_end: the starter's end of the line.
        line: to the starter.
        starter: its process id.
    """
    outer_end.close()
    system.die_with_parent(starter)
    # Whatever a program inside leaves behind outside becomes a child of the keeper, which ends it.
    system.adopt_orphans()
    for number in init.PASSED_ON:
        signal.signal(number, signal.SIG_IGN)
    try:
        boot.require_descriptors()
        arguments, _, library = boot.command(0), boot.memory_place(), boot.library()
    except OSError as error:
        line.send_failure("program", error)
        return 1
    line.send("passed", f"program {arguments[0]}")
    machine = _start(job, library)
    signal.signal(signal.SIGCHLD, partial(_mourn, machine.group))
    try:
        _serve(job, line, machine)
    finally:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _end(machine.group)
    return 0


def _start(job: Job, library: int) -> Machine:
    ours, theirs = socket.socketpair()
    leash, held = os.pipe()
    notices, noticed = descriptors.pipe()
    console = os.memfd_create("console", os.MFD_CLOEXEC)

    def become() -> int:
        os.close(held)
        boot.become(job, boot.Files(theirs.fileno(), console, library, leash, noticed))
        return 1

    # Where it is allowed, to root that is: in a pid namespace all ends with its first process (pid_namespaces(7)).
    with contextlib.suppress(OSError):
        system.unshare(system.NEWPID)
    group = fork(become)
    theirs.close()
    for file in (library, leash, noticed):
        os.close(file)
    return Machine(group, ours, console, held, notices)


def _mourn(group: int, _number: int, _frame: FrameType | None) -> None:
    """If User-Mode Linux has ended, end what was just being started: that would hold the serial line open."""
    if _end_of(group):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


def _serve(job: Job, line: Line, machine: Machine) -> None:
    """Hand the program to process 1 inside, then carry until the starter or the machine inside ends."""
    serial = Serial(machine.serial.fileno(), WINDOW)
    early = _booted(serial, machine, line)
    if early is None:
        return
    serial.send(JOB, 0, json.dumps({**job._asdict(), "size": stdio.size(job)}).encode())
    carrier = Carrier(serial, line, _nobody)
    carrier.watch(machine.notices, descriptors.Watch(machine.notices, carrier.tell).look)
    with stdio.outside(job, carrier):
        carrier.carry(early)


def _booted(serial: Serial, machine: Machine, line: Line) -> tuple[Frame, ...] | None:
    """Wait for process 1 inside; None if it never came, which the starter was told then."""
    deadline = time.monotonic() + _BOOT_WITHIN
    poll = select.poll()
    poll.register(machine.serial, select.POLLIN)
    poll.register(line.fileno(), select.POLLIN)
    ended = None
    while not ended and time.monotonic() < deadline:
        ready = [file for file, _ in poll.poll(100)]
        if line.fileno() in ready:
            return None  # the starter has nothing to say yet: it is gone
        frames = serial.read() if ready else []
        if frames and frames[0].kind == HELLO:
            if not preload.is_loaded(machine.group):
                line.send_failure("boot", OSError(errno.ELIBACC, f"'{boot.program()}' did not load it"))
                return None
            line.send("passed", "boot")
            return tuple(frames[1:])
        ended = _end_of(machine.group)
    if ended and (ended.si_code, ended.si_status) == (os.CLD_KILLED, signal.SIGKILL):
        return None  # somebody killed it, which the starter tells
    told = os.pread(machine.console, _LAST_WORDS, max(0, os.fstat(machine.console).st_size - _LAST_WORDS))
    words = " ".join(told.decode(errors="replace").split()) or "it said nothing"
    line.send_failure("boot", OSError(0, f"User-Mode Linux did not start: {words}"))
    return None


def _end_of(group: int) -> os.waitid_result | None:
    """How User-Mode Linux has ended, None while it runs."""
    return os.waitid(os.P_PID, group, os.WEXITED | os.WNOHANG | os.WNOWAIT)


def _nobody(_channel: int) -> None:
    """Nothing outside is connected to from inside."""


def _end(group: int) -> None:
    """Kill the process group and wait until nothing is left of it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
