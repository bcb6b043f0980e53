"""Why a sandbox could not be made: stage and error number of the kernel's refusal, turned into cause and remedy.

System settings are read only here, to word the remedy; whether something works is found out by doing it.
"""

import errno
import os
from typing import NamedTuple

from netkit.errors import SandboxUnavailable
from netkit.sandbox import limits

USER_NAMESPACE, SECOND_USER_NAMESPACE, INTERPRETER = "user namespace", "second user namespace", "interpreter"
"""Names of the stages whose refusals have causes of their own."""

UML = "uml"
"""Name of the world that needs no permission of the machine."""

UML_PROGRAM, UML_STAGES = "program", ("program", "boot")
"""The stages of the uml world outside: its program is looked for, and its kernel boots."""

_INSTALL_UML = "sudo apt install user-mode-linux tcc"
"""The compiler tcc makes `uml.preload`."""

_KINDS = {
    USER_NAMESPACE: "user",
    SECOND_USER_NAMESPACE: "user",
    "pid namespace": "pid",
    "network namespace": "net",
    "ipc namespace": "ipc",
    "uts namespace": "uts",
}
"""Which limit of namespaces(7) a stage may meet; that of mount namespaces is "mnt"."""


class Cure(NamedTuple):
    """Why something does not work, and what to do about it.

    Attributes:
        cause: one sentence without its full stop.
        remedy: what to do, and what that costs.
        line: a line to copy into a shell, empty where there is none.
    """

    cause: str
    remedy: str = ""
    line: str = ""

    @property
    def advice(self) -> str:
        """The remedy with its line."""
        return f"{self.remedy}: {self.line}" if self.line else self.remedy


class Problem(NamedTuple):
    """What stood in the way.

    Attributes:
        world: which kind of sandbox was tried, "user" say.
        stage: at which of its steps, "user namespace" say.
        number: the kernel's error number (errno(3)), 0 if there is none.
        cause: why, as far as it can be told.
        remedy: what to do about it.
        line: a line to copy into a shell, empty where there is none.
    """

    world: str
    stage: str
    number: int
    cause: str
    remedy: str
    line: str = ""

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
    advice = Cure("", problems[0].remedy, problems[0].line).advice
    return SandboxUnavailable(
        f"No sandbox can be made here: {text}", remedy=f"{advice}. 'netkit doctor' examines the machine"
    )


def explain(world: str, stage: str, number: int, detail: str) -> Problem:
    """Find cause and remedy of a refusal.

    Args:
        world: which kind of sandbox was tried.
        stage: the name of the step.
        number: the kernel's error number.
        detail: the kernel's words, for causes that are not known here.
    """
    known = _of_uml(stage, number, detail) if stage in UML_STAGES else _of_namespaces(stage, number, detail)
    if number == errno.ENOENT and detail.endswith(")"):
        known = known or _of_folders(detail)
    if found := limits.scarce(number):
        known = known or Cure(*found)
    cure = known or Cure(detail, _UNKNOWN)
    return Problem(world, stage, number, *cure)


def _of_uml(stage: str, number: int, detail: str) -> Cure | None:
    if stage == UML_PROGRAM:
        return _not_started(number, detail)
    if "ptrace" in detail and sysctl("kernel.yama.ptrace_scope") == "3":
        remedy = "User-Mode Linux traces its own processes, and this setting stays until the machine is started again"
        return Cure("kernel.yama.ptrace_scope is 3: no program may trace another", f"{remedy}. {_ELSEWHERE}")
    if "ptrace" in detail:
        return Cure(f"the machine does not let programs trace their children: {detail}", _ELSEWHERE)
    if number == errno.ELIBACC or "put_fp_registers" in detail:
        remedy = "Let NETKIT_UML name one that is linked dynamically, as Debian's is, or take the variable away"
        return Cure("User-Mode Linux does not load what netkit adds to it, as if it were linked statically", remedy)
    return None


def _not_started(number: int, detail: str) -> Cure | None:
    """What User-Mode Linux needs before it starts: see `boot.Missing`."""
    cures = {
        errno.ENOENT: Cure(
            "User-Mode Linux is not installed",
            "Install it (a package of Debian and some of its relatives), or set NETKIT_UML to its program",
            _INSTALL_UML,
        ),
        errno.ENOSPC: Cure(
            detail,
            "Name a folder of your own on a file system that is not mounted noexec and has the room",
            'mkdir -p "$HOME/netkit-tmp" && export TMPDIR="$HOME/netkit-tmp"',
        ),
        errno.ENOEXEC: Cure(detail, f"Use a machine that allows user namespaces. {_ELSEWHERE}"),
        errno.EMFILE: Cure(
            detail, "Start it where more are allowed; an administrator can raise the limit (limits.conf(5))"
        ),
        errno.EINVAL: Cure(detail, "Make the environment in a folder whose path has no space"),
        errno.ELIBACC: Cure(
            f"netkit adds a few lines of C to User-Mode Linux, and {detail}",
            "Install the smallest: without these lines, programs of the sandbox would go on as programs of this "
            "machine if User-Mode Linux were killed",
            "sudo apt install tcc",
        ),
    }
    return cures.get(number)


