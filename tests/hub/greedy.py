"""One learner of a machine takes all that the limits allow, in a sandbox; what another one notices of it."""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from tests.processes import ending

if TYPE_CHECKING:
    import pwd
    from collections.abc import Iterator
    from pathlib import Path

LIMITS = {"nproc": 200, "as": 1 << 30, "fsize": 32 << 20}
"""Of processes, of bytes of memory each, of bytes a file (getrlimit(2)): small, so that reaching them costs little."""

GREEDY = f"""
import errno, json, os, sys, tempfile
forks, taken, written = 0, [], 0
file = tempfile.TemporaryFile(dir=os.path.expanduser("~"))
try:
    while written < {4 * LIMITS["fsize"]}:
        written += file.write(bytes(1 << 20)) and 1 << 20
        file.flush()
except OSError as error:
    disk = errno.errorcode[error.errno]
try:
    while len(taken) < {4 * LIMITS["as"] >> 24}:
        taken.append(bytes(1 << 24))
except MemoryError:
    memory = len(taken) << 24
del taken
try:
    while forks < {4 * LIMITS["nproc"]}:
        if os.fork() == 0:
            sys.stdin.read()
            os._exit(0)
        forks += 1
except OSError as error:
    processes = errno.errorcode[error.errno]
print(json.dumps([disk, memory, processes, forks]), flush=True)
sys.stdin.read()
"""
"""Writes, allocates and forks until it is refused, four times the limit at most; it holds its processes until told."""

LESSON = "ip netns add a && ip -n a link set lo up && ip netns exec a ping -q -c 1 127.0.0.1 >/dev/null && echo done"


class Taken(NamedTuple):
    """What a greedy learner got.

    Attributes:
        disk: the error of the write that was refused.
        memory: bytes.
        processes: the error of the fork that was refused.
        forks: that were not.
    """

    disk: str
    memory: int
    processes: str
    forks: int


def as_learner(person: pwd.struct_passwd, project: Path, *command: str) -> list[str]:
    """A command of a learner's in a fresh sandbox, under the limits."""
    user = ["setpriv", "--reuid", person.pw_name, "--regid", str(person.pw_gid), "--init-groups"]
    own = ["env", "-i", f"HOME={person.pw_dir}", f"PATH={project / '.venv' / 'bin'}:/usr/bin:/bin", "NETKIT_WORLD=user"]
    limits = [f"--{name}={value}" for name, value in LIMITS.items()]
    return [*user, *own, "prlimit", *limits, str(project / ".venv" / "bin" / "netkit"), "run", "--", *command]


@contextmanager
def greedy(person: pwd.struct_passwd, project: Path) -> Iterator[Taken]:
    """A learner who has taken everything, and holds it for the time of a block."""
    command = as_learner(person, project, "/usr/bin/python3", "-c", GREEDY)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=person.pw_dir, text=True, **pipes) as process, ending(process):  # type: ignore[call-overload]
        said = process.stdout.readline()
        if not said:
            raise RuntimeError("the greedy learner's program broke off")
        yield Taken(*json.loads(said))
        process.stdin.close()


def lesson(person: pwd.struct_passwd, project: Path) -> float:
    """Seconds that a learner's small lesson takes in a sandbox of its own.

    Raises:
        RuntimeError: it failed.
    """
    begun = time.monotonic()
    command = as_learner(person, project, "sh", "-c", LESSON)
    done = subprocess.run(command, cwd=person.pw_dir, capture_output=True, text=True, timeout=120, check=False)
    if done.stdout != "done\n":
        raise RuntimeError(f"the lesson of {person.pw_name} failed: {done.stdout}{done.stderr}")
    return time.monotonic() - begun
