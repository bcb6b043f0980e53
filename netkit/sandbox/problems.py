"""Why a sandbox could not be made: stage and error number of the kernel's refusal, turned into cause and remedy.

System settings are read only here, to word the remedy; whether something works is found out by doing it.
"""

import errno
import os
from typing import NamedTuple

from netkit.errors import SandboxUnavailable

USER_NAMESPACE = "user namespace"
"""Name of the first stage, whose refusals have causes of their own."""

UML_PROGRAM, UML_STAGES = "program", ("program", "boot")
"""The stages of the uml world outside: its program is looked for, and its kernel boots."""

_PROFILE = (
    "An administrator can allow it for this interpreter alone with an AppArmor profile, or for every program with "
    "'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0', which takes away a protection of the whole machine"
)
_CONTAINER = (
    "Start the container with '--security-opt seccomp=unconfined --security-opt systempaths=unconfined', "
    "or work outside a container"
)


class Problem(NamedTuple):
    """What stood in the way.

    Attributes:
        world: which kind of sandbox was tried, "user" say.
        stage: at which of its steps, "user namespace" say.
        number: the kernel's error number (errno(3)), 0 if there is none.
        cause: why, as far as it can be told.
        remedy: what to do about it.
    """

    world: str
    stage: str
    number: int
    cause: str
    remedy: str

    def __str__(self) -> str:
        name = f" ({errno.errorcode[self.number]})" if self.number in errno.errorcode else ""
        return f"the {self.world} world stops at the stage '{self.stage}'{name}: {self.cause}"


class WorldFailed(Exception):
    """A world could not be made; nothing of it is left, and nothing was run.

    Args:
        problem: what stood in the way.
        passed: names of the stages before that.
    """

    def __init__(self, problem: Problem, passed: tuple[str, ...] = ()) -> None:
        super().__init__(str(problem))
        self.problem, self.passed = problem, passed


def unavailable(problems: list[Problem]) -> SandboxUnavailable:
    """The error that tells a learner that no world works.

    Args:
        problems: one for each world that was tried.
    """
    text = "; ".join(map(str, problems))
    return SandboxUnavailable(
        f"No sandbox can be made here: {text}", remedy=f"{problems[0].remedy}. 'netkit doctor' examines the machine"
    )


def explain(world: str, stage: str, number: int, detail: str) -> Problem:
    """Find cause and remedy of a refusal.

    Args:
        world: which kind of sandbox was tried.
        stage: the name of the step.
        number: the kernel's error number.
        detail: the kernel's words, for causes that are not known here.
    """
    cause, remedy = _known(stage, number) or (detail, "'netkit doctor' examines each step by itself")
    return Problem(world, stage, number, cause, remedy)


def _known(stage: str, number: int) -> tuple[str, str] | None:
    if stage == UML_PROGRAM and number == errno.ENOENT:
        return "User-Mode Linux is not installed", "'apt install user-mode-linux', or set NETKIT_UML to its program"
    if stage in UML_STAGES:
        return None
    if number in (errno.ENOSPC, errno.EUSERS):
        return _too_few(stage)
    if number == errno.ENOSYS or (stage == USER_NAMESPACE and number == errno.EINVAL):
        return "this Linux was built without user namespaces", "Use a Linux with CONFIG_USER_NS, as all distributions"
    if number in (errno.EPERM, errno.EACCES):
        return _forbidden(stage)
    return None


def _too_few(stage: str) -> tuple[str, str]:
    kind = {USER_NAMESPACE: "user", "second user namespace": "user", "pid namespace": "pid"}.get(stage, "mnt")
    setting = f"user.max_{kind}_namespaces"
    value = _setting(setting) or "used up"
    return f"{setting} is {value}", f"An administrator can raise it: 'sysctl -w {setting}=15000'"


def _forbidden(stage: str) -> tuple[str, str]:
    if _setting("kernel.unprivileged_userns_clone") == "0" and os.geteuid():
        setting = "kernel.unprivileged_userns_clone"
        return f"{setting} is 0", f"An administrator can allow it: 'sysctl -w {setting}=1'"
    if _setting("kernel.apparmor_restrict_unprivileged_userns") == "1" and os.geteuid():
        return "AppArmor takes every capability away in a user namespace, as Ubuntu 23.10 and later do", _PROFILE
    if _status("Seccomp") == "2":
        return "a seccomp filter forbids it, as Docker's default one does", _CONTAINER
    if stage == "own /proc":
        return "parts of /proc are masked, as containers do", _CONTAINER
    return "a security module of this machine forbids it", f"'netkit doctor' examines each step. {_CONTAINER}"


def _setting(name: str) -> str:
    """The value of a sysctl, or nothing where there is none."""
    return _read("/proc/sys/" + name.replace(".", "/")).strip()


def _status(field: str) -> str:
    """A field of this process's status (proc_pid_status(5))."""
    for line in _read("/proc/self/status").splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return value.strip()
    return ""


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
