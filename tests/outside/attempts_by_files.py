"""Knows ways out of the sandbox by files: what is hidden, what process 1 has, what belongs to others.

Each is harmless even if it worked.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from tests.outside.kernel_calls import (
    DETACH,
    Outside,
    Refused,
    call,
    found,
    in_child,
    paths_below,
    program,
    system_call,
)

_CLONE, _RECURSIVE, _HERE, _EMPTY_PATH = 1, 0x8000, -100, 4
VARIABLE = "SOME_VARIABLE_OF_TESTS"
"""A variable outside that does not pass; its value is this name and that of what is outside."""


def read_hidden_file_by_process_1(outside: Outside) -> object:
    return Path("/proc/1/root" + outside.file).read_text(encoding="utf-8")


def read_hidden_file_by_folder_of_process_1(outside: Outside) -> object:
    return Path(f"/proc/1/cwd/{outside.file}").read_text(encoding="utf-8")


def leave_folder_of_process_1(outside: Outside) -> object:
    """Up from where process 1 is, to folders from before the mounts."""
    for place in ("/proc/1/cwd", "/proc/self/cwd"):
        for depth in range(10):
            with contextlib.suppress(OSError):
                return Path(f"{place}/{'../' * depth}{os.path.basename(outside.file)}").read_text(encoding="utf-8")
    raise Refused("no folder above has it")


def _tree(flags: int) -> int:
    tree = system_call("open_tree", _HERE, b"/", _CLONE | flags)
    return system_call("move_mount", tree, b"", _HERE, b"/mnt", _EMPTY_PATH)


def read_hidden_file_by_shallow_copy(outside: Outside) -> object:
    _tree(0)
    return Path("/mnt" + outside.file).read_text(encoding="utf-8")


def read_hidden_file_by_deep_copy(outside: Outside) -> object:
    _tree(_RECURSIVE)
    call("umount2", f"/mnt{os.path.dirname(outside.file)}".encode(), DETACH)
    return Path("/mnt" + outside.file).read_text(encoding="utf-8")


def read_hidden_file_by_layers(outside: Outside) -> object:
    """What is mounted on a lower layer does not belong to it (overlayfs)."""
    call("mount", b"layers", b"/mnt", b"tmpfs", 0, None)
    for name in ("upper", "work", "all"):
        os.mkdir("/mnt/" + name)
    call("mount", b"layers", b"/mnt/all", b"overlay", 0, b"lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work")
    return Path("/mnt/all" + outside.file).read_text(encoding="utf-8")


def read_hidden_file_by_another_root(outside: Outside) -> object:
    def act() -> str:
        call("mount", b"root", b"/mnt", b"tmpfs", 0, None)
        os.mkdir("/mnt/old")
        system_call("pivot_root", b"/mnt", b"/mnt/old")
        call("umount2", f"/old{os.path.dirname(outside.file)}".encode(), DETACH)
        return Path("/old" + outside.file).read_text(encoding="utf-8")

    return in_child(act)


def read_hidden_file_by_open_root(outside: Outside) -> object:
    def act() -> str:
        root = os.open("/", os.O_RDONLY)
        os.makedirs("/run/nk-root", exist_ok=True)
        os.chroot("/run/nk-root")
        os.fchdir(root)
        for _ in range(20):
            os.chdir("..")
        os.chroot(".")
        return Path(outside.file).read_text(encoding="utf-8")

    return in_child(act)


def read_hidden_file_by_bound_parent(outside: Outside) -> object:
    folder, name = os.path.split(outside.file)
    parent, last = os.path.split(folder)
    return program("sh", "-c", f"mount --bind {parent} /mnt && cat /mnt/{last}/{name}")


def read_hidden_file_by_mount_of_machine(outside: Outside) -> object:
    """The file system that User-Mode Linux has the machine's files by."""
    return program("sh", "-c", f"mount -t hostfs none /mnt -o {os.path.dirname(outside.file)} && cat /mnt/*.txt")


def see_process_by_mount_of_machine(outside: Outside) -> object:
    told = program("sh", "-c", f"mount -t hostfs none /mnt -o /proc && tr '\\0' ' ' < /mnt/{outside.victim}/cmdline")
    return found(told, outside)


def write_folder_of_others_by_mount_of_machine(outside: Outside) -> object:
    """A file in /var/tmp of the machine, which the test would find there and remove."""
    command = f"mount -t hostfs none /mnt -o /var/tmp && echo x > /mnt/{outside.name}.mark"
    return program("sh", "-c", command) or outside.name


def read_variables_of_process_1(outside: Outside) -> object:
    return found(Path("/proc/1/environ").read_bytes().decode(errors="replace"), outside)


def read_memory_of_process_1(outside: Outside) -> object:
    secret = f"{VARIABLE}-{outside.name}".encode()
    with open("/proc/1/maps", encoding="ascii", errors="replace") as maps, open("/proc/1/mem", "rb") as memory:
        for line in maps:
            start, end = (int(one, 16) for one in line.split()[0].split("-"))
            if "rw" not in line or end > 1 << 62:
                continue
            memory.seek(start)
            with contextlib.suppress(OSError):
                if secret in memory.read(end - start):
                    return outside.name
    raise Refused("it is not in the memory that can be written")


def read_own_variables(outside: Outside) -> object:
    return found(repr(dict(os.environ)), outside)


def find_open_files_of_machine(outside: Outside) -> object:
    """A descriptor of any process in here that leads to what is hidden, or to a terminal or a socket by name."""
    for process in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            for number in os.listdir(f"/proc/{process}/fd"):
                with contextlib.suppress(OSError):
                    target = f"/proc/{process}/fd/{number}"
                    if Path(target, os.path.basename(outside.file)).exists():
                        return os.readlink(target)
    raise Refused("none of them leads outside")


def read_passwords(outside: Outside) -> object:
    text = Path("/etc/shadow").read_text(encoding="utf-8")
    return f"{len(text)} bytes, as {outside.name}"


def open_file_of_root(outside: Outside) -> object:
    """It is opened for writing, and closed."""
    with open("/etc/passwd", "ab") as file:
        return file.name


def become_owner_of_file_of_root(outside: Outside) -> object:
    return os.chown("/etc/passwd", 0, 0)


def read_file_at_home(outside: Outside) -> object:
    return Path(outside.sockets["home"] + ".txt").read_text(encoding="utf-8")


def write_file_at_home(outside: Outside) -> object:
    Path(outside.sockets["home"] + ".txt").open("ab").close()
    return outside.name


def write_file_in_folder(outside: Outside) -> object:
    Path(outside.sockets["folder"] + ".txt").open("ab").close()
    return outside.name


def read_file_in_tmp(outside: Outside) -> object:
    return Path(outside.sockets["tmp"] + ".txt").read_text(encoding="utf-8")


def find_connection_files(outside: Outside) -> object:
    return found(" ".join(paths_below("/tmp", "/var/tmp", "/run")), outside)


def make_block_device(outside: Outside) -> object:
    os.mknod("/run/nk-disk", 0o600 | stat.S_IFBLK, os.makedev(7, 0))
    return os.open("/run/nk-disk", os.O_RDONLY)


def make_memory_device(outside: Outside) -> object:
    os.mknod("/run/nk-memory", 0o600 | stat.S_IFCHR, os.makedev(1, 1))
    return os.open("/run/nk-memory", os.O_RDONLY)
