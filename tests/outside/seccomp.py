"""Runs a command under a seccomp filter: `python tests/outside/seccomp.py KIND COMMAND …`.

KIND is docker (its default profile), netkit, netkit-CALL (without that system call), or no-mounts.

A profile is read as Docker's Engine reads it for a container without capabilities (docs: "Seccomp security
profiles for Docker"), and given to the kernel by libseccomp, as runc does it (seccomp_rule_add(3)).
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import sys
from pathlib import Path
from typing import Any

PROFILE = Path(__file__).parents[2] / "deploy" / "seccomp" / "netkit.json"
OURS = "netkit: "
"""Begins the comment of each rule that netkit's profile has and Docker's default one has not."""

LIBRARY = "libseccomp.so.2"
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
ACTIONS = {"SCMP_ACT_ALLOW": ALLOW, "SCMP_ACT_ERRNO": ERRNO}
OPERATORS = {"SCMP_CMP_NE": 1, "SCMP_CMP_EQ": 4, "SCMP_CMP_MASKED_EQ": 7}
ARCHITECTURES = {"amd64", "x86", "x32"}
MOUNTS = ("mount", "umount2", "pivot_root")


class Argument(ctypes.Structure):
    """scmp_arg_cmp of seccomp.h."""

    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


def is_here() -> bool:
    """Whether libseccomp is installed."""
    try:
        ctypes.CDLL(LIBRARY)
    except OSError:
        return False
    return True


def netkit(without: str = "") -> dict[str, Any]:
    """netkit's profile, perhaps without one of the calls that it adds."""
    profile = json.loads(PROFILE.read_text(encoding="utf-8"))
    for rule in filter(_is_ours, profile["syscalls"]):
        rule["names"] = [name for name in rule["names"] if name != without]
    return profile


def added() -> list[str]:
    """The calls that netkit's profile allows and Docker's does not."""
    return [name for rule in filter(_is_ours, netkit()["syscalls"]) for name in rule["names"]]


def _is_ours(rule: dict[str, Any]) -> bool:
    return rule["comment"].startswith(OURS)


def docker() -> dict[str, Any]:
    """Docker's default profile: netkit's without what netkit added."""
    profile = netkit()
    profile["syscalls"] = [rule for rule in profile["syscalls"] if not _is_ours(rule)]
    return profile


def no_mounts() -> dict[str, Any]:
    """What AppArmor does to a process in a user namespace, as far as the user world meets it: no mount is allowed."""
    refused = {"names": MOUNTS, "action": "SCMP_ACT_ERRNO", "errnoRet": errno.EACCES}
    return {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [refused]}


def applicable(rule: dict[str, Any]) -> bool:
    """Whether a rule counts on this machine for a container without capabilities."""
    includes, excludes = rule.get("includes") or {}, rule.get("excludes") or {}
    return (
        not includes.get("caps")
        and (not includes.get("arches") or bool(ARCHITECTURES & set(includes["arches"])))
        and not ARCHITECTURES & set(excludes.get("arches", ()))
    )


def load(profile: dict[str, Any]) -> None:
    """Put this process and its children under a profile."""
    library = ctypes.CDLL(LIBRARY)
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_syscall_resolve_name.argtypes = [ctypes.c_char_p]
    context = ctypes.c_void_p(library.seccomp_init(action(profile["defaultAction"], {})))
    for rule in filter(applicable, profile["syscalls"]):
        wanted = action(rule["action"], rule)
        arguments = [
            Argument(one["index"], OPERATORS[one["op"]], one["value"], one.get("valueTwo", 0))
            for one in rule.get("args") or ()
        ]
        for name in rule["names"]:
            number = library.seccomp_syscall_resolve_name(name.encode())
            if number != -1:  # else libseccomp does not know it, and it stays forbidden
                array = (Argument * len(arguments))(*arguments)
                told = library.seccomp_rule_add_array(context, ctypes.c_uint32(wanted), number, len(arguments), array)
                # EACCES: the rule says what is the default; EEXIST: an earlier rule says it.
                assert told in (0, -errno.EACCES, -errno.EEXIST), f"{name}: {os.strerror(-told)}"
    told = library.seccomp_load(context)
    assert told == 0, os.strerror(-told)


def action(name: str, rule: dict[str, Any]) -> int:
    """libseccomp's number of an action."""
    return ACTIONS[name] | (rule.get("errnoRet", errno.EPERM) if name == "SCMP_ACT_ERRNO" else 0)


def main(kind: str, *command: str) -> None:
    """Become the command."""
    profiles = {"docker": docker(), "no-mounts": no_mounts()}
    load(profiles.get(kind) or netkit(without=kind.partition("-")[2]))
    os.execvp(command[0], command)  # noqa: S606 - a shell would only be in the way


if __name__ == "__main__":
    main(*sys.argv[1:])
