"""The file system inside User-Mode Linux: the machine's with a throw-away layer; home and working folder are kept."""

import contextlib
import os

from netkit.sandbox import filesystem, places, system
from netkit.sandbox.job import Job

WORLD = "uml"
_LEGACY = ("iptables", "ip6tables")
_AT_ONCE = ("br_netfilter", "ip_tables", "ip6_tables")
"""Modules that are looked for before anything loads them; the kernel loads all others when they are needed."""


_PATIENCE = {
    "ipv4/neigh/default/base_reachable_time_ms": 300_000,
    "ipv4/neigh/default/delay_first_probe_time": 50,
    "ipv6/neigh/default/base_reachable_time_ms": 300_000,
    "ipv6/neigh/default/delay_first_probe_time": 50,
}
"""Ten times what Linux has by itself (arp(7)), as everything else takes longer here: else neighbours would ask for one
another in the middle of what a lesson shows."""


def lay_out(modules: str) -> None:
    """Become the root of a copy of the machine's files whose changes vanish, with the usual mounts in it.

    Args:
        modules: directory of the kernel modules.
    """
    own = f"{modules}/{os.uname().release}/kernel"
    system.mount("netkit-layer", "/mnt", "tmpfs", 0, "mode=755")
    for name in ("upper", "work", "root"):
        os.mkdir("/mnt/" + name)
    overlay = own + "/fs/overlayfs/overlay.ko"
    if os.path.exists(overlay):  # else it is a part of the kernel
        system.load_module(overlay)
    system.mount("netkit-root", "/mnt/root", "overlay", 0, "lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work")
    os.chdir("/mnt/root")
    system.mount(".", "/", None, system.MOVE)
    os.chroot(".")
    system.mount("proc", "/proc", "proc")
    with contextlib.suppress(FileNotFoundError):  # a kernel without this switch starts none
        # The kernel would start a program, which is not there, for each device that comes or goes.
        system.write("/proc/sys/kernel/hotplug", "\n")
    system.mount("sysfs", "/sys", "sysfs")
    system.mount("cgroup2", "/sys/fs/cgroup", "cgroup2")  # Docker's Engine looks for it
    system.mount("devtmpfs", "/dev", "devtmpfs")
    for name in ("net", "pts", "shm"):
        os.makedirs("/dev/" + name, exist_ok=True)
    if not os.path.exists("/dev/net/tun"):
        os.mknod("/dev/net/tun", 0o20666, os.makedev(10, 200))
    if os.path.isdir(modules):
        os.makedirs("/lib/modules", exist_ok=True)
        system.mount("hostfs", "/lib/modules", "hostfs", 0, modules)


def load(modules: str) -> None:
    """Load the modules that must be there from the beginning, with those that they need (modules.dep(5)).

    Args:
        modules: directory of the kernel modules.
    """
    place = f"{modules}/{os.uname().release}"
    with open(f"{place}/modules.dep", encoding="utf-8") as lines:
        wanted = [line for line in lines if line.partition(".ko")[0].rpartition("/")[2] in _AT_ONCE]
    paths = [
        one for path, needed in (line.split(":", 1) for line in wanted) for one in (*reversed(needed.split()), path)
    ]
    for path in dict.fromkeys(paths):
        with contextlib.suppress(FileExistsError):
            system.load_module(f"{place}/{path}")


def cover(job: Job) -> None:
    """Hide what is the machine's own concern, and let the learner's work through to it.

    Args:
        job: names the working directory and what is hidden.
    """
    filesystem.cover_run(WORLD)
    for place in places.OWN:  # all that is written here stays in the machine's memory
        os.makedirs(place, exist_ok=True)
    places.own_places()
    filesystem.cover_hosts()
    places.have_no_name_server()
    filesystem.cover_temporaries(job.shown)
    for place in kept(job):
        system.mount("hostfs", place, "hostfs", 0, place)
    filesystem.cover((*job.hidden, filesystem.SETTINGS_OF_DOCKER))
    filesystem.cover_devices()


def slow_down_neighbours() -> None:
    """Let neighbour entries stay reachable for longer; all devices that are made later begin with this."""
    for name, value in _PATIENCE.items():
        with contextlib.suppress(FileNotFoundError):
            system.write("/proc/sys/net/" + name, str(value))


def choose_legacy_iptables() -> None:
    """Make `iptables` the older kind, as update-alternatives(1) does: Debian's User-Mode Linux has no nf_tables."""
    for name in _LEGACY:
        for end in ("", "-save", "-restore"):
            program, link = f"/usr/sbin/{name}-legacy{end}", f"/etc/alternatives/{name}{end}"
            if os.path.exists(program) and os.path.lexists(link):
                os.unlink(link)
                os.symlink(program, link)


def kept(job: Job) -> list[str]:
    """The directories whose changes are kept: the working directory and the home directory, none within another.

    Args:
        job: names them.
    """
    home = job.environment.get("HOME") or os.path.expanduser("~")
    places = sorted({os.path.realpath(place) for place in (job.cwd, home) if os.path.isdir(place)} - {"/"})
    return [place for place in places if not any(place.startswith(other + "/") for other in places)]
