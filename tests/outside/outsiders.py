"""Knows what stands outside for attempts to get hold of: services, a process, files, keys, shared memory.

All of it is the test's own, has its name, and is gone after the block.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import threading
import uuid
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from netkit.sandbox.job import runtime_directory
from tests.machine import RESTLESS_FOLDERS
from tests.outside.kernel_calls import Outside, boot_id, system_call

if TYPE_CHECKING:
    from collections.abc import Iterator

_SESSION, _JOIN, _UNLINK = -3, 1, 9
_OPEN_OR_MAKE, _FOR_ALL = 0o102, 0o666


def serve(listener: socket.socket, answer: bytes) -> None:
    """Answer every connection, so that a reached service shows."""
    with suppress(OSError):
        while True:
            stream, _ = listener.accept()
            stream.sendall(answer)
            stream.close()


def _echo(receiver: socket.socket, answer: bytes) -> None:
    with suppress(OSError):
        while True:
            _, sender = receiver.recvfrom(100)
            receiver.sendto(answer, sender)


def _start(stack: ExitStack, target: object, end: socket.socket, answer: bytes) -> None:
    threading.Thread(target=target, args=(end, answer), daemon=True).start()  # type: ignore[arg-type]
    stack.callback(end.close)
    if end.type == socket.SOCK_STREAM:
        stack.callback(_stop, end)


def _stop(listener: socket.socket) -> None:
    """Wake the thread that waits for a connection."""
    with suppress(OSError):  # one of AF_VSOCK is never connected
        listener.shutdown(socket.SHUT_RDWR)


def _unix(stack: ExitStack, address: str, answer: bytes) -> str:
    """A service at a path, with a file beside it; "" where none can be made."""
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(address)
    except OSError:
        listener.close()
        return ""
    listener.listen()
    _start(stack, serve, listener, answer)
    if not address.startswith("\0"):
        beside = Path(address + ".txt")
        beside.write_bytes(answer)
        stack.callback(beside.unlink)
        stack.callback(os.unlink, address)
    return address


def _folder_under_run() -> str:
    """One that can be written and is in no picture of the machine; a folder that is not there if there is none."""
    own = f"/run/user/{os.geteuid()}"
    return next((place for place in (own, *RESTLESS_FOLDERS) if os.access(place, os.W_OK)), own)


def _address() -> str:
    """An address of the machine that packets to elsewhere would have; none is sent for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        try:
            asker.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return asker.getsockname()[0]


def _virtual(stack: ExitStack, answer: bytes) -> int:
    """A port of AF_VSOCK, 0 where there are none."""
    try:
        listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
        listener.bind((socket.VMADDR_CID_ANY, socket.VMADDR_PORT_ANY))
        listener.listen()
    except OSError:
        return 0
    _start(stack, serve, listener, answer)
    return listener.getsockname()[1]


def _key(stack: ExitStack, name: str) -> int:
    """A key in this session's keyring, 0 where there are none."""
    try:
        key = system_call("add_key", b"user", name.encode(), name.encode(), len(name), _SESSION)
    except OSError:
        return 0
    stack.callback(system_call, "keyctl", _UNLINK, key, _SESSION)
    return key


def _shared(stack: ExitStack, name: str) -> int:
    """Memory, a queue and a semaphore of System V's kind, whose key this is, and a queue and a memory of POSIX's."""
    key = int(name[-6:], 16)
    for make, take_away, size in (("shmget", "shmctl", (4096,)), ("msgget", "msgctl", ()), ("semget", "semctl", (1,))):
        made = system_call(make, key, *size, 0o1666)
        stack.callback(system_call, take_away, made, 0, 0, 0)
    with suppress(OSError):  # a kernel without POSIX queues
        os.close(system_call("mq_open", name.encode(), _OPEN_OR_MAKE, _FOR_ALL, 0))
        stack.callback(system_call, "mq_unlink", name.encode())
    memory = Path("/dev/shm", name)
    memory.write_text(name, encoding="ascii")
    stack.callback(memory.unlink)
    return key


def _services(stack: ExitStack, answer: bytes) -> tuple[int, int]:
    """The ports of a service of TCP and one of UDP, at every address of the machine."""
    both = socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True) if socket.has_ipv6 else None
    stream = both or socket.create_server(("", 0))
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("", 0))
    _start(stack, serve, stream, answer)
    _start(stack, _echo, datagrams, answer)
    return stream.getsockname()[1], datagrams.getsockname()[1]


@contextmanager
def outsiders(folder: Path) -> Iterator[Outside]:
    """All of it for the time of a block.

    Args:
        folder: the one that the command in the sandbox works in.
    """
    name = f"netkit-test-{uuid.uuid4()}"
    answer = f"the machine's, {name}".encode()
    with ExitStack() as stack:
        port, udp = _services(stack, answer)
        _unix(stack, f"\0{name}", answer)
        aside = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        aside.bind(f"\0{name}-datagram")
        stack.callback(aside.close)
        hidden = Path(runtime_directory(os.environ), f"kernel-{name}.txt")
        hidden.parent.mkdir(parents=True, exist_ok=True)
        hidden.write_bytes(answer)
        stack.callback(hidden.unlink)
        elsewhere = stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp"))
        Path(elsewhere, f"kernel-{name}.json").write_bytes(answer)
        victim = stack.enter_context(subprocess.Popen(["sh", "-c", "read line", name], stdin=subprocess.PIPE))
        places = {"tmp": elsewhere, "run": _folder_under_run(), "home": os.path.expanduser("~"), "folder": str(folder)}
        stack.callback(Path("/var/tmp", f"{name}.mark").unlink, missing_ok=True)
        sockets = {place: _unix(stack, f"{path}/.{name[-12:]}", answer) for place, path in places.items()}
        yield Outside(
            port,
            name,
            victim.pid,
            str(hidden),
            _address(),
            udp,
            _virtual(stack, answer),
            sockets,
            _key(stack, name),
            _shared(stack, name),
            boot_id(),
            os.geteuid() == 0,
        )
