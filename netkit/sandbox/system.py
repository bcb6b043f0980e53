"""The system calls that a sandbox is made of, each raising OSError with the kernel's own reason.

Only the standard library is imported, and little of it: `unshare(CLONE_NEWUSER)` is refused once a
second thread exists (unshare(2)), and the time that it takes to load is time until a kernel is ready.
"""

import contextlib
import ctypes
import fcntl
import os
import socket
import struct

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
"""Kinds of namespaces, for `unshare` and `enter` (namespaces(7))."""

READ_ONLY, NO_SUID, NO_DEV, NO_EXEC, REMOUNT = 0x1, 0x2, 0x4, 0x8, 0x20
BIND, MOVE, RECURSIVE, SLAVE, SHARED = 0x1000, 0x2000, 0x4000, 0x80000, 0x100000
"""Flags of `mount` (mount(2))."""

CAP_SYS_TIME = 25
"""The capability to set the clock (capabilities(7))."""

FILE_CAPABILITIES = (0, 1, 3, 4)
"""CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER and CAP_FSETID: root may work in a folder of somebody else's."""

DETACH = 2
"""Flag of `unmount`: take the mount out of sight now, free it when nobody uses it any more (umount(2))."""

INITIAL_USER_NAMESPACE = 0xEFFFFFFD
"""The inode number that the machine's own user namespace has on every Linux (include/linux/proc_ns.h)."""

_JOIN_SESSION_KEYRING = 1
_KEYCTL = {"x86_64": 250, "aarch64": 219}
"""The number of keyctl(2), by machine; the C library has no function for it."""

_PDEATHSIG, _CAPBSET_DROP, _CHILD_SUBREAPER, _NO_NEW_PRIVS = 1, 24, 36, 38
_FINIT_MODULE, _POWER_OFF = 313, 0x4321FEDC
_OPEN_TREE, _MOVE_MOUNT, _FSOPEN, _FSCONFIG, _FSMOUNT, _MOUNT_SETATTR = 428, 429, 430, 431, 432, 442
_HERE, _EMPTY_PATH, _WHOLE_TREE, _CLONE = -100, 0x1000, 0x8000, 0x1
_CLOSE_ON_EXEC, _SET_STRING, _CREATE_IT, _MOVE_FROM_DESCRIPTOR, _ATTRIBUTE_READ_ONLY = 1, 1, 6, 0x4, 0x1
_CAPABILITIES_VERSION = 0x20080522
_GET_OWNER, _GET_PARENT, _GET_OWNER_ID = 0xB701, 0xB702, 0xB704
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else os.fsencode(text)


def call(number: int, *arguments: int | bytes | None, refused: int | None = None) -> int:
    """Make a system call that the C library has no function for (syscall(2)).

    Args:
        number: of the call, the same on all processors for those since 424.
        arguments: integers, bytes, or None for no address.
        refused: the result if the kernel refuses; by default that raises OSError.
    """
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in arguments]
    result = _libc.syscall(ctypes.c_long(number), *words)
    return refused if result < 0 and refused is not None else _checked(result, "syscall")


def unshare(kinds: int) -> None:
    """Move this process into new namespaces of these kinds (unshare(2))."""
    _checked(_libc.unshare(kinds), "unshare")


def enter(namespace: int, kind: int) -> None:
    """Move this process into the namespace that a descriptor stands for (setns(2))."""
    _checked(_libc.setns(namespace, kind), "setns")


def mount(source: str | None, target: str, kind: str | None, flags: int = 0, options: str | None = None) -> None:
    """Mount a file system, or change a mount (mount(2))."""
    arguments = _bytes(source), _bytes(target), _bytes(kind)
    _checked(_libc.mount(*arguments, ctypes.c_ulong(flags), _bytes(options)), target)


def unmount(target: str, flags: int = 0) -> None:
    """Take away the topmost mount at a place (umount2(2))."""
    _checked(_libc.umount2(_bytes(target), flags), target)


def bind(source: str, target: str, *, recursive: bool = False) -> None:
    """Show a file or a directory at a second place."""
    mount(source, target, None, BIND | (RECURSIVE if recursive else 0))


def protect(path: str) -> None:
    """Make the mount at a path read-only."""
    mount(None, path, None, BIND | REMOUNT | READ_ONLY | NO_SUID | NO_DEV | NO_EXEC)


def copy_of_mounts(place: str) -> int:
    """A descriptor of a copy of the mounts at and below a place, for `attach` (open_tree(2))."""
    return call(_OPEN_TREE, _HERE, os.fsencode(place), _CLONE | _WHOLE_TREE | os.O_CLOEXEC)


def attach(mounts: int, place: str) -> None:
    """Mount what a descriptor stands for (move_mount(2))."""
    call(_MOVE_MOUNT, mounts, b"", _HERE, os.fsencode(place), _MOVE_FROM_DESCRIPTOR)


def protect_all() -> None:
    """Make every mount read-only (mount_setattr(2)); devices can be written to all the same."""
    attributes = struct.pack("=QQQQ", _ATTRIBUTE_READ_ONLY, 0, 0, 0)
    call(_MOUNT_SETATTR, _HERE, b"/", _WHOLE_TREE, attributes, len(attributes))


def memory_folder(size: int) -> int:
    """A descriptor of a folder in memory that is mounted nowhere, and goes with its last descriptor (fsmount(2)).

    Args:
        size: bytes that fit in.
    """
    kind = call(_FSOPEN, b"tmpfs", _CLOSE_ON_EXEC)
    call(_FSCONFIG, kind, _SET_STRING, b"size", str(size).encode(), 0)
    call(_FSCONFIG, kind, _CREATE_IT, None, None, 0)
    folder = call(_FSMOUNT, kind, _CLOSE_ON_EXEC, 0)
    os.close(kind)
    return folder


