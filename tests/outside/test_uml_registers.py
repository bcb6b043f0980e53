"""The ptrace(2) of registers.c: it gives back a program's registers, also on a processor with AMX."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from netkit.sandbox.uml import registers

HERE = [name for name in registers.COMPILERS if shutil.which(name)]
PART = 2696
"""Bytes of the registers that User-Mode Linux keeps."""
TRACER = f"""
import ctypes, os, signal

class Piece(ctypes.Structure):
    _fields_ = (("bytes", ctypes.c_void_p), ("length", ctypes.c_size_t))

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype, libc.ptrace.argtypes = ctypes.c_long, [*3 * [ctypes.c_long], ctypes.c_void_p]
TRACE_ME, PEEK_DATA, GET_REGISTERS, SET_REGISTERS, XSTATE = 0, 2, 0x4204, 0x4205, 0x202
XMM0 = slice(160, 176)  # of an XSAVE area (Intel SDM 1, 13.4.1); the bits at 512 say what of it counts
word = ctypes.c_long(0x6E65746B6974)

child = os.fork()
if not child:
    libc.ptrace(TRACE_ME, 0, 0, None)
    signal.raise_signal(signal.SIGSTOP)
    os._exit(0)
os.waitpid(child, 0)

def registers(request, content):
    place = ctypes.create_string_buffer(content, {PART})
    piece = Piece(ctypes.addressof(place), {PART})
    status = libc.ptrace(request, child, XSTATE, ctypes.addressof(piece))
    return status, bytes(place.raw[:piece.length])

assert libc.ptrace(PEEK_DATA, child, ctypes.addressof(word), None) == word.value
assert (libc.ptrace(PEEK_DATA, child, 8, None), ctypes.get_errno()) == (-1, 5)
for text in (b"netkit's register", b"and another value"):
    _, all_ = registers(GET_REGISTERS, b"")
    changed = bytearray(all_)
    changed[XMM0], changed[512] = text[:16], all_[512] | 2
    status, _ = registers(SET_REGISTERS, bytes(changed))
    _, now = registers(GET_REGISTERS, b"")
    print(status, now[XMM0].decode(errors="replace"), now == bytes(changed))
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
"""


@pytest.mark.skipif(not HERE, reason="no C compiler is installed")
@pytest.mark.parametrize("name", HERE)
def test_registers_are_given_back(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registers, "COMPILERS", (name,))
    library = registers.compiled()
    assert library is not None
    try:
        answer = subprocess.run(
            [sys.executable, "-c", TRACER],
            env={**os.environ, "LD_PRELOAD": f"/proc/self/fd/{library}"},
            pass_fds=(library,),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(library)
    assert answer.stdout == "0 netkit's registe True\n0 and another valu True\n", answer.stderr


@pytest.mark.skipif(not registers.needed(), reason="this processor has no AMX: Linux takes the part as the whole")
def test_without_it_the_part_is_refused() -> None:
    answer = subprocess.run([sys.executable, "-c", TRACER], capture_output=True, text=True, timeout=60, check=False)
    assert answer.stdout.startswith("-1 ")


def test_a_compiler_that_fails_or_is_not_there_leaves_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(registers, "COMPILERS", ("false", "no-such-compiler"))
    assert registers.compiled() is None
    assert len(os.listdir("/proc/self/fd")) == before
