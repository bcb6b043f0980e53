"""What a sandbox sees of the machine: its own /run, /tmp, /dev, /proc, /sys and /etc/hosts; what is read-only.

The mounts of the first stage are made in a mount namespace of their own; the second stage gets a copy
of it that belongs to another user namespace, in which none of them can be taken away (mount_namespaces(7)).
"""

import os

from netkit.sandbox import system

PLACE = "/run/netkit"
"""Where a sandbox keeps what is its own; a mount of this name inside is the sandbox's mark."""

SETTINGS_OF_DOCKER = "/etc/docker"
"""The machine's Docker Engine has its settings here; one that runs in the sandbox keeps its key here."""

SOCKETS = PLACE + "/sockets"
PROGRAMS = PLACE + "/bin"
TEMPORARY = PLACE + "/temporary"
CONNECTION_FILE = PLACE + "/kernel.json"
TEMPORARIES = ("/tmp", "/var/tmp")  # noqa: S108 - they are covered, nothing is made in the machine's
"""Folders for temporary files, where programs of the machine have sockets."""

MARK = "netkit-"
"""The mount at PLACE has this name, followed by the name of the world."""

_PLAIN = system.NO_SUID | system.NO_DEV
_PLAINEST = _PLAIN | system.NO_EXEC
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "fuse", "net/tun")
_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2", "ptmx": "pts/ptmx"}

_SUDO = """\
#!/bin/sh
# You are root here already, and set-uid programs have no effect: run the command as it stands.
while [ $# -gt 0 ]; do
    case $1 in
    --) shift; break ;;
    -u | -g | -h | -p | -C | -D | -R | -T | --user | --group | --host | --prompt | --chdir) shift 2 ;;
    -*) shift ;;
    *) break ;;
    esac
done
[ $# -gt 0 ] || exec "${SHELL:-/bin/sh}"
exec env -- "$@"
"""


