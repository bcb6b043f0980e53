"""How User-Mode Linux is started: its program `linux.uml`, its command line, its memory (512 MB), what it may lack."""

import errno
import fcntl
import os
import platform
import select
import signal
import sys
from typing import NamedTuple

from netkit.sandbox import system
from netkit.sandbox.job import Job
from netkit.sandbox.uml import confinement, descriptors, preload, root

PROGRAM = "linux.uml"
MODULES = "/usr/lib/uml/modules"
MEMORY = 512 << 20
"""Bytes that the machine inside has; only what it uses is taken from the machine outside."""

FIRST = "netkit.sandbox.uml.first"
_SETSIG = 10
"""F_SETSIG of fcntl(2), which the module fcntl does not name."""

_PLACES = ("TMPDIR", "XDG_RUNTIME_DIR")
_USUAL_PLACES = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - nothing is made there that has a name


class Missing(OSError):
    """Something that User-Mode Linux needs is not there.

    Args:
        what: in words.
        number: an error number of errno(3).
    """

    def __init__(self, what: str, number: int = errno.ENOENT) -> None:
        super().__init__(number, what)


def program() -> str:
    """Where User-Mode Linux is.

    Raises:
        Missing: it is not installed, or this machine is not of a kind that it runs on.
    """
    if platform.machine() != "x86_64":
        raise Missing(f"User-Mode Linux runs on x86-64 machines, this one is {platform.machine()}", errno.ENOEXEC)
    found = os.environ.get("NETKIT_UML") or system.program(PROGRAM)
    if not found or not os.access(found, os.X_OK):
        raise Missing(f"there is no program '{found or PROGRAM}'")
    return found


def modules() -> str:
    """The directory of its kernel modules."""
    return os.environ.get("NETKIT_UML_MODULES") or MODULES


def library() -> int:
    """What is loaded into it in front of the C library: a descriptor, which exec closes.

    Raises:
        Missing: no compiler makes it.
    """
    made = preload.compiled()
    if made is None:
        raise Missing(f"none of the compilers {', '.join(preload.COMPILERS)} is there and works", errno.ELIBACC)
    return made


def require_descriptors() -> None:
    """Refuse to start it where it could have hardly any file open.

    Raises:
        Missing: see `descriptors.FEWEST`.
    """
    if descriptors.limit() < descriptors.FEWEST:
        few = f"a process may have {descriptors.limit()} files open here (ulimit -Hn)"
        raise Missing(f"{few}, User-Mode Linux needs {descriptors.FEWEST}", errno.EMFILE)


def memory_place() -> str:
    """A directory for the file that is its memory: User-Mode Linux runs code from it, so it must allow that.

    Raises:
        Missing: no directory has the room and allows programs.
    """
    for place in (*filter(None, map(os.environ.get, _PLACES)), *_USUAL_PLACES):
        if _suits(place):
            return place
    room = f"{MEMORY >> 20} MB"
    raise Missing(f"no directory for temporary files has {room} of room and allows programs", errno.ENOSPC)


def _suits(place: str) -> bool:
    try:
        room = os.statvfs(place)
    except OSError:
        return False
    return bool(
        os.access(place, os.W_OK | os.X_OK)
        and not room.f_flag & os.ST_NOEXEC
        and room.f_bavail * room.f_frsize >= MEMORY
    )


