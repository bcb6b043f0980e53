"""The sandboxed Jupyter kernels that run on this machine, found by looking at its processes."""

import os
from typing import NamedTuple

from netkit.errors import InvalidValue, NotFound

_COMMAND = [b"-m", b"netkit.kernel"]


class RunningKernel(NamedTuple):
    """One kernel.

    Attributes:
        name: the id that Jupyter gave it, which is the connection file's name without "kernel-" and ".json".
        connection_file: path of that file.
        launcher: process id of its launcher.
        first: process id, outside, of its sandbox's process 1.
    """

    name: str
    connection_file: str
    launcher: int
    first: int


def running() -> list[RunningKernel]:
    """All sandboxed kernels of this user (root sees everybody's), sorted by name."""
    parents = {process: parent for process, parent in _processes() if _is_ours(process)}
    found = []
    for first, keeper in parents.items():
        launcher = parents.get(keeper)
        # Launcher, keeper and process 1 are one another's children, and nobody else has the command.
        if (
            launcher in parents
            and parents[launcher] not in parents
            and _may_enter(launcher)
            and (file := _connection_file(launcher))
        ):
            name = os.path.basename(file).removeprefix("kernel-").removesuffix(".json")
            found.append(RunningKernel(name, file, launcher, first))
    return sorted(found)


def find(text: str) -> RunningKernel:
    """The kernel that a text means.

    Args:
        text: a kernel's id or its beginning, or the path or name of its connection file.

    Raises:
        NotFound: no kernel is meant.
        InvalidValue: several are.
    """
    kernels = running()
    listed = ", ".join(f"'{kernel.name}'" for kernel in kernels) or "none"
    meant = [kernel for kernel in kernels if _means(text, kernel)]
    exact = [kernel for kernel in meant if text in (kernel.name, kernel.connection_file)]
    if not meant:
        raise NotFound(f"No kernel is called '{text}'", f"running now: {listed}", "'netkit shell' opens a new sandbox")
    if len(exact or meant) > 1:
        raise InvalidValue(f"'{text}' means several kernels", f"running now: {listed}", "Give more of the name")
    return (exact or meant)[0]


def _means(text: str, kernel: RunningKernel) -> bool:
    names = (kernel.name, os.path.basename(kernel.connection_file))
    return any(name.startswith(text) for name in names) or os.path.abspath(text) == kernel.connection_file


def _processes() -> list[tuple[int, int]]:
    """The ids of all processes, each with its parent's (proc_pid_stat(5))."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            stat = _read(f"/proc/{name}/stat")
            if fields := stat.rpartition(b")")[2].split():
                found.append((int(name), int(fields[1])))
    return found


def _may_enter(launcher: int) -> bool:
    """Whether this user may enter the kernel: it is the user's own, or the user is root."""
    try:
        return os.geteuid() in (0, os.stat(f"/proc/{launcher}").st_uid)
    except FileNotFoundError:
        return False


def _is_ours(process: int) -> bool:
    words = _read(f"/proc/{process}/cmdline").split(b"\0")
    return words[1:3] == _COMMAND


def _connection_file(process: int) -> str:
    words = [os.fsdecode(word) for word in _read(f"/proc/{process}/cmdline").split(b"\0")]
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word in ("-f", "--f"):
            return os.path.abspath(following)
        if word.startswith(("-f=", "--f=")):
            return os.path.abspath(word.partition("=")[2])
    return ""


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""