def world(process: int | str = "self") -> str:
    """The name of the world that a process is in, by the sandbox's mark; nothing outside a sandbox.

    Args:
        process: its id; by default this process itself.
    """
    try:
        with open(f"/proc/{process}/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
            marks = [line.partition(" - ") for line in mounts if f" {PLACE} " in line]
    except OSError:
        return ""
    names = [kind.split()[1] for place, _, kind in marks if place.split()[4] == PLACE and kind.startswith("tmpfs ")]
    return next((name.removeprefix(MARK) for name in names if name.startswith(MARK)), "")


def leave_propagation() -> None:
    """Let the machine's mounts come in, and none of ours go out.

    Slave rather than private: a private copy would keep a disk of the machine busy after its unmount.
    """
    system.mount(None, "/", None, system.RECURSIVE | system.SLAVE)


def cover_run(world: str) -> None:
    """Put an empty /run over the machine's, where its services have their sockets.

    Args:
        world: name of the world, for the sandbox's mark.
    """
    system.mount("netkit-run", "/run", "tmpfs", _PLAIN, "mode=755")
    for name in ("netns", "netkit", "lock"):
        os.mkdir("/run/" + name)
    if os.path.realpath("/var/run") != "/run":
        system.bind("/run", "/var/run")
    system.mount(MARK + world, PLACE, "tmpfs", _PLAIN, "mode=755")
    # Shared, so that what is mounted over the sockets later reaches the second stage.
    system.mount(None, PLACE, None, system.SHARED)
    os.mkdir(SOCKETS, 0o700)
    os.mkdir(PROGRAMS)
    os.mkdir(TEMPORARY, 0o700)
    _create(PROGRAMS + "/sudo", _SUDO, 0o755)


def cover_hosts() -> None:
    """Give the sandbox an /etc/hosts of its own, for its own host name and for the learner to change."""
    if os.path.exists("/etc/hosts"):
        _create(PLACE + "/hosts", "127.0.0.1\tlocalhost\n127.0.1.1\tnetkit\n::1\tlocalhost ip6-localhost\n", 0o644)
        system.bind(PLACE + "/hosts", "/etc/hosts")


def cover(directories: tuple[str, ...]) -> None:
    """Put an empty directory over each of these, as far as they exist.

    Args:
        directories: whose files are the machine's own concern, or would steer programs inside.
    """
    for directory in directories:
        if os.path.isdir(directory):
            system.mount("netkit-empty", directory, "tmpfs", _PLAIN, "mode=700")


def cover_temporaries(shown: tuple[str, ...]) -> None:
    """Put empty folders for temporary files over the machine's, where programs have sockets.

    Args:
        shown: files and folders below them that stay, sorted; one of the folders itself stays as it is.
    """
    for top in TEMPORARIES:
        if top in shown or os.path.islink(top) or not os.path.isdir(top):
            continue
        paths = [path for path in shown if path.startswith(top + "/")]
        kept = {path: os.open(path, os.O_PATH | os.O_CLOEXEC) for path in paths}
        system.mount("netkit-tmp", top, "tmpfs", _PLAIN, "mode=1777")
        for path, file in kept.items():
            if not os.path.lexists(path):  # else it lies in one that was shown before
                show(f"/proc/self/fd/{file}", path)
            os.close(file)


def show(source: str, target: str) -> None:
    """Bind a file or a folder to a place that is not there yet.

    Args:
        source: what is shown, by a path that opens it.
        target: where.
    """
    os.makedirs(target if os.path.isdir(source) else os.path.dirname(target), exist_ok=True)
    if not os.path.isdir(source):
        _create(target, "", 0o600)
    system.bind(source, target, recursive=True)


def cover_devices() -> None:
    """Put a /dev over the machine's that has no disks: only what programs need, and pseudo-terminals of its own."""
    build = "/run/dev"
    os.mkdir(build)
    system.mount("netkit-dev", build, "tmpfs", system.NO_SUID, "mode=755")
    for directory in ("net", "pts", "shm"):
        os.mkdir(f"{build}/{directory}")
    for device in _DEVICES:
        if os.path.exists("/dev/" + device):
            _create(f"{build}/{device}", "", 0o600)
            system.bind("/dev/" + device, f"{build}/{device}")
    for name, target in _LINKS.items():
        os.symlink(target, f"{build}/{name}")
    options = "newinstance,ptmxmode=0666,mode=620" + (",gid=5" if _has_group(5) else "")
    system.mount("devpts", build + "/pts", "devpts", system.NO_SUID | system.NO_EXEC, options)
    system.mount("netkit-shm", build + "/shm", "tmpfs", _PLAIN, "mode=1777")
    system.mount(build, "/dev", None, system.MOVE)
    os.rmdir(build)


def cover_processes() -> None:
    """Mount a /proc that shows the processes of this pid namespace only."""
    system.mount("proc", "/proc", "proc", _PLAINEST)


def protect_kernel_settings() -> None:
    """Make the machine's settings under /proc read-only, except those of the network namespace.

    The kernel lets the machine's root change them by its user id alone, also inside a user namespace.
    Nobody else needs this mask, which would make the kernel refuse a container's own /proc ("too
    revealing", mount_too_revealing in fs/namespace.c).
    """
    system.bind("/proc/sys", "/proc/sys")
    system.bind("/proc/sys/net", "/proc/sys/net")
    system.protect("/proc/sys")
    for path in ("/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/acpi", "/proc/scsi"):
        if os.path.exists(path):
            system.bind(path, path)
            system.protect(path)
    _create(PLACE + "/nothing", "", 0o444)
    for path in ("/proc/keys", "/proc/key-users"):
        if os.path.exists(path):
            system.bind(PLACE + "/nothing", path)
            system.protect(path)
    # Every /sys that is mounted inside will have to be as read-only as this one (mount_too_revealing).
    for path in _mounts_at("/sys"):
        system.protect(path)


def cover_sys(*, protected: bool) -> str | None:
    """Mount a /sys that shows the links of this network namespace.

    Args:
        protected: whether `protect_kernel_settings` made the machine's read-only.

    Returns:
        None, or a sentence about what could not be had: containers often forbid it, and little depends on it.
    """
    groups = None if protected else _kept_control_groups()
    try:
        system.mount("sysfs", "/sys", "sysfs", _PLAINEST | (system.READ_ONLY if protected else 0))
    except OSError as error:
        return f"/sys is still the machine's ({error.strerror}): 'ip netns exec' and 'brctl show' may not work"
    if groups:
        system.mount(groups, "/sys/fs/cgroup", None, system.MOVE)
        os.rmdir(groups)
    return None


def share_names() -> None:
    """Make /run/netns what `ip netns add` makes of it: a mount whose mounts reach copies of this namespace."""
    system.bind("/run/netns", "/run/netns")
    system.mount(None, "/run/netns", None, system.RECURSIVE | system.SHARED)


def seal_sockets() -> None:
    """Cover the directory of the kernel's sockets, so that no `rm -rf` inside cuts off the browser."""
    system.mount("netkit-sealed", SOCKETS, "tmpfs", _PLAINEST | system.READ_ONLY, "mode=700,size=4k")


def _kept_control_groups() -> str | None:
    """Move the control groups aside for a while: the Docker Engine needs them, and a fresh /sys has none."""
    kept = "/run/cgroup"
    if not os.path.ismount("/sys/fs/cgroup"):
        return None
    os.mkdir(kept)
    try:
        system.bind("/sys/fs/cgroup", kept, recursive=True)
    except OSError:
        os.rmdir(kept)
        return None
    return kept


def _mounts_at(top: str) -> list[str]:
    """The places at and below a directory where something is mounted (proc_pid_mountinfo(5))."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
        places = {line.split()[4] for line in mounts}
    return sorted(place for place in places if place == top or place.startswith(top + "/"))


def _create(path: str, text: str, mode: int) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        os.write(file, text.encode())
    finally:
        os.close(file)


def _has_group(number: int) -> bool:
    with open("/proc/self/gid_map", encoding="ascii") as extents:
        return any(int(first) <= number < int(first) + int(count) for first, _, count in map(str.split, extents))
