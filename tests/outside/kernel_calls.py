"""Knows how an attempt to get out of the sandbox asks the kernel, and what of it is refused."""

from __future__ import annotations

import ctypes
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

LIBC = ctypes.CDLL(None, use_errno=True)

NEWNS, NEWUSER, NEWPID, NEWNET = 0x20000, 0x10000000, 0x20000000, 0x40000000
DETACH = 2

_NUMBERS = {
    "add_key": (248, 217),
    "keyctl": (250, 219),
    "shmget": (29, 194),
    "shmctl": (31, 195),
    "msgget": (68, 186),
    "msgctl": (71, 187),
    "semget": (64, 190),
    "semctl": (66, 191),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "pivot_root": (155, 41),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "kexec_load": (246, 104),
    "adjtimex": (159, 171),
    "settimeofday": (164, 170),
    "quotactl": (179, 60),
    "fanotify_init": (300, 262),
    "process_vm_readv": (310, 270),
    "prlimit64": (302, 261),
    "delete_module": (176, 106),
    "ioprio_set": (251, 30),
    "io_uring_setup": (425, 425),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "mount_setattr": (442, 442),
}
"""Numbers of system calls that the C library has no function for, or not everywhere: on x86-64 and on ARM64."""


class Outside(NamedTuple):
    """What the test has put outside.

    Attributes:
        port: TCP port where a service of the test listens, at every address of the machine.
        name: a text that all these things have; also the abstract name of a unix socket.
        victim: process id of a process that waits.
        file: a file in the folder that the sandbox hides.
        address: an address of the machine that is not a loopback one, "" if it has none.
        udp: UDP port of a service.
        vsock: AF_VSOCK port that is bound, 0 where there are none.
        sockets: paths of unix sockets by place: "tmp", "run", "home", "folder"; "" where none could be made.
        key: id of a key in the session keyring, 0 where there are no keys.
        ipc: System V key of a memory, a queue and a semaphore; also the name of a POSIX queue and a shared memory.
        boot: id of this start of the machine's kernel.
        root: whether the test is root.
    """

    port: int
    name: str
    victim: int
    file: str
    address: str = ""
    udp: int = 0
    vsock: int = 0
    sockets: dict[str, str] = {}  # noqa: RUF012 - never changed
    key: int = 0
    ipc: int = 0
    boot: str = ""
    root: bool = False


class Refused(OSError):
    """The attempt came to nothing without an error of the kernel."""


def boot_id() -> str:
    """What the kernel that one is in calls this start of itself (random(4))."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def call(function: str, *arguments: object) -> int:
    """Call a function of the C library that wraps a system call."""
    return _checked(getattr(LIBC, function)(*arguments))


def system_call(name: str, *arguments: int | bytes | ctypes.Array[ctypes.c_char]) -> int:
    """Make a system call of _NUMBERS."""
    machines = ("x86_64", "aarch64")
    if os.uname().machine not in machines:
        raise Refused(f"the number of {name} is not known here")
    number = _NUMBERS[name][machines.index(os.uname().machine)]
    wide = (ctypes.c_long(one) if isinstance(one, int) else one for one in arguments)
    return _checked(LIBC.syscall(ctypes.c_long(number), *wide))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def program(*words: str) -> str:
    """The output of a program; Refused if it fails."""
    answer = subprocess.run(words, capture_output=True, text=True, check=False, timeout=20)
    if answer.returncode:
        raise Refused(answer.stderr.strip())
    return answer.stdout


def write_same(path: str) -> str:
    """Write to a file of the kernel what it says already."""
    value = Path(path).read_text(encoding="ascii")
    Path(path).write_text(value, encoding="ascii")
    return value


def found(text: str, outside: Outside) -> str:
    """A text, if it holds the name of what is outside; Refused otherwise."""
    if outside.name not in text:
        raise Refused(f"it is not there: {text[:200]!r}")
    return text


def paths_below(*tops: str) -> set[str]:
    """All files in these folders, as far as they can be looked at."""
    return {f"{folder}/{name}" for top in tops for folder, _, files in os.walk(top) for name in files}


def in_child(act: Callable[[], object]) -> str:
    """What an act returns in a process of its own, which may leave its namespaces."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            told = f"done {act()!r}"
        except BaseException as error:  # noqa: BLE001 - it must not go on in a copy of the test
            told = f"{type(error).__name__}: {error}"
        os.write(writes, told.encode(errors="replace")[:60_000])
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads, "rb") as answer:
        told = answer.read().decode(errors="replace")
    os.waitpid(child, 0)
    if not told.startswith("done "):
        raise Refused(told)
    return told.removeprefix("done ")
