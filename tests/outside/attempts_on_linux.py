"""Knows ways out of the sandbox by what Linux has once for the whole machine, each harmless even if it worked."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import resource
import struct
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.outside.kernel_calls import Outside, Refused, call, system_call, write_same

if TYPE_CHECKING:
    from collections.abc import Callable

_OWN_SETTINGS = ("net", "user", "fs/mqueue")
_OWN_OF_KERNEL = ("shm", "msg", "sem", "hostname", "domainname", "ns_last_pid", "auto_msgmni", "pid_max")
"""What /proc/sys has for each namespace (proc(5), and the kernel's documentation of sysctls)."""


def write_any_setting(outside: Outside) -> object:
    """Write to every switch that is the whole machine's what it says already."""
    written = []
    for folder, inner, files in os.walk("/proc/sys"):
        place = os.path.relpath(folder, "/proc/sys")
        inner[:] = [name for name in inner if os.path.normpath(f"{place}/{name}") not in _OWN_SETTINGS]
        names = [name for name in files if not (place == "kernel" and name.startswith(_OWN_OF_KERNEL))]
        for name in names:
            with contextlib.suppress(OSError, UnicodeError):
                write_same(f"{folder}/{name}")
                written.append(f"{place}/{name}")
    if not written:
        raise Refused("none of them")
    return written


def open_any_switch_of_proc(outside: Outside) -> object:
    """Whatever else of /proc is not a process's own and takes a write."""
    own = {"self", "thread-self", "sys", "net"}
    opened = []
    for folder, inner, files in os.walk("/proc"):
        if folder == "/proc":
            inner[:] = [name for name in inner if not name.isdigit() and name not in own]
        opened += [path for path in (f"{folder}/{name}" for name in files) if _takes_writes(path) and _hears(path)]
    if not opened:
        raise Refused("none")
    return opened


def open_any_switch_of_sys(outside: Outside) -> object:
    """Whatever of /sys can be opened for writing but the sandbox's own links."""
    opened = []
    for folder, inner, files in os.walk("/sys"):
        inner[:] = [name for name in inner if f"{folder}/{name}" not in ("/sys/devices/virtual/net", "/sys/class/net")]
        opened += [path for path in (f"{folder}/{name}" for name in files) if _takes_writes(path)]
    if not opened:
        raise Refused("none")
    return opened


def _hears(path: str) -> bool:
    """Whether the kernel does anything with what is written there: nothing is written."""
    file = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        os.write(file, b"")
    except OSError as error:
        return error.errno not in (errno.EIO, errno.EINVAL)
    finally:
        os.close(file)
    return True


def _takes_writes(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY))
    except OSError:
        return False
    return True


def write_core_pattern(outside: Outside) -> object:
    return write_same("/proc/sys/kernel/core_pattern")


def write_path_of_modprobe(outside: Outside) -> object:
    return write_same("/proc/sys/kernel/modprobe")


def write_helper_of_devices(outside: Outside) -> object:
    return write_same("/sys/kernel/uevent_helper")


def read_kernel_memory(outside: Outside) -> object:
    return os.open("/proc/kcore", os.O_RDONLY)


def read_physical_memory(outside: Outside) -> object:
    return os.open("/dev/mem", os.O_RDONLY)


def read_kernel_messages(outside: Outside) -> object:
    return os.open("/proc/kmsg", os.O_RDONLY)


def set_clock_as_it_is(outside: Outside) -> object:
    now = time.time()
    return system_call("settimeofday", struct.pack("=qq", int(now), int(now % 1 * 1e6)), 0)


def steer_clock(outside: Outside) -> object:
    return system_call("adjtimex", ctypes.create_string_buffer(struct.pack("=I", 0x4000) + bytes(204)))


def switch_off_absent_swap(outside: Outside) -> object:
    return call("swapoff", b"/nonexistent")


def account_to_absent_file(outside: Outside) -> object:
    return call("acct", b"/nonexistent")


