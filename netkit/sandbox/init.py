"""Process 1 of a sandbox: it sets loopback, host name and sysctls, starts the program, and buries the dead (zombies).

It is small on purpose.  When it ends, for whatever reason, the kernel kills every process in the sandbox.
"""

import contextlib
import fcntl
import os
import select
import signal
import sys
import termios
from collections.abc import Callable, Mapping
from types import MappingProxyType

from netkit.sandbox import filesystem, system
from netkit.sandbox.job import Job, inside
from netkit.sandbox.line import Line
from netkit.visible import visible

PASSED_ON = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGTSTP,
    signal.SIGTTIN,
    signal.SIGTTOU,
    signal.SIGWINCH,
)
"""Signals that are meant for the program when somebody sends them to the sandbox's starter."""

_SETTINGS = {
    # As systemd sets it on a machine: ping without privileges.
    "net/ipv4/ping_group_range": "0 {last_group}",
    # A new namespace copies the next two from the machine (devconf_inherit_init_net), where Docker may have
    # switched forwarding on. Inside they begin as Linux has them, so that lessons start alike everywhere.
    "net/ipv4/ip_forward": "0",
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/default/rp_filter": "0",
    # With 1, which it is wherever br_netfilter is loaded, Docker's FORWARD policy kills a bridge made by hand.
    # The lessons switch it on themselves, to show just that.
    "net/bridge/bridge-nf-call-iptables": "0",
    "net/bridge/bridge-nf-call-ip6tables": "0",
    "net/bridge/bridge-nf-call-arptables": "0",
    # In User-Mode Linux this namespace is the machine's, and others would copy what a lesson has switched on here.
    "net/core/devconf_inherit_init_net": "2",
}


def settle_network() -> None:
    """Bring the settings of the new network namespace to what a plain machine has."""
    for name, template in _SETTINGS.items():
        value = template.format(last_group=_last_group())
        with contextlib.suppress(FileNotFoundError):
            system.write("/proc/sys/" + name, value)


STEPS: tuple[tuple[str, Callable[[], None]], ...] = (
    ("loopback", system.raise_loopback),
    ("host name", lambda: system.set_host_name("netkit")),
    ("network settings", settle_network),
    ("names of namespaces", filesystem.share_names),
    ("no new privileges", system.forbid_new_privileges),
)
"""What is left to do in stage 2, each with the name that a message calls it by."""


def reach_interpreter(job: Job) -> None:
    """See that what a program in this Python runs from can be reached, as by one who has no rights over others' files.

    Args:
        job: the program.

    Raises:
        PermissionError: it cannot; the program would end without a word.
    """
    if sys.executable in job.argv:
        for place in (sys.executable, os.__file__, __file__):
            with contextlib.suppress(FileNotFoundError):
                os.stat(place)


def be_apart(job: Job, line: Line) -> None:
    """Begin a session of one's own, and give the program a pseudo-terminal of the sandbox's if it is to have one.

    The terminal outside belongs to another session then: nobody inside can type into it (TIOCSTI of ioctl_tty(2)).

    Args:
        job: the program.
        line: to the starter, who gets the master.
    """
    os.setsid()
    if job.terminal:
        master, slave = os.openpty()
        for number in filter(os.isatty, range(3)):
            os.dup2(slave, number)
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        line.send("terminal", files=(master,))
        os.close(master)
        os.close(slave)


_NONE: Mapping[str, Callable[[int, str], None]] = MappingProxyType({})


def live(job: Job, line: Line, *watched: Line, acts: Mapping[str, Callable[[int, str], None]] = _NONE) -> int:
    """Start the program and stay until it ends.

    Args:
        job: the program.
        line: to the starter, who hears of the program's end and sends signals for it.
        watched: to processes without which the program has to end as well; they send nothing.
        acts: what else the line may ask for by a word; called with the program's process id and the message's text.

    Returns:
        The exit status of process 1, which nobody reads.
    """
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    # What comes for the program before it has begun, waits for it.
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    program = os.fork()
    if program == 0:
        _become(job)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    with contextlib.suppress(PermissionError, ProcessLookupError):
        os.setpgid(program, program)
    line.send("ready")
    poll = select.poll()
    for file in (woken, line.fileno(), *(other.fileno() for other in watched)):
        poll.register(file, select.POLLIN)
    while True:
        for file, _ in poll.poll():
            if file == woken:
                os.read(woken, 512)
                if (status := _bury(program, line)) is not None:
                    line.send("exit", status)
                    return 0
            elif file != line.fileno() or not _obey(line, program, acts):
                return 0


def _obey(line: Line, program: int, acts: Mapping[str, Callable[[int, str], None]]) -> bool:
    """Do what the starter says; False when it is gone."""
    message = line.receive()
    if message.word == "signal":
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program, int(message.text))
    elif act := acts.get(message.word):
        act(program, message.text)
    return message.word != "gone"


def _bury(program: int, line: Line) -> int | None:
    """Collect the processes that ended; the exit status of the program if it is among them."""
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
        except ChildProcessError:
            return None
        if process == 0:
            return None
        if process == program:
            if not os.WIFSTOPPED(status):
                return os.waitstatus_to_exitcode(status)
            line.send("stopped", os.WSTOPSIG(status))


def _become(job: Job) -> None:
    """Turn this process into the program, in a process group of its own: `kill 0` must not reach outside."""
    try:
        system.die_with_parent(os.getppid())
        os.setpgid(0, 0)
        if job.terminal:
            os.tcsetpgrp(0, os.getpid())
        signal.set_wakeup_fd(-1)
        for number in (*PASSED_ON, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        if job.connection:
            _write_connection(job.connection)
        _settle_in(job.cwd, job.environment.get("HOME", "/"))
        os.closerange(3, _descriptors())
        environment = inside(job, filesystem.world())
        os.environ.clear()
        os.environ.update(environment)
        os.execvp(job.argv[0], job.argv)  # noqa: S606 - the program may be a shell, it needs none around it
    except FileNotFoundError:
        _complain(f"netkit: '{visible(job.argv[0])}' is not there: no such program in PATH", 127)
    except OSError as error:
        _complain(f"netkit: '{visible(job.argv[0])}' cannot be started: {error.strerror}", 126)
    finally:
        os._exit(126)


def _write_connection(text: str) -> None:
    file = os.open(filesystem.CONNECTION_FILE, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as connection:
        connection.write(text)


def _settle_in(directory: str, home: str) -> None:
    """Go to the working directory by its name: what it was before may be hidden now, and must stay out of reach."""
    for place in (directory, home, "/"):
        try:
            os.chdir(place)
        except OSError:
            continue
        return


def _descriptors() -> int:
    return max(int(name) for name in os.listdir("/proc/self/fd")) + 1


def _complain(sentence: str, status: int) -> None:
    os.write(2, f"{sentence}\n".encode(errors="replace"))
    sys.stderr.flush()
    os._exit(status)


def _last_group() -> int:
    """The highest group id that this namespace has."""
    with open("/proc/self/gid_map", encoding="ascii") as extents:
        return max(int(first) + int(count) - 1 for first, _, count in map(str.split, extents))
