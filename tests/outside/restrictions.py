"""Machines that forbid or lack something, emulated in a user and a mount namespace of their own.

Nothing of the machine is changed: limits, mounts and filters hold in these namespaces, and end with the command.
"""

from __future__ import annotations

import os
import shutil
import sys
from typing import NamedTuple

from netkit.sandbox.uml import preload
from tests.project import ROOT

PREPARED = (
    # An ordinary user, id 1000 here, who keeps the rights over these namespaces for as long as the set-up lasts.
    *("unshare", "--user", "--map-user=1000", "--map-group=1000", "--keep-caps", "--mount", "sh", "-ec"),
)
_THEN = 'exec setpriv --inh-caps=-all --ambient-caps=-all --bounding-set=-all -- "$@"'
_CHROOT = f"""
mount -n -t tmpfs tmpfs /media
mkdir /media/root
for name in /*; do
    if [ -L "$name" ]; then cp -P "$name" /media/root/
    elif [ "$name" != /media ] && [ -d "$name" ]; then
        mkdir "/media/root$name"
        mount -n --rbind "$name" "/media/root$name"
    fi
done
exec /usr/sbin/chroot /media/root sh -ec 'cd "$0"; {_THEN}' "$PWD" "$@"
"""


class Restriction(NamedTuple):
    """One way in which a machine is not as netkit likes it.

    Attributes:
        name: what is forbidden or missing.
        setup: shell commands that make it so.
        section: the part of the report in which the doctor has to name it.
        stage: the name that it has there.
        cause: words that the cause has to hold.
        remedy: words that the remedy or its line has to hold.
        world: the world that works all the same.
        wrapper: a command in front of the one that is run.
    """

    name: str
    setup: str
    section: str
    stage: str
    cause: str
    remedy: str
    world: str
    wrapper: tuple[str, ...] = ()

    def command(self, *words: str) -> list[str]:
        """The command that runs these words where this is so."""
        return [*PREPARED, f"{self.setup}\n{_THEN}", "sh", *self.wrapper, *words]


def _without_program(name: str) -> str:
    return f'mount -n --bind /dev/null "$(readlink -f "$(PATH=$PATH:/usr/sbin command -v {name})")"'


def _programs(names: tuple[str, ...]) -> list[str]:
    """The files of those that are installed, each once."""
    return sorted({os.path.realpath(path) for path in map(shutil.which, names) if path})


def seccomp_filter(kind: str) -> tuple[str, ...]:
    """The command that puts another one under a filter: KIND of `tests/outside/seccomp.py`."""
    return (sys.executable, str(ROOT / "tests" / "outside" / "seccomp.py"), kind)


def _limit(kind: str, number: int = 0) -> str:
    return f"echo {number} > /proc/sys/user/max_{kind}_namespaces"


_APPARMOR = """
mount -n -t tmpfs tmpfs /proc/sys/kernel
echo 1 > /proc/sys/kernel/apparmor_restrict_unprivileged_userns
"""
_USER = "user world"
_LESSONS = "what lessons do"

OF_WORLDS = (
    Restriction(
        "user namespaces 0", _limit("user"), _USER, "user namespace", "max_user_namespaces is 0", "=15000", "uml"
    ),
    Restriction(
        "user namespaces 1",
        _limit("user", 1),
        _USER,
        "second user namespace",
        "max_user_namespaces is 1",
        "=15000",
        "uml",
    ),
    Restriction(
        "mount namespaces 0", _limit("mnt"), _USER, "mount namespace", "max_mnt_namespaces is 0", "=15000", "uml"
    ),
    Restriction("pid namespaces 0", _limit("pid"), _USER, "pid namespace", "max_pid_namespaces is 0", "=15000", "uml"),
    Restriction(
        "net namespaces 0", _limit("net"), _USER, "network namespace", "max_net_namespaces is 0", "=15000", "uml"
    ),
    Restriction(
        "Docker's default seccomp profile",
        ":",
        _USER,
        "user namespace",
        "a seccomp filter forbids it",
        "seccomp=deploy/seccomp/netkit.json",
        "uml",
        seccomp_filter("docker"),
    ),
    Restriction(
        "AppArmor, as Ubuntu has it: every mount denied in a user namespace",
        _APPARMOR,
        _USER,
        "mount propagation",
        "AppArmor takes every capability away",
        "doctor --apparmor | sudo tee /etc/apparmor.d/netkit | sudo apparmor_parser --replace",
        "uml",
        seccomp_filter("no-mounts"),
    ),
    Restriction(
        "read-only /proc/sys",
        "mount -n --bind /proc/sys /proc/sys; mount -n -o remount,bind,ro /proc/sys",
        _USER,
        "own /proc",
        "parts of /proc are masked or read-only",
        "systempaths=unconfined",
        "uml",
    ),
    Restriction("chroot", _CHROOT, _USER, "user namespace", "this is a chroot", "systemd-nspawn", "uml"),
    Restriction("masked /sys", "mount -n -t tmpfs -o ro tmpfs /sys", _USER, "complete", "/sys", "", "user"),
    Restriction(
        "no place for the memory of User-Mode Linux",
        "for it in /tmp /var/tmp /dev/shm; do mount -n --bind $it $it; mount -n -o remount,bind,ro $it; done\n"
        "unset TMPDIR XDG_RUNTIME_DIR",
        "uml world",
        "program",
        "no directory for temporary files",
        "export TMPDIR=",
        "user",
    ),
    Restriction(
        "no User-Mode Linux",
        "export NETKIT_UML=/nowhere",
        "uml world",
        "program",
        "User-Mode Linux is not installed",
        "sudo apt install user-mode-linux tcc",
        "user",
    ),
    Restriction(
        "no compiler",
        # Several of their names may be links to one program.
        "; ".join(f'mount -n --bind /dev/null "{path}"' for path in _programs(preload.COMPILERS)),
        "uml world",
        "program",
        "none of the compilers tcc, cc, gcc, clang is there",
        "sudo apt install tcc",
        "user",
    ),
    Restriction(
        "no subordinate ids",
        "mount -n --bind /dev/null /etc/subuid",
        "this machine",
        "range of ids in /etc/subuid",
        "/etc/subuid has no range for you",
        "sudo usermod --add-subuids",
        "user",
    ),
)
"""What `netkit doctor --worlds` finds."""

SIMILAR = ("user namespaces 1", "mount namespaces 0", "pid namespaces 0")
"""Those that end as another one does; they are left to the long tests."""

OF_LESSONS = (
    Restriction(
        "no iptables",
        _without_program("iptables"),
        _LESSONS,
        "iptables, NAT",
        "the program 'iptables' is not installed",
        "sudo apt install iptables",
        "user",
    ),
    Restriction(
        "no ping",
        _without_program("ping"),
        _LESSONS,
        "ping",
        "the program 'ping' is not installed",
        "sudo apt install iputils-ping",
        "user",
    ),
)
"""What takes the whole of `netkit doctor`."""
