"""Whether the real Docker Engine can run containers in this sandbox, found out by doing what decides it.

`python -m netkit.sandbox.doctor.containers` mounts what a container mounts, in new namespaces that end with it.
"""

import json
import os
import shutil
import subprocess
import sys
from typing import NamedTuple

from netkit.sandbox import system
from netkit.sandbox.doctor import engines

PROGRAMS = {
    "dockerd": "docker.io",
    "docker": "docker.io",
    "containerd": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "busybox": "busybox-static",
}
"""What the Engine and its first image consist of, and the packages of Debian and Ubuntu that hold it."""

_KINDS = system.NEWPID | system.NEWNS | system.NEWNET | system.NEWIPC | system.NEWUTS
_HIGHEST_ID = 999
"""The last of a distribution's system accounts; a container's terminal alone needs group 5."""

_ORDINARY = "Start netkit as an ordinary user, or with NETKIT_WORLD=uml, or go on with nk.Docker()"
_SECONDS = 10.0


class Obstacle(NamedTuple):
    """Why the Engine cannot run here.

    Attributes:
        reason: one sentence without its full stop.
        remedy: what to do about it.
    """

    reason: str
    remedy: str


def obstacle() -> Obstacle | None:
    """What keeps the Docker Engine from running in this sandbox.

    Returns:
        None if nothing does; it takes some 50 ms, and nothing of it is left.
    """
    return _programs() or _ids() or _mounts() or _control_groups()


def _programs() -> Obstacle | None:
    engine, named = engines.chosen(), os.environ.get(engines.CHOICE)
    if named and not engine.dockerd:
        return Obstacle(
            f"{engines.CHOICE} is {named!r}, and there is no dockerd",
            "It names a dockerd, or the folder or the tree that holds one; unset it for the one of the machine",
        )
    absent = [program for program in PROGRAMS if not (engine.has(program) or shutil.which(program))]
    if not absent:
        return None
    packages = " ".join(dict.fromkeys(PROGRAMS[program] for program in absent))
    return Obstacle(
        f"the Docker Engine is not complete: there is no {' and no '.join(absent)}",
        f"'make packages' installs {packages}, without starting anything on the machine",
    )


def _ids() -> Obstacle | None:
    sources = (("uid_map", "/etc/subuid", "newuidmap"), ("gid_map", "/etc/subgid", "newgidmap"))
    for name, grants, program in sources:
        with open(f"/proc/self/{name}", encoding="ascii") as extents:
            ids = [(int(first), int(count)) for first, _, count in map(str.split, extents)]
        if not any(first <= _HIGHEST_ID < first + count for first, count in ids):
            return Obstacle(
                "the sandbox has too few ids for a container's users: "
                f"{grants} grants no range, or {program} cannot install it",
                "'netkit doctor' says how to get one",
            )
    return None


def _mounts() -> Obstacle | None:
    """Let a process of its own mount what a container mounts; it tells place and reason of a refusal."""
    command = [sys.executable, "-P", "-m", __name__]
    try:
        tried = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return Obstacle(f"a container's mounts took more than {_SECONDS:g} seconds", "Try again when less is going on")
    if tried.returncode:
        last = (tried.stderr.strip().splitlines() or ["it was killed"])[-1]
        return Obstacle(f"a container's mounts cannot be tried: {last}", "Please report this as a fault of netkit")
    refused = json.loads(tried.stdout)
    return _explained(*refused) if refused else None


def _explained(what: str, reason: str) -> Obstacle:
    if what == "/proc" and os.statvfs("/proc/sys").f_flag & os.ST_RDONLY:
        return Obstacle(
            "for the machine's root the sandbox keeps /proc/sys read-only, and then the kernel refuses a container "
            "its own /proc",
            _ORDINARY,
        )
    return Obstacle(f"the kernel refuses a container its own {what}: {reason}", _ORDINARY)


def _control_groups() -> Obstacle | None:
    if os.path.ismount("/sys/fs/cgroup"):
        return None
    return Obstacle(
        "there are no control groups at /sys/fs/cgroup, which the Engine looks for", "Go on with nk.Docker()"
    )


def _try_mounts() -> tuple[str, str] | None:
    """Mount what runc mounts (config.md of the OCI runtime specification); what was refused and why, or None."""
    try:
        system.unshare(_KINDS)
    except OSError as error:
        return "namespaces", error.strerror or str(error)
    near, far = os.pipe()
    if (child := os.fork()) == 0:
        os.write(far, json.dumps(_mounted()).encode())
        os._exit(0)
    os.close(far)
    os.waitpid(child, 0)
    with os.fdopen(near) as answer:
        return json.load(answer)


def _mounted() -> tuple[str, str] | None:
    plain = system.NO_SUID | system.NO_EXEC
    mounts = (
        ("proc", "/proc", plain | system.NO_DEV, None),
        ("devpts", "/dev/pts", plain, "newinstance,ptmxmode=0666,mode=0620,gid=5"),
        ("sysfs", "/sys", plain | system.NO_DEV | system.READ_ONLY, None),
    )
    for kind, place, flags, options in mounts:
        try:
            system.mount(kind, place, kind, flags, options)
        except OSError as error:
            return place, error.strerror or str(error)
    return None


if __name__ == "__main__":
    json.dump(_try_mounts(), sys.stdout)
