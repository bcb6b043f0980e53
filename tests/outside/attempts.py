"""Knows ways out of the sandbox, each harmless even if it worked; the kernel under test imports this file.

Each attempt either raises OSError, because the kernel refuses, or returns what it got hold of.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_libc = ctypes.CDLL(None, use_errno=True)
_REMOUNT_WRITABLE, _BIND, _DETACH = 0x20, 0x1000, 2
_PTRACE_SEIZE = 0x4206


class Outside(NamedTuple):
    """What the test has put outside.

    Attributes:
        port: TCP port on 127.0.0.1 where a service of the test listens.
        name: abstract name of a unix socket where another one listens.
        victim: process id of a process that waits.
        file: a file in the folder that the sandbox hides.
    """

    port: int
    name: str
    victim: int
    file: str


class Refused(OSError):
    """The attempt came to nothing without an error of the kernel."""


def connect(outside: Outside) -> object:
    with socket.create_connection(("127.0.0.1", outside.port), timeout=2) as stream:
        return stream.recv(100)


def connect_in_thread(outside: Outside) -> object:
    results: list[object] = []

    def attempt() -> None:
        try:
            results.append(connect(outside))
        except OSError as error:
            results.append(error)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    if isinstance(results[0], OSError):
        raise results[0]
    return results[0]


def connect_by_child(outside: Outside) -> object:
    return _program("bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{outside.port}")


def connect_recycled(outside: Outside) -> object:
    """A socket that exists already may belong to another network: `connect(AF_UNSPEC)` makes it ready for use again."""
    reached = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            if not os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                continue
            stream = socket.socket(fileno=os.dup(int(name)))
            try:
                # A listening socket would not survive this, nor would the kernel without it.
                listens = stream.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
                if stream.family == socket.AF_INET and not listens:
                    _libc.connect(stream.fileno(), bytes(16), 16)
                    stream.connect(("127.0.0.1", outside.port))
                    reached.append(name)
            finally:
                stream.detach()
    if not reached:
        raise Refused("no socket that is open here reaches the service")
    return reached


def connect_abstract(outside: Outside) -> object:
    with socket.socket(socket.AF_UNIX) as stream:
        stream.connect("\0" + outside.name)
        return stream.recv(100)


def find_process(outside: Outside) -> object:
    return Path(f"/proc/{outside.victim}/cmdline").read_text(encoding="utf-8")


def signal_process(outside: Outside) -> object:
    return os.kill(outside.victim, 18)  # SIGCONT, to a process that is not stopped


def signal_thread(outside: Outside) -> object:
    return _call("tgkill", outside.victim, outside.victim, 18)


def trace_process(outside: Outside) -> object:
    return _call("ptrace", _PTRACE_SEIZE, outside.victim, 0, 0)


def enter_namespaces(outside: Outside) -> object:
    return _program("nsenter", "-t", str(outside.victim), "-n", "ip", "link")


def open_process(outside: Outside) -> object:
    return os.pidfd_open(outside.victim)


def give_link_away(outside: Outside) -> object:
    return _program(
        "ip", "link", "add", "nk-away", "type", "veth", "peer", "name", "nk-gone", "netns", str(outside.victim)
    )


def renice_process(outside: Outside) -> object:
    return os.setpriority(os.PRIO_PROCESS, outside.victim, 0)


def read_hidden_file(outside: Outside) -> object:
    return Path(outside.file).read_text(encoding="utf-8")


def unmount_run(outside: Outside) -> object:
    return _call("umount2", b"/run", _DETACH)


def unmount_proc(outside: Outside) -> object:
    return _call("umount2", b"/proc", _DETACH)


def unmount_sys(outside: Outside) -> object:
    return _call("umount2", b"/sys", _DETACH)


def unmount_dev(outside: Outside) -> object:
    return _call("umount2", b"/dev", _DETACH)


def unmount_hidden_folder(outside: Outside) -> object:
    return _call("umount2", os.path.dirname(outside.file).encode(), _DETACH)


def unmount_hosts(outside: Outside) -> object:
    return _call("umount2", b"/etc/hosts", _DETACH)


def move_run_away(outside: Outside) -> object:
    return _program("mount", "--move", "/run", "/mnt")


def look_below_mounts(outside: Outside) -> object:
    """A bind mount of / without what is mounted on it would show the folders that the mounts hide."""
    return _program("sh", "-c", f"mount --bind / /mnt && cat /mnt{outside.file}")


def write_setting(outside: Outside) -> object:
    return _write_same("/proc/sys/vm/swappiness")


def remount_settings(outside: Outside) -> object:
    _call("mount", None, b"/proc/sys", None, _REMOUNT_WRITABLE | _BIND, None)
    return _write_same("/proc/sys/vm/swappiness")


def write_setting_by_new_proc(outside: Outside) -> object:
    _call("mount", b"proc", b"/mnt", b"proc", 0, None)
    try:
        return _write_same("/mnt/sys/vm/swappiness")
    finally:
        _call("umount2", b"/mnt", _DETACH)


def remount_sys(outside: Outside) -> object:
    _call("mount", None, b"/sys", None, _REMOUNT_WRITABLE | _BIND, None)
    return _write_same("/sys/kernel/mm/ksm/run")


def write_by_new_sys(outside: Outside) -> object:
    _call("mount", b"sysfs", b"/mnt", b"sysfs", 0, None)
    try:
        return _write_same("/mnt/kernel/mm/ksm/run")
    finally:
        _call("umount2", b"/mnt", _DETACH)


def write_sysrq_help(outside: Outside) -> object:
    return Path("/proc/sysrq-trigger").write_text("h", encoding="ascii")  # 'h' prints a help text


def set_clock(outside: Outside) -> object:
    return time.clock_settime(time.CLOCK_REALTIME, time.time())


def make_device(outside: Outside) -> object:
    path = "/tmp/nk-attempt-device"
    try:
        os.mknod(path, 0o600 | 0o020000, os.makedev(1, 3))  # a second /dev/null
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
    return path


def open_kernel_log(outside: Outside) -> object:
    return os.open("/dev/kmsg", os.O_WRONLY)


def open_disk(outside: Outside) -> object:
    disks = [line.split()[3] for line in Path("/proc/partitions").read_text(encoding="ascii").splitlines()[2:]]
    return [os.open(f"/dev/{disk}", os.O_RDONLY) for disk in disks or ["sda"]]


def load_module(outside: Outside) -> object:
    return _call("init_module", b"", 0, b"")  # no module at all: ENOEXEC for who may


def open_by_handle(outside: Outside) -> object:
    handle, mount_id = ctypes.create_string_buffer(136), ctypes.c_int()
    ctypes.c_uint.from_buffer(handle).value = 128
    _call("name_to_handle_at", -100, b"/etc", handle, ctypes.byref(mount_id), 0)
    root = os.open("/", os.O_RDONLY)
    try:
        return _call("open_by_handle_at", root, handle, os.O_RDONLY)
    finally:
        os.close(root)


def make_control_group(outside: Outside) -> object:
    folders = [Path(folder) for folder, _, _ in os.walk("/sys/fs/cgroup")][:20]
    made = []
    for folder in folders or [Path("/sys/fs/cgroup/none")]:
        with contextlib.suppress(OSError):
            (folder / "nk-attempt").mkdir()
            made.append(folder)
            (folder / "nk-attempt").rmdir()
    if not made:
        raise Refused("no control group can be made")
    return made


def run_before_others(outside: Outside) -> object:
    return os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


def leave_by_open_folder(outside: Outside) -> object:
    """A descriptor of a folder outside would still lead there."""
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(int(name), fcntl.F_GETFD)
            if Path(f"/proc/self/fd/{name}/{os.path.basename(outside.file)}").exists():
                return name
    raise Refused("no open folder leads outside")


ATTEMPTS: dict[str, Callable[[Outside], object]] = {
    name: value
    for name, value in list(globals().items())
    if isinstance(value, type(connect)) and value.__module__ == __name__ and not name.startswith("_")
}
"""All of them by name."""


def attempt(name: str, outside: Outside) -> str:
    """Try a way out.

    Args:
        name: a key of ATTEMPTS.
        outside: what the test has put outside.

    Returns:
        "refused: …" with the reason, or "SUCCEEDED: …" with what it got hold of.
    """
    try:
        return f"SUCCEEDED: {ATTEMPTS[name](outside)!r}"
    except OSError as error:
        return f"refused: {type(error).__name__}: {error}"


def _call(function: str, *arguments: object) -> int:
    result = getattr(_libc, function)(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _program(*words: str) -> str:
    answer = subprocess.run(words, capture_output=True, text=True, check=False, timeout=20)
    if answer.returncode:
        raise Refused(answer.stderr.strip())
    return answer.stdout


def _write_same(path: str) -> str:
    value = Path(path).read_text(encoding="ascii")
    Path(path).write_text(value, encoding="ascii")
    return value