def ask_quota(outside: Outside) -> object:
    return system_call("quotactl", 0x800002, b"/dev/root", 0, 0)


def reach_ports_of_processor(outside: Outside) -> object:
    if os.uname().machine != "x86_64":
        raise Refused("this processor has none")
    return call("ioperm", 0x80, 1, 1)


def raise_level_of_ports(outside: Outside) -> object:
    if os.uname().machine != "x86_64":
        raise Refused("this processor has none")
    return call("iopl", 3)


def decide_on_files_of_all(outside: Outside) -> object:
    return system_call("fanotify_init", 4, 0)


def measure_all_processes(outside: Outside) -> object:
    return system_call("perf_event_open", struct.pack("=II", 1, 112) + bytes(104), -1, 0, -1, 0)


def list_programs_of_bpf(outside: Outside) -> object:
    return system_call("bpf", 11, ctypes.create_string_buffer(64), 64)


def load_another_kernel(outside: Outside) -> object:
    return system_call("kexec_load", 0, 0, 0, 0)


def unload_absent_module(outside: Outside) -> object:
    return system_call("delete_module", b"nk_no_such_module", 0)


def start_more_processes_than_allowed(outside: Outside) -> object:
    _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    if hard == resource.RLIM_INFINITY:
        raise Refused("there is no limit to exceed")
    return resource.setrlimit(resource.RLIMIT_NPROC, (hard + 1, hard + 1))


def go_before_others(outside: Outside) -> object:
    return os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0) - 5)


def read_disks_before_others(outside: Outside) -> object:
    return system_call("ioprio_set", 1, 0, 1 << 13)


def outlive_lack_of_memory(outside: Outside) -> object:
    now = int(Path("/proc/self/oom_score_adj").read_text(encoding="ascii"))
    return Path("/proc/self/oom_score_adj").write_text(str(max(now - 500, -1000)), encoding="ascii")


def lock_all_memory(outside: Outside) -> object:
    """More than the limit that it was started with."""
    _, hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if hard == resource.RLIM_INFINITY:
        raise Refused("there is no limit to exceed")
    return resource.setrlimit(resource.RLIMIT_MEMLOCK, (hard + 4096, hard + 4096))


def join_control_group(outside: Outside) -> object:
    opened = [
        path
        for folder, _, files in os.walk("/sys/fs/cgroup")
        for path in (f"{folder}/{name}" for name in ("cgroup.procs", "memory.max", "cgroup.freeze") if name in files)
        if _takes_writes(path)
    ]
    if not opened:
        raise Refused("none of its files can be written")
    return opened


def sleep_of_machine(outside: Outside) -> object:
    return os.open("/sys/power/state", os.O_WRONLY)


def read_version(outside: Outside) -> object:
    """What Linux tells everybody."""
    return f"{Path('/proc/version').read_text(encoding='utf-8')} {outside.name}"


def read_load(outside: Outside) -> object:
    return f"{os.getloadavg()} {outside.name}"


def take_processor_time(outside: Outside) -> object:
    until = time.process_time() + 0.05
    while time.process_time() < until:
        continue
    return f"as much as it likes, {outside.name}"


def _mount_of(kind: str) -> Callable[[Outside], object]:
    def act(outside: Outside) -> object:
        made = system_call("fsopen", kind.encode(), 0)
        system_call("fsconfig", made, 6, 0, 0, 0)
        folder = system_call("fsmount", made, 0, 0)
        return os.listdir(f"/proc/self/fd/{folder}")

    return act


FILE_SYSTEMS = {
    f"mount_{kind}": _mount_of(kind)
    for kind in (
        *("debugfs", "tracefs", "securityfs", "bpf", "cgroup", "devtmpfs", "configfs", "fusectl", "pstore", "efivarfs"),
        *("hugetlbfs", "nfsd", "rpc_pipefs", "selinuxfs", "resctrl"),
    )
}
"""File systems that show what is the machine's."""
