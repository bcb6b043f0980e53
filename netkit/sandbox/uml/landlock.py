"""Landlock: a process gives up, for itself and all that it starts, the files that it does not need (landlock(7)).

It takes no privilege, and holds for root as for anybody.  It knows opening, making, moving and removing; looking at a
file's attributes and changing its mode, owner and times are no concern of it.
"""

import os
import struct
from collections.abc import Iterable

from netkit.sandbox import system

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(6))
_MAKE_CHAR, _MAKE_DIR, MAKE_REG, _MAKE_SOCK, _MAKE_FIFO, _MAKE_BLOCK, _MAKE_SYM = (1 << bit for bit in range(6, 13))
_REFER, _TRUNCATE, IOCTL_DEV = (1 << bit for bit in range(13, 16))
READ = EXECUTE | READ_FILE | READ_DIR
WRITE = WRITE_FILE | REMOVE_DIR | REMOVE_FILE | _MAKE_DIR | MAKE_REG | _MAKE_SOCK | _MAKE_FIFO | _MAKE_SYM
WRITE |= _REFER | _TRUNCATE
"""Rights to what lies below a place; devices can be made nowhere (include/uapi/linux/landlock.h)."""

_OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | _TRUNCATE | IOCTL_DEV
_SINCE = {1: (1 << 13) - 1, 2: _REFER, 3: _TRUNCATE, 5: IOCTL_DEV}
"""The rights that a version of Landlock brought."""

_BIND_OR_CONNECT, _NETWORK_SINCE = 0x3, 4
_ABSTRACT_SOCKETS_OR_SIGNALS, _SCOPES_SINCE = 0x3, 6
_CREATE, _ADD, _RESTRICT, _ASK_VERSION, _BENEATH = 444, 445, 446, 1, 1
NEEDED = 2
"""The version that is made use of: 1 forbids every move from one folder to another."""


def version() -> int:
    """The version of Landlock that this Linux has, -1 for none."""
    return system.call(_CREATE, None, 0, _ASK_VERSION, refused=-1)


def confine(rights: Iterable[tuple[str | int, int]]) -> bool:
    """Keep of the file system these rights only, no TCP, and to trace and signal none but the processes of its own.

    The process has to have said `system.forbid_new_privileges` before.

    Args:
        rights: places, or descriptors of places, each with what may be done there and below; what is not there is
            left out.

    Returns:
        Whether this Linux has Landlock, of a version that takes no more than that.

    Raises:
        OSError: it has, and refuses.
    """
    if (known := version()) < NEEDED:
        return False
    handled = sum(brought for since, brought in _SINCE.items() if since <= known)
    network = _BIND_OR_CONNECT if known >= _NETWORK_SINCE else 0
    scopes = _ABSTRACT_SOCKETS_OR_SIGNALS if known >= _SCOPES_SINCE else 0
    rules = system.call(_CREATE, struct.pack("=QQQ", handled, network, scopes), 24, 0)
    for place, wanted in rights:
        _allow(rules, place, wanted & handled)
    system.call(_RESTRICT, rules, 0)
    os.close(rules)
    return True


def _allow(rules: int, place: str | int, wanted: int) -> None:
    try:
        file = os.open(place, os.O_PATH | os.O_CLOEXEC) if isinstance(place, str) else os.dup(place)
    except OSError:  # what this process does not reach needs no right
        return
    allowed = wanted if os.path.isdir(f"/proc/self/fd/{file}") else wanted & _OF_FILES
    if allowed:
        system.call(_ADD, rules, _BENEATH, struct.pack("=Qi", allowed, file), 0)
    os.close(file)
