"""Knows ways out of the sandbox by entering and making namespaces, each harmless even if it worked."""

from __future__ import annotations

import fcntl
import os

from tests.outside.kernel_calls import (
    NEWNET,
    NEWNS,
    NEWPID,
    NEWUSER,
    Outside,
    Refused,
    call,
    in_child,
    system_call,
    write_same,
)

_OWNER, _PARENT = 0xB701, 0xB702


def _relative(kind: str, question: int) -> int:
    return fcntl.ioctl(os.open(f"/proc/self/ns/{kind}", os.O_RDONLY), question)


def enter_parent_of_user_namespace(outside: Outside) -> object:
    return in_child(lambda: call("setns", _relative("user", _PARENT), NEWUSER))


def enter_parent_of_pid_namespace(outside: Outside) -> object:
    return in_child(lambda: call("setns", _relative("pid", _PARENT), NEWPID))


def enter_owner_of_owner(outside: Outside) -> object:
    """Of the network namespace's owner the parent."""
    return in_child(lambda: call("setns", fcntl.ioctl(_relative("net", _OWNER), _PARENT), NEWUSER))


def enter_all_of_a_process(outside: Outside) -> object:
    return in_child(lambda: call("setns", system_call("pidfd_open", outside.victim, 0), NEWNS | NEWNET))


def enter_by_namespaces_of_process_1(outside: Outside) -> object:
    """Process 1 may have been in other namespaces before."""
    own = {kind: os.readlink(f"/proc/self/ns/{kind}") for kind in ("user", "net", "ipc", "uts", "pid")}
    others = [kind for kind, name in own.items() if os.readlink(f"/proc/1/ns/{kind}") != name]
    if not others:
        raise Refused("process 1 is in the same ones")
    return others


def find_other_namespaces(outside: Outside) -> object:
    """A process in here that is in a network or user namespace of the machine would lead there."""
    found = {}
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            found[process] = os.readlink(f"/proc/{process}/ns/user")
        except OSError:
            continue
    strange = {process: name for process, name in found.items() if name != os.readlink("/proc/self/ns/user")}
    if not strange:
        raise Refused(f"{len(found)} processes, all in one user namespace")
    return strange


def _new_proc() -> str:
    call("unshare", NEWUSER | NEWNS | NEWPID)

    def inner() -> str:
        call("mount", b"proc", b"/mnt", b"proc", 0, None)
        return write_same("/mnt/sys/vm/swappiness")

    return in_child(inner)


def write_setting_by_proc_of_nested_namespaces(outside: Outside) -> object:
    return in_child(_new_proc)


def _new_sys() -> str:
    call("unshare", NEWUSER | NEWNS | NEWNET)
    call("mount", b"sysfs", b"/mnt", b"sysfs", 0, None)
    return write_same("/mnt/kernel/mm/ksm/run")


def write_setting_by_sys_of_nested_namespaces(outside: Outside) -> object:
    return in_child(_new_sys)


def unmount_in_nested_namespaces(outside: Outside) -> object:
    def act() -> int:
        call("unshare", NEWUSER | NEWNS)
        return call("umount2", b"/run", 2)

    return in_child(act)