def command(serial: int) -> tuple[str, ...]:
    """The command line.

    Args:
        serial: the descriptor that is its serial line ttyS0.

    Raises:
        Missing: see `program`; or the interpreter's path cannot be said on a kernel's command line.
    """
    for path in (sys.executable, modules()):
        if any(letter.isspace() or letter == '"' for letter in path):
            raise Missing(f"'{path}' has a space in its path, a kernel's command line cannot say it", errno.EINVAL)
    return (
        program(),
        f"MODULES={modules()}",
        f"mem={MEMORY >> 20}M",
        *("root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", "quiet", "loglevel=3"),
        # As many turns of an empty loop as no processor makes in 10 ms: to count how many this one makes takes 0.1 s.
        "lpj=50000000",
        # 512 pseudo-terminals of the old kind, which nobody opens, would take 0.3 s.
        "pty.legacy_count=0",
        # raid6_select_algo measures for 0.9 s, and without swap init_zswap is of no use; the other two would leave
        # files in ~/.uml
        "initcall_blacklist=raid6_select_algo,init_zswap,make_umid_init,mconsole_init",
        *("con=null", "con0=null,fd:2", "ssl=null", f"ssl0=fd:{serial}"),
        f"init={sys.executable}",
        *("--", "-m", FIRST),
    )


def is_machine(process: int) -> bool:
    """Whether a process is User-Mode Linux that runs a sandbox, by its command line.

    Args:
        process: its id.
    """
    try:
        with open(f"/proc/{process}/cmdline", "rb") as words:
            return words.read().endswith(f"\0-m\0{FIRST}\0".encode())
    except OSError:
        return False


class Files(NamedTuple):
    """The descriptors that User-Mode Linux gets.

    Attributes:
        serial: its serial line.
        console: where its messages go.
        library: what `library` gave.
        leash: the end of a pipe for reading, whose other end only the keeper has.
        notices: where preload.c tells how many descriptors are in use.
    """

    serial: int
    console: int
    library: int
    leash: int
    notices: int


def become(job: Job, files: Files) -> None:
    """Turn this process into User-Mode Linux, leader of a process group of its own; its end is in that group.

    Args:
        job: names the directories whose changes are kept.
        files: what it gets.
    """
    os.setsid()
    tie(files.leash)
    system.die_with_parent(os.getppid())
    # The processes that it traces and itself take turns: to wake another processor costs more than the work.
    os.sched_setaffinity(0, {_processor()})
    nothing = os.open(os.devnull, os.O_RDONLY)
    for file, target in ((nothing, 0), (files.console, 1), (files.console, 2)):
        os.dup2(file, target)
    shared = set(files) - {files.console}
    system.close_all_but(shared)
    kept = root.kept(job)
    memory = confinement.memory(memory_place(), MEMORY, kept)
    for file in (*shared, memory):
        os.set_inheritable(file, True)  # noqa: FBT003 - positional only
    arguments = command(files.serial)
    environment = {"TMPDIR": f"/proc/self/fd/{memory}", "HOME": "/", "PATH": os.defpath}
    # At once, since new processes of User-Mode Linux have too small a stack for the search of a function.
    environment |= {"LD_PRELOAD": f"/proc/self/fd/{files.library}", "LD_BIND_NOW": "1"}
    environment["NETKIT_NOTICES"] = str(files.notices)
    descriptors.allow_all()
    confinement.confine(job, kept, memory, (arguments[0], modules()))
    # Whatever it finds in the environment its init would find as well; the program gets its own.
    os.execve(arguments[0], arguments, environment)  # noqa: S606


def tie(leash: int) -> None:
    """Let the kernel kill this process group when the other end of a pipe is closed, whoever of it is left by then.

    The signal of a descriptor's owner (F_SETOWN, F_SETSIG of fcntl(2)) goes to all of the group.  The programs inside
    share the table of descriptors with User-Mode Linux, so that this works as long as there is one of them.

    If it is closed already, this process ends at once.

    Args:
        leash: the pipe's end for reading.
    """
    fcntl.fcntl(leash, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(leash, _SETSIG, signal.SIGKILL)
    fcntl.fcntl(leash, fcntl.F_SETFL, os.O_ASYNC)
    if select.select([leash], [], [], 0)[0]:
        os._exit(1)


def _processor() -> int:
    """The processor that this process is on, which was the idlest when it was forked (proc_pid_stat(5), field 39)."""
    with open("/proc/self/stat", encoding="ascii", errors="replace") as facts:
        return int(facts.read().rpartition(")")[2].split()[36])