def keep_capabilities(kept: tuple[int, ...]) -> None:
    """Give up all capabilities but some of these, as far as this process has them (capset(2))."""
    header = struct.pack("=Ii", _CAPABILITIES_VERSION, 0)
    had = ctypes.create_string_buffer(24)
    _checked(_libc.capget(header, had), "capget")
    mask = sum(1 << capability for capability in kept)
    low, high = (struct.unpack_from("=I", had, 4 + 12 * word)[0] & mask >> 32 * word for word in (0, 1))
    _checked(_libc.capset(header, struct.pack("=6I", low, low, 0, high, high, 0)), "capset")


def die_with_parent(parent: int, number: int = 9) -> None:
    """Be killed when the parent process ends (PR_SET_PDEATHSIG of prctl(2)).

    The kernel forgets this wish when a process changes its credentials: say it again after that.

    Args:
        parent: the parent's process id; if it is gone already, this process ends at once.
        number: of the signal; the parent's thread that started this process has to live for it not to come.
    """
    _checked(_libc.prctl(_PDEATHSIG, number, 0, 0, 0), "prctl")
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of all descendants whose own parent ends (PR_SET_CHILD_SUBREAPER of prctl(2))."""
    _checked(_libc.prctl(_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")


def load_module(path: str) -> None:
    """Load a module of the kernel (finit_module(2))."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _checked(_libc.syscall(_FINIT_MODULE, file, b"", 0), path)
    finally:
        os.close(file)


def power_off() -> None:
    """Switch the machine off at once (reboot(2)); for process 1 of a machine of its own."""
    _checked(_libc.reboot(ctypes.c_int(_POWER_OFF)), "reboot")


def give_up(capability: int) -> None:
    """No program that this process starts will have a capability (PR_CAPBSET_DROP of capabilities(7))."""
    _checked(_libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0), "prctl")


def forbid_new_privileges() -> None:
    """From now on no program that this process starts gains privileges (PR_SET_NO_NEW_PRIVS of prctl(2))."""
    _checked(_libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")


def leave_keys() -> None:
    """Begin a new session keyring: the keys of the login, of Kerberos say, are none of this process's (keyctl(2))."""
    if number := _KEYCTL.get(os.uname().machine):
        # It may fail where there are no keys at all, or a filter that keeps all from them, as in containers.
        _libc.syscall(number, _JOIN_SESSION_KEYRING, None)


def forget_environment() -> None:
    """Overwrite this process's environment variables, which a copy of it would keep in its memory.

    That memory, and /proc/PID/environ with it, can be read by every process of the same user in the same user
    namespace (proc_pid_environ(5)); where it lies is told by fields 50 and 51 of proc_pid_stat(5).
    """
    with open("/proc/self/stat", encoding="ascii", errors="replace") as facts:
        start, end = map(int, facts.read().rpartition(")")[2].split()[47:49])
    for value in os.environ._data.values():  # the bytes themselves, not a copy
        if len(value) > 1:  # shorter ones are shared by the interpreter
            ctypes.memset(id(value) + bytes.__basicsize__ - 1, 0, len(value))
    os.environ.clear()
    ctypes.memset(start, 0, end - start)


def set_host_name(name: str) -> None:
    """Name the UTS namespace that this process is in (sethostname(2))."""
    _checked(_libc.sethostname(name.encode(), len(name)), "sethostname")


def raise_loopback() -> None:
    """Switch on `lo`, as every machine does when it boots (netdevice(7))."""
    with socket.socket() as any_socket:
        request = bytearray(struct.pack("16sH14x", b"lo", 0))
        fcntl.ioctl(any_socket, _GET_FLAGS, request)
        flags = struct.unpack_from("16xH", request)[0]
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sH14x", b"lo", flags | _UP))


def owner(namespace: int) -> int:
    """A descriptor of the user namespace that owns a namespace (NS_GET_USERNS of ioctl_ns(2))."""
    return fcntl.ioctl(namespace, _GET_OWNER)


def parent(namespace: int) -> int:
    """A descriptor of the namespace that a user or pid namespace was made in (NS_GET_PARENT of ioctl_ns(2))."""
    return fcntl.ioctl(namespace, _GET_PARENT)


def close_all_but(kept: set[int]) -> None:
    """Close every descriptor that this process has, whoever opened it, but standard input, output and error.

    Args:
        kept: further ones to keep.
    """
    for file in {int(name) for name in os.listdir("/proc/self/fd")} - kept - {0, 1, 2}:
        with contextlib.suppress(OSError):  # the one that listed them is closed already
            os.close(file)


def owner_id(user_namespace: int) -> int:
    """The user id of whoever made a user namespace (NS_GET_OWNER_UID of ioctl_ns(2))."""
    number = bytearray(4)
    fcntl.ioctl(user_namespace, _GET_OWNER_ID, number)
    return struct.unpack("=I", number)[0]


def program(name: str) -> str | None:
    """Where a program of the machine is, by PATH without places that depend on the folder one is in; None if nowhere.

    Args:
        name: without a path.
    """
    for place in os.environ.get("PATH", os.defpath).split(":"):
        path = f"{place}/{name}"
        if place.startswith("/") and os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    return None


def write(path: str, text: str) -> None:
    """Write a text to a file in one act, as files under /proc want it."""
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(file, text.encode())
    finally:
        os.close(file)
