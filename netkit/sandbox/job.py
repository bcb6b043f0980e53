"""What is to be run in a sandbox: the one value that launcher, command line and worlds hand to each other."""

import contextlib
import os
import sys
from collections.abc import Mapping
from typing import NamedTuple

from netkit.sandbox import inherited
from netkit.sandbox.filesystem import PLACE, PROGRAMS, TEMPORARIES, TEMPORARY
from netkit.sandbox.variables import passed

_SYSTEM = (
    "/usr/bin",
    "/usr/lib",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/share",
    "/etc",
    "/dev",
    "/proc",
    "/sys",
    "/run",
    "/var",
)
"""Places that every program needs."""

_ADMINISTRATORS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


class Job(NamedTuple):
    """One program and its surroundings.

    Attributes:
        argv: the program and its arguments.
        cwd: the working directory; if it is not there inside, the home directory or / takes its place.
        environment: what passes of the environment outside; `inside` makes of it the one inside.
        hidden: directories to show as empty.
        shown: what the program needs of the folders for temporary files, which are empty otherwise.
        connection: text of the connection file of a Jupyter kernel, nothing for other programs.
        terminal: whether the program gets the terminal that standard input is.
        sealed: folders that are empty for a stranger's program, which can write nothing but small folders in memory;
            without any, the program may write where its user may.
    """

    argv: tuple[str, ...]
    cwd: str
    environment: Mapping[str, str]
    hidden: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    connection: str = ""
    terminal: bool = False
    sealed: tuple[str, ...] = ()


def here(argv: tuple[str, ...], connection: str = "", *, terminal: bool = False) -> Job:
    """A job with the surroundings of this process.

    A kernel's folder of connection files is made if it is not there: what is missing could not be hidden, and may come.

    Args:
        argv: the program and its arguments.
        connection: text of a Jupyter kernel's connection file.
        terminal: whether the program gets the terminal that standard input is.
    """
    cwd, environment = inherited.folder() or "/", passed(os.environ)
    runtime = os.path.realpath(os.path.join(cwd, runtime_directory(environment)))
    hidden = (runtime,) if is_jupyters_own(runtime, cwd, environment) else ()
    if connection and hidden:
        with contextlib.suppress(OSError):  # where it cannot be made, nobody else can put a file into it
            os.makedirs(runtime, mode=0o700, exist_ok=True)
    return Job(argv, cwd, environment, hidden, named(cwd, argv, environment), connection, terminal)


def is_jupyters_own(directory: str, cwd: str, environment: Mapping[str, str]) -> bool:
    """Whether a directory that Jupyter has its connection files in can be hidden: nothing that is needed is below it.

    Args:
        directory: an absolute path without links.
        cwd: the working directory.
        environment: names the home directory, and where programs are.
    """
    needed = [environment.get("HOME") or os.path.expanduser("~"), *_SYSTEM, *TEMPORARIES]
    # Where it is Jupyter's usual one nobody works there: whoever begins there sees it as empty as all others do.
    needed += [cwd] if environment.get("JUPYTER_RUNTIME_DIR") else []
    needed += [sys.executable, sys.prefix, sys.base_prefix, *sys.path, *environment.get("PATH", os.defpath).split(":")]
    places = (os.path.realpath(os.path.join(cwd, place)) for place in needed)
    return not any((place + "/").startswith(directory.rstrip("/") + "/") for place in places)


def named(cwd: str, argv: tuple[str, ...], environment: Mapping[str, str]) -> tuple[str, ...]:
    """The files and folders below /tmp and /var/tmp that a program is told of, with those that Python runs from.

    Args:
        cwd: the working directory.
        argv: the program and its arguments, in which paths may follow an equals sign.
        environment: whose values may be paths, or lists of them with colons.

    Returns:
        Paths, sorted, so that a folder comes before what lies in it.
    """
    words = [cwd, sys.executable, sys.prefix, sys.base_prefix, *sys.path]
    words += [part for word in argv for part in (word, word.partition("=")[2])]
    words += [part for value in environment.values() for part in value.split(":")]
    found = {os.path.normpath(os.path.join(cwd, word)) for word in words if "/" in word}
    found |= {os.path.realpath(path) for path in found if _is_temporary(path) or os.path.islink(path)}
    return tuple(sorted(path for path in found if _is_temporary(path) and _is_plain(path)) + _whole(cwd, environment))


def _is_temporary(path: str) -> bool:
    return path.startswith(tuple(top + "/" for top in TEMPORARIES))


def _is_plain(path: str) -> bool:
    """Whether it is a folder or a file; a socket would be a door."""
    return os.path.isdir(path) or os.path.isfile(path)


def _whole(cwd: str, environment: Mapping[str, str]) -> list[str]:
    """Those of the folders for temporary files in which the learner works or is at home."""
    return [top for top in TEMPORARIES if top in map(os.path.realpath, (cwd, environment.get("HOME") or cwd))]


def inside(job: Job, world: str) -> dict[str, str]:
    """The environment of a program in the sandbox.

    Args:
        job: the program.
        world: name of the world.

    Returns:
        A copy that finds the administrator's programs, and the sandbox's own Docker Engine.
    """
    kept = dict(job.environment)
    # `.venv/bin/netkit run -- python …` means the python beside it, also where .venv is not activated.
    first = [PROGRAMS, *([os.path.dirname(sys.executable)] if sys.prefix != sys.base_prefix else [])]
    path = [*first, *(place for place in (kept.get("PATH") or os.defpath).split(":") if place not in first)]
    path += [place for place in _ADMINISTRATORS if place not in path]
    if job.connection:
        # Process 1 is a kernel's parent; told so, ipykernel does not advise to end it with Ctrl-\\.
        kept["JPY_PARENT_PID"] = "1"
        # ipykernel names temporary files after its process id, which is 2 in every sandbox.
        kept["TMPDIR"] = TEMPORARY
        # Else the debugger warns in every console of Python's frozen modules, into which nobody steps here.
        kept.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    own = {"NETKIT_SANDBOX": world, "PATH": ":".join(path), "debian_chroot": "netkit"}
    # Settings in ~/.docker could name the machine's own Engine, or proxies that are out of reach in here.
    return {**kept, **own, "DOCKER_HOST": "unix:///run/docker.sock", "DOCKER_CONFIG": PLACE + "/docker"}


def runtime_directory(environment: Mapping[str, str]) -> str:
    """Where Jupyter keeps the connection files of all kernels, by jupyter_core's rule.

    With JUPYTER_PLATFORM_DIRS it asks platformdirs, which has the same answer on Linux.

    Args:
        environment: the variables that the rule goes by.
    """
    if directory := environment.get("JUPYTER_RUNTIME_DIR"):
        return directory
    if data := environment.get("JUPYTER_DATA_DIR"):
        return data + "/runtime"
    home = environment.get("HOME") or os.path.expanduser("~")
    return (environment.get("XDG_DATA_HOME") or home + "/.local/share") + "/jupyter/runtime"


def python(*arguments: str) -> tuple[str, ...]:
    """The argv that runs this very interpreter."""
    return (sys.executable, *arguments)
