"""What is to be run in a sandbox: the one value that launcher, command line and worlds hand to each other."""

import os
import sys
from collections.abc import Mapping
from typing import NamedTuple

from netkit.sandbox.filesystem import PLACE, PROGRAMS, TEMPORARY

_MACHINES = (
    # The number of a process outside; ipykernel would end because its parent has another one.
    "JPY_PARENT_PID",
    # The machine's services, which are out of reach inside.
    "DBUS_SESSION_BUS_ADDRESS",
    "NOTIFY_SOCKET",
    "SSH_AUTH_SOCK",
    "XDG_RUNTIME_DIR",
)
_CLIENT_OF_DOCKER = "DOCKER_"
"""Begins the names of the variables that lead the docker command to the machine's Engine."""

_ADMINISTRATORS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


class Job(NamedTuple):
    """One program and its surroundings.

    Attributes:
        argv: the program and its arguments.
        cwd: the working directory; if it is not there inside, the home directory or / takes its place.
        environment: the environment outside; `inside` makes of it the one inside.
        hidden: directories to show as empty.
        connection: text of the connection file of a Jupyter kernel, nothing for other programs.
        terminal: whether the program gets the terminal that standard input is.
    """

    argv: tuple[str, ...]
    cwd: str
    environment: Mapping[str, str]
    hidden: tuple[str, ...] = ()
    connection: str = ""
    terminal: bool = False


def here(argv: tuple[str, ...], connection: str = "", *, terminal: bool = False) -> Job:
    """A job with the surroundings of this process.

    Args:
        argv: the program and its arguments.
        connection: text of a Jupyter kernel's connection file.
        terminal: whether the program gets the terminal that standard input is.
    """
    environment = dict(os.environ)
    return Job(argv, _directory(), environment, (runtime_directory(environment),), connection, terminal)


def inside(job: Job, world: str) -> dict[str, str]:
    """The environment of a program in the sandbox.

    Args:
        job: the program.
        world: name of the world.

    Returns:
        A copy that finds the administrator's programs, and none of the machine's services.
    """
    kept = {
        name: value
        for name, value in job.environment.items()
        if name not in _MACHINES and not name.startswith(_CLIENT_OF_DOCKER)
    }
    # `.venv/bin/netkit run -- python …` means the python beside it, also where .venv is not activated.
    first = [PROGRAMS, *([os.path.dirname(sys.executable)] if sys.prefix != sys.base_prefix else [])]
    path = [*first, *(place for place in kept.get("PATH", os.defpath).split(":") if place not in first)]
    path += [place for place in _ADMINISTRATORS if place not in path]
    if job.connection:
        # Process 1 is a kernel's parent; told so, ipykernel does not advise to end it with Ctrl-\\.
        kept["JPY_PARENT_PID"] = "1"
        # ipykernel names temporary files after its process id, which is 2 in every sandbox.
        kept["TMPDIR"] = TEMPORARY
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


def _directory() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return "/"
