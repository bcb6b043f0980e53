"""Knows ways out of the sandbox by mounts and the kernel's settings, each harmless even if it worked."""

from __future__ import annotations

import os

from tests.outside.kernel_calls import Outside, call, program, write_same

_REMOUNT_WRITABLE, _BIND, _DETACH = 0x20, 0x1000, 2


def unmount_run(outside: Outside) -> object:
    return call("umount2", b"/run", _DETACH)


def unmount_proc(outside: Outside) -> object:
    return call("umount2", b"/proc", _DETACH)


def unmount_sys(outside: Outside) -> object:
    return call("umount2", b"/sys", _DETACH)


def unmount_dev(outside: Outside) -> object:
    return call("umount2", b"/dev", _DETACH)


def unmount_hidden_folder(outside: Outside) -> object:
    return call("umount2", os.path.dirname(outside.file).encode(), _DETACH)


def unmount_hosts(outside: Outside) -> object:
    return call("umount2", b"/etc/hosts", _DETACH)


def move_run_away(outside: Outside) -> object:
    return program("mount", "--move", "/run", "/mnt")


def look_below_mounts(outside: Outside) -> object:
    """A bind mount of / without what is mounted on it would show the folders that the mounts hide."""
    return program("sh", "-c", f"mount --bind / /mnt && cat /mnt{outside.file}")


def write_setting(outside: Outside) -> object:
    return write_same("/proc/sys/vm/swappiness")


def remount_settings(outside: Outside) -> object:
    call("mount", None, b"/proc/sys", None, _REMOUNT_WRITABLE | _BIND, None)
    return write_same("/proc/sys/vm/swappiness")


def write_setting_by_new_proc(outside: Outside) -> object:
    call("mount", b"proc", b"/mnt", b"proc", 0, None)
    try:
        return write_same("/mnt/sys/vm/swappiness")
    finally:
        call("umount2", b"/mnt", _DETACH)


def remount_sys(outside: Outside) -> object:
    call("mount", None, b"/sys", None, _REMOUNT_WRITABLE | _BIND, None)
    return write_same("/sys/kernel/mm/ksm/run")


def write_by_new_sys(outside: Outside) -> object:
    call("mount", b"sysfs", b"/mnt", b"sysfs", 0, None)
    try:
        return write_same("/mnt/kernel/mm/ksm/run")
    finally:
        call("umount2", b"/mnt", _DETACH)
