"""What preload.c makes of the C library's functions: registers are given back, and nothing outlives who started it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from netkit.sandbox.uml import preload
from tests.outside.sessions import eventually
from tests.outside.trees import alive

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.once

HERE = [name for name in preload.COMPILERS if shutil.which(name)]
PART = 2696
"""Bytes of the registers that User-Mode Linux keeps."""

TRACE = """
import ctypes, os, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype, libc.ptrace.argtypes = ctypes.c_long, [*3 * [ctypes.c_long], ctypes.c_void_p]
"""
REGISTERS = f"""{TRACE}
class Piece(ctypes.Structure):
    _fields_ = (("bytes", ctypes.c_void_p), ("length", ctypes.c_size_t))

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
TRACED = f"""{TRACE}
PR_SET_PTRACER, ANYBODY = 0x59616D61, ctypes.c_ulong(-1)
libc.prctl(PR_SET_PTRACER, ANYBODY)
print("ready", flush=True)
signal.pause()
"""
TRACER = f"""{TRACE}
ATTACH, CONTINUE, SET_OPTIONS, SYSGOOD = 16, 7, int(sys.argv[2], 16), 1
traced = int(sys.argv[1])
assert libc.ptrace(ATTACH, traced, 0, None) == 0
os.waitpid(traced, 0)
assert libc.ptrace(SET_OPTIONS, traced, 0, SYSGOOD) == 0
assert libc.ptrace(CONTINUE, traced, 0, 0) == 0
os.kill(os.getpid(), signal.SIGKILL)
"""
PARENT = f"""{TRACE}
if os.fork() == 0:
    wanted = ctypes.c_int()
    libc.prctl(2, ctypes.byref(wanted))  # PR_GET_PDEATHSIG
    print("fork", wanted.value, flush=True)
    os._exit(0)
os.wait()

@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
def child(argument):
    wanted = ctypes.c_int()
    libc.prctl(2, ctypes.byref(wanted))
    print("clone", wanted.value, argument, flush=True)
    return 7

stack = ctypes.create_string_buffer(1 << 20)
libc.clone.argtypes = ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p
process = libc.clone(child, ctypes.addressof(stack) + len(stack), signal.SIGCHLD, 1234)
print("status", os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
"""
CONFINED = """
import os, signal
signal.signal(signal.SIGSEGV, lambda *_: None)  # its place stands for the stub
child = os.fork()
if child == 0:
    os.kill(os.getpid(), signal.SIGSTOP)
    os.getpid()
    os.close(0)
    os._exit(0)
stopped = os.WIFSTOPPED(os.waitpid(child, os.WUNTRACED)[1])
os.kill(child, signal.SIGCONT)
print(stopped, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.fixture(params=HERE, scope="module")
def library(request: pytest.FixtureRequest) -> Iterator[int]:
    """The library as each compiler that is here makes it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preload, "COMPILERS", (request.param,))
        made = preload.compiled()
    assert made is not None
    yield made
    os.close(made)


def run(library: int, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of Python that has the library loaded."""
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "LD_PRELOAD": f"/proc/self/fd/{library}"},
        pass_fds=(library,),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_registers_are_given_back(library: int) -> None:
    answer = run(library, REGISTERS)
    assert answer.stdout == "0 netkit's registe True\n0 and another valu True\n", answer.stderr


@pytest.mark.parametrize("request_", ["0x15", "0x4200"])
def test_who_is_traced_ends_with_the_tracer(library: int, request_: str) -> None:
    with subprocess.Popen([sys.executable, "-c", TRACED], stdout=subprocess.PIPE, text=True) as traced:
        try:
            assert traced.stdout
            assert traced.stdout.readline() == "ready\n"
            answer = run(library, TRACER, str(traced.pid), request_)
            assert answer.returncode == -signal.SIGKILL, answer.stderr
            assert eventually(lambda: not alive([traced.pid]))
        finally:
            traced.kill()


def test_who_is_started_ends_with_the_parent(library: int) -> None:
    answer = run(library, PARENT)
    assert answer.stdout == "fork 9\nclone 9 1234\nstatus 7\n", answer.stderr


def test_a_program_inside_makes_no_system_call_of_the_machine(library: int) -> None:
    answer = run(library, CONFINED)
    assert answer.stdout == f"True {-signal.SIGSYS}\n", answer.stderr


def test_a_compiler_that_fails_or_is_not_there_leaves_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(preload, "COMPILERS", ("false", "no-such-compiler"))
    assert preload.compiled() is None
    assert len(os.listdir("/proc/self/fd")) == before


def test_who_has_it_is_seen(library: int) -> None:
    assert not preload.is_loaded(os.getpid())
    own = "import os; from netkit.sandbox.uml import preload; print(preload.is_loaded(os.getpid()))"
    assert run(library, own).stdout == "True\n"
