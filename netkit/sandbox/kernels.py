"""The sandboxed Jupyter kernels that run now (`netkit shell --list`), found by looking at the machine's processes."""

import os
from itertools import pairwise
from typing import NamedTuple

from netkit.errors import InvalidValue, NotFound
from netkit.sandbox.uml import boot

_COMMAND = [b"-m", b"netkit.kernel"]


class RunningKernel(NamedTuple):
    """One kernel.

    Attributes:
        name: the id that Jupyter gave it, which is the connection file's name without "kernel-" and ".json".
        connection_file: path of that file.
        launcher: process id of its launcher.
        first: process id, outside, of its sandbox's process 1, or of User-Mode Linux.
        owner: user id of whom all of it belongs to.
        interpreter: the Python that runs netkit for its owner.
    """

    name: str
    connection_file: str
    launcher: int
    first: int
    owner: int
    interpreter: str


def running() -> list[RunningKernel]:
    """All sandboxed kernels of this user (root sees everybody's), sorted by name."""
    processes = _processes()
    parents = {process: parent for process, parent in processes if _words(process)[1:3] == _COMMAND}
    machines = {process: parent for process, parent in processes if boot.is_machine(process)}
    # Launcher, keeper and process 1 are one another's children; the first two have the command, and the third has it as
    # well or is User-Mode Linux.
    chains = [(parents.get(keeper), keeper, first) for first, keeper in {**parents, **machines}.items()]
    found = [_kernel(chain) for chain in chains if chain[0] in parents and parents[chain[0]] not in parents]
    return sorted(kernel for kernel in found if kernel and os.geteuid() in (0, kernel.owner))


def owner(process: int) -> int | None:
    """Whose a process is: all of its user ids, by what the kernel says of it (proc_pid_status(5)); None if not one's.

    The owner of /proc/PID would tell less: that is root for every process that wants no other to look into it.

    Args:
        process: its id.
    """
    lines = [line for line in _read(f"/proc/{process}/status").splitlines() if line.startswith(b"Uid:")]
    ids = {int(word) for line in lines for word in line.split()[1:]}
    return ids.pop() if len(ids) == 1 else None


def _kernel(chain: tuple[int, int, int]) -> RunningKernel | None:
    """The kernel that launcher, keeper and process 1 are; None if not one user's, or without a name to show."""
    owners = {owner(process) for process in chain}
    words = [os.fsdecode(word) for word in _words(chain[0])]
    file = _connection_file(words)
    # Whoever runs it has chosen its name, and may have put in what steers a terminal.
    if None in owners or len(owners) != 1 or not file or not (file + words[0]).isprintable():
        return None
    name = os.path.basename(file).removeprefix("kernel-").removesuffix(".json")
    return RunningKernel(name, file, chain[0], chain[2], owners.pop(), words[0])


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


def _words(process: int) -> list[bytes]:
    return _read(f"/proc/{process}/cmdline").split(b"\0")


def _connection_file(words: list[str]) -> str:
    for word, following in pairwise([*words, ""]):
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
