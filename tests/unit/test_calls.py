"""The filter of system calls, run by a small machine of the kernel's kind: each call of each kind of programs."""

from __future__ import annotations

import errno
import os
import struct
import subprocess
import sys

import pytest

from netkit.sandbox.user import calls

ALLOWED = 0x7FFF0000
AF_UNIX, AF_VSOCK, TCGETS, TIOCSTI = 1, 40, 0x5401, 0x5412

KINDS = {(machine, numbers.kind): numbers for machine, kinds in calls.NUMBERS.items() for numbers in kinds}


def decided(machine: str, kind: int, number: int, *arguments: int) -> int:
    """What the filter says of a call: 0 if it is allowed, else the error number (seccomp(2), linux/filter.h)."""
    data = struct.pack("<IIQ6Q", number, kind, 0, *arguments, *[0] * (6 - len(arguments)))
    written, place, loaded = calls.program(calls.NUMBERS[machine]), 0, 0
    while True:
        code, if_so, if_not, value = struct.unpack("HBBI", written[place])
        place += 1
        if code == 0x20:  # load 4 bytes
            loaded = struct.unpack_from("<I", data, value)[0]
        elif code == 0x06:  # return
            return 0 if value == ALLOWED else value & 0xFFFF
        else:
            place += if_so if (loaded == value if code == 0x15 else loaded >= value) else if_not


@pytest.mark.parametrize(("machine", "kind"), KINDS)
def test_what_is_held_back(machine: str, kind: int) -> None:
    numbers = KINDS[machine, kind]
    assert decided(machine, kind, numbers.socket, AF_VSOCK) == errno.EAFNOSUPPORT
    assert decided(machine, kind, numbers.socket, AF_VSOCK | 7 << 32) == errno.EAFNOSUPPORT, "32 bits count"
    assert decided(machine, kind, numbers.socket, AF_UNIX) == 0
    assert decided(machine, kind, numbers.ioctl, 0, TIOCSTI) == errno.EPERM
    assert decided(machine, kind, numbers.ioctl, TIOCSTI, TCGETS) == 0
    assert {decided(machine, kind, number) for number in numbers.absent} == {errno.ENOSYS}
    special = {numbers.socket, numbers.ioctl, numbers.socketcall, *numbers.absent}
    assert {decided(machine, kind, number, AF_VSOCK, TIOCSTI) for number in set(range(470)) - special} == {0}


def test_what_hides_its_arguments_makes_no_socket() -> None:
    kind = calls.NUMBERS["x86_64"][1]
    assert decided("x86_64", kind.kind, kind.socketcall, 1) == errno.ENOSYS
    assert decided("x86_64", kind.kind, kind.socketcall, 3) == 0, "connect, with a socket that was allowed"


def test_calls_of_another_kind_are_not_there() -> None:
    own = calls.NUMBERS["x86_64"][0]
    assert decided("x86_64", own.kind, own.socket | 0x40000000, AF_VSOCK) == errno.ENOSYS, "x32"
    assert decided("x86_64", 0xC00000B7, 198, AF_UNIX) == errno.ENOSYS, "a processor that this is not"


HELD_BACK = """
import fcntl, os, socket, struct
from netkit.sandbox import system
from netkit.sandbox.user import calls
system.forbid_new_privileges()
assert calls.hold_back() is None
for act in (lambda: socket.socket(40), lambda: fcntl.ioctl(0, 0x5412, b"x"), lambda: socket.socket(socket.AF_UNIX)):
    try:
        print(bool(act()))
    except OSError as error:
        print(error.errno)
"""


@pytest.mark.skipif(os.uname().machine not in calls.NUMBERS, reason="there is no filter for this machine")
def test_the_kernel_takes_it() -> None:
    told = subprocess.run(
        [sys.executable, "-c", HELD_BACK], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert told.stdout.split() == [str(errno.EAFNOSUPPORT), str(errno.EPERM), "True"], told.stderr