def _of_interpreter(detail: str) -> Cure:
    path = detail.rpartition("(")[2].rstrip(")")
    above = [end[:at] or "/" for end in (path, os.path.realpath(path)) for at, one in enumerate(end) if one == "/"]
    told = [(place, os.stat(place)) for place in above]
    closed = [place for place, facts in told if facts.st_uid != os.geteuid() and not facts.st_mode & 0o001]
    which = f", and {closed[0]} is closed to others" if closed else ""
    return Cure(
        f"inside, root has no rights over other users' files, and this Python runs from such ones: {path}{which}",
        "Start it as their owner, or make the environment with a Python, and in a folder, that everybody may enter",
        "make PYTHON=/usr/bin/python3 env",
    )


def _of_folders(detail: str) -> Cure:
    place = detail.rpartition("(")[2].rstrip(")")
    remedy = "Every Linux has this directory, an image of a container perhaps not: make it"
    return Cure(f"there is no {place}", remedy, f"sudo mkdir -p {place}")


def _of_namespaces(stage: str, number: int, detail: str) -> Cure | None:
    if (stage, number) == (INTERPRETER, errno.EACCES):
        return _of_interpreter(detail)
    if number in (errno.ENOSPC, errno.EUSERS):
        return _too_few(stage)
    if number == errno.ENOSYS or (stage == USER_NAMESPACE and number == errno.EINVAL):
        remedy = "Use a Linux with CONFIG_USER_NS, as all distributions have it, or install User-Mode Linux"
        return Cure("this Linux was built without user namespaces", remedy, _INSTALL_UML)
    if number in (errno.EPERM, errno.EACCES):
        return _forbidden_at_first(number) if stage == USER_NAMESPACE else _forbidden_later(stage)
    return None


_UNKNOWN = "This is not known yet: please report it with what 'netkit doctor --json' says"
_ELSEWHERE = "Work on a machine of your own, or ask whoever runs this one"
_COST = "; that lets every program of every user reach more of the kernel, so ask whoever answers for the machine"


def _too_few(stage: str) -> Cure:
    setting = f"user.max_{_KINDS.get(stage, 'mnt')}_namespaces"
    value = sysctl(setting) or "used up"
    remedy = f"An administrator can raise it{_COST}, or User-Mode Linux does without"
    return Cure(f"{setting} is {value}", remedy, f"sudo sysctl -w {setting}=15000")


def _forbidden_at_first(number: int) -> Cure:
    """Why not even the first user namespace is allowed."""
    ordinary = bool(os.geteuid())
    clone = "kernel.unprivileged_userns_clone"
    if ordinary and sysctl(clone) == "0":
        return Cure(
            f"{clone} is 0",
            f"An administrator can allow them{_COST}, or use User-Mode Linux",
            f"sudo sysctl -w {clone}=1",
        )
    if number == errno.EPERM and not _has_mount_at_root():
        remedy = "Work outside of it, let an administrator enter its FOLDER as a container, or use User-Mode Linux"
        cause = "this is a chroot, in which Linux makes no user namespaces"
        return Cure(cause, remedy, "sudo systemd-nspawn --directory FOLDER")
    if number == errno.EPERM and _status("Seccomp") == "2":
        return Cure("a seccomp filter forbids it, as Docker's default one does", _CONTAINER, _START_CONTAINER)
    return _by_apparmor() or _by_something()


def _forbidden_later(stage: str) -> Cure:
    if stage == "own /proc":
        return Cure(
            "parts of /proc are masked or read-only, as containers do, and Linux shows no fresh one then",
            _CONTAINER,
            _START_CONTAINER,
        )
    if cure := _by_apparmor():
        return cure
    if _status("Seccomp") == "2":
        return Cure("a seccomp filter forbids it, as Docker's default one does", _CONTAINER, _START_CONTAINER)
    return _by_something()


_CONTAINER = (
    "Let the container have netkit's seccomp profile and an unmasked /proc; give it no privileges then and an "
    "ordinary user, since its root could change the machine's settings. Or install User-Mode Linux in it, which needs "
    "none of this (packages user-mode-linux and tcc)"
)
_START_CONTAINER = (
    "docker run --user 1000 --cap-drop ALL --security-opt seccomp=deploy/seccomp/netkit.json "
    "--security-opt systempaths=unconfined --security-opt apparmor=unconfined IMAGE"
)


def _by_apparmor() -> Cure | None:
    if sysctl("kernel.apparmor_restrict_unprivileged_userns") != "1" or not os.geteuid():
        return None
    from netkit.sandbox.doctor import apparmor

    return Cure(
        "AppArmor takes every capability away in a user namespace, as Ubuntu 23.10 and later do",
        f"Load a profile that excepts netkit's interpreter. {apparmor.cost()} The protection stays for all others: "
        "do not switch it off for the whole machine",
        apparmor.line(),
    )


def _by_something() -> Cure:
    remedy = f"Install User-Mode Linux, which needs no permission. {_ELSEWHERE}"
    return Cure("a security module of this machine forbids it", remedy, _INSTALL_UML)


def _has_mount_at_root() -> bool:
    """Whether this process's root is a mount, which it is not in a chroot made of a plain folder."""
    mounts = _read("/proc/self/mountinfo").splitlines()
    return not mounts or any(line.split()[4:5] == ["/"] for line in mounts)


def sysctl(name: str) -> str:
    """The value of a sysctl, or nothing where there is none.

    Args:
        name: with dots.
    """
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
