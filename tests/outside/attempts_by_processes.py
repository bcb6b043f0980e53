"""Knows ways out of the sandbox by sockets, processes and devices, each harmless even if it worked.

Each attempt either raises OSError, because the kernel refuses, or returns what it got hold of.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import socket
import threading
import time
from pathlib import Path

from tests.outside.kernel_calls import LIBC, Outside, Refused, call, program

_PTRACE_SEIZE = 0x4206


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
    return program("bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{outside.port}")


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
                    LIBC.connect(stream.fileno(), bytes(16), 16)
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
    return call("tgkill", outside.victim, outside.victim, 18)


def trace_process(outside: Outside) -> object:
    return call("ptrace", _PTRACE_SEIZE, outside.victim, 0, 0)


def enter_namespaces(outside: Outside) -> object:
    return program("nsenter", "-t", str(outside.victim), "-n", "ip", "link")


def open_process(outside: Outside) -> object:
    return os.pidfd_open(outside.victim)


def give_link_away(outside: Outside) -> object:
    return program(
        "ip", "link", "add", "nk-away", "type", "veth", "peer", "name", "nk-gone", "netns", str(outside.victim)
    )


def renice_process(outside: Outside) -> object:
    return os.setpriority(os.PRIO_PROCESS, outside.victim, 0)


def read_hidden_file(outside: Outside) -> object:
    return Path(outside.file).read_text(encoding="utf-8")


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
    return call("init_module", b"", 0, b"")  # no module at all: ENOEXEC for who may


def open_by_handle(outside: Outside) -> object:
    handle, mount_id = ctypes.create_string_buffer(136), ctypes.c_int()
    ctypes.c_uint.from_buffer(handle).value = 128
    call("name_to_handle_at", -100, b"/etc", handle, ctypes.byref(mount_id), 0)
    root = os.open("/", os.O_RDONLY)
    try:
        return call("open_by_handle_at", root, handle, os.O_RDONLY)
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
