"""The system calls that seccomp(2) holds back in a sandbox, as namespaces do not: AF_VSOCK, keyctl, TIOCSTI, io_uring.

socket(AF_VSOCK)          its ports are the machine's, whatever the network namespace (vsock(7))
keyctl, add_key, …        keys belong to a user of the machine; Docker's default profile holds them back as well
ioctl(TIOCSTI, TIOCLINUX) type into a terminal: whoever sits at it outside would seem to have typed it (ioctl_tty(2))
io_uring_setup            what comes by its rings passes no filter, a socket(AF_VSOCK) say

A filter is a program for the kernel's oldest machine (BPF, linux/filter.h): it loads a field of `seccomp_data`,
compares, jumps, and returns what becomes of the call.  Programs for the processor's 32-bit mode make calls of other
numbers; one of theirs, socketcall, hides its arguments in memory and is refused where it would make a socket.
"""

import ctypes
import errno
import os
import struct
from typing import NamedTuple

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
"""Where `seccomp_data` has the call's number, the kind of its numbers, and its arguments of 8 bytes."""

_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000
_AF_VSOCK, _TIOCSTI, _TIOCLINUX, _MAKE_SOCKET = 40, 0x5412, 0x541C, 1
_SET_FILTER, _SPECULATE = 1, 4
"""Operation and flag of seccomp(2): without the flag, older kernels make all that the program does slower."""

_X32 = 0x40000000
"""Set in the numbers of calls of a third kind, which hardly any Linux has."""


class Numbers(NamedTuple):
    """The numbers of the calls, for one kind of programs.

    Attributes:
        kind: AUDIT_ARCH_… of linux/audit.h.
        socket: socket(2).
        ioctl: ioctl(2).
        absent: those that a sandbox has not.
        socketcall: socketcall(2), 0 where there is none.
    """

    kind: int
    socket: int
    ioctl: int
    absent: tuple[int, ...]
    socketcall: int = 0


_SECCOMP = {"x86_64": 317, "aarch64": 277}
"""The number of seccomp(2); on other machines a sandbox has no filter."""

NUMBERS = {
    "x86_64": (
        Numbers(0xC000003E, 41, 16, (248, 249, 250, 425)),
        Numbers(0x40000003, 359, 54, (286, 287, 288, 425), 102),
    ),
    "aarch64": (
        Numbers(0xC00000B7, 198, 29, (217, 218, 219, 425)),
        Numbers(0x40000028, 281, 54, (309, 310, 311, 425)),
    ),
}
"""Of the processor's own mode and of its 32-bit mode."""

_libc = ctypes.CDLL(None, use_errno=True)


def hold_back() -> str | None:
    """From now on, refuse these calls to this process and all that it starts; nobody inside can take that back.

    Privileges that programs could gain have to be forbidden before (`system.forbid_new_privileges`).

    Returns:
        None, or a sentence about why they are not held back: a kernel or a machine without filters.
    """
    machine = os.uname().machine
    if machine not in NUMBERS:
        return f"AF_VSOCK, keys and TIOCSTI are not held back: netkit has no filter of system calls for {machine}"
    words = program(NUMBERS[machine])
    code = ctypes.create_string_buffer(b"".join(words))
    told = struct.pack("HxxxxxxP", len(words), ctypes.addressof(code))
    if _libc.syscall(_SECCOMP[machine], _SET_FILTER, _SPECULATE, told) == 0:
        return None
    why = os.strerror(ctypes.get_errno())
    return f"AF_VSOCK, keys and TIOCSTI are not held back: this kernel takes no filter of system calls ({why})"


def program(kinds: tuple[Numbers, ...]) -> list[bytes]:
    """The filter.

    Args:
        kinds: the numbers of each kind of programs.

    Returns:
        Its instructions, each a `sock_filter`.
    """
    written = []
    for numbers in kinds:
        part = _of(numbers)
        written += [_load(_ARCHITECTURE), _jump(_EQUAL, numbers.kind, 0, len(part)), *part]
    return [*written, _refuse(errno.ENOSYS)]


def _of(numbers: Numbers) -> list[bytes]:
    """What becomes of the calls of one kind of programs."""
    written = [_load(_NUMBER), _jump(_AT_LEAST, _X32, 0, 1), _refuse(errno.ENOSYS)]
    for number in numbers.absent:
        written += [_jump(_EQUAL, number, 0, 1), _refuse(errno.ENOSYS)]
    written += _compared(numbers.socket, 0, (_AF_VSOCK,), errno.EAFNOSUPPORT)
    written += _compared(numbers.ioctl, 1, (_TIOCSTI, _TIOCLINUX), errno.EPERM)
    if numbers.socketcall:
        written += _compared(numbers.socketcall, 0, (_MAKE_SOCKET,), errno.ENOSYS)
    return [*written, _statement(_RETURN, _ALLOW)]


def _compared(number: int, argument: int, values: tuple[int, ...], error: int) -> list[bytes]:
    """Refuse a call if an argument has one of these values; all of these are 32 bits wide, and the rest is ignored."""
    tested = [_load(_ARGUMENTS + 8 * argument)]
    for value in values:
        tested += [_jump(_EQUAL, value, 0, 1), _refuse(error)]
    return [_jump(_EQUAL, number, 0, len(tested) + 1), *tested, _statement(_RETURN, _ALLOW)]


def _statement(code: int, value: int) -> bytes:
    return struct.pack("HBBI", code, 0, 0, value)


def _jump(code: int, value: int, if_so: int, if_not: int) -> bytes:
    return struct.pack("HBBI", code, if_so, if_not, value)


def _load(place: int) -> bytes:
    return _statement(_LOAD, place)


def _refuse(error: int) -> bytes:
    return _statement(_RETURN, _REFUSE | error)
