"""A Jupyter kernel's connection file, where its client expects it and where it is inside; five ports, one taken.

The file's form is that of "Connection files" in jupyter_client's documentation.
"""

import contextlib
import errno
import json
import os
import socket
from typing import Any

from netkit.errors import InvalidValue, SandboxError
from netkit.sandbox.filesystem import SOCKETS

CHANNELS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
"""The five channels, in the order of their numbers inside."""

LONGEST_SOCKET = 107
"""Bytes of a unix socket's path (unix(7): 108 with the byte that ends it)."""

_BACKLOG = 1024
"""Connections that may wait to be taken in (listen(2)): somebody else's many must not keep the client's out."""

_OPTIONS = {
    "--ip": "ip",
    "--transport": "transport",
    "--shell": "shell_port",
    "--iopub": "iopub_port",
    "--stdin": "stdin_port",
    "--control": "control_port",
    "--hb": "hb_port",
    "--Session.key": "key",
    "--Session.signature_scheme": "signature_scheme",
}
"""Options with which some clients say the same as the file, as ipykernel has them."""


class Connection:
    """What a connection file says.

    Args:
        path: the file.
        said: what the client said in options; it goes before the file.
    """

    def __init__(self, path: str, said: dict[str, Any]) -> None:
        self.path = path
        self.facts = {"ip": "127.0.0.1", "transport": "tcp", **dict.fromkeys(CHANNELS, 0), **_read(path), **said}

    def listen(self, channel: str) -> socket.socket:
        """Open the address at which the client expects a channel.

        Args:
            channel: one of CHANNELS; port 0 becomes a free one.

        Raises:
            SandboxError: the address is taken.
        """
        if self.facts["transport"] == "ipc":
            return self._listen_at_file(channel)
        ip, port = self.facts["ip"], self.facts[channel]
        listener = socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _bind(listener, (ip, port), f"port {port} of {ip}")
        self.facts[channel] = listener.getsockname()[1]
        return listener

    def _listen_at_file(self, channel: str) -> socket.socket:
        """The same for a unix socket, which only its owner may connect to; one that nobody listens at is replaced."""
        self.facts[channel] = self.facts[channel] or 1 + CHANNELS.index(channel)
        path = self._socket(channel)
        listener = socket.socket(socket.AF_UNIX)
        with socket.socket(socket.AF_UNIX) as one, contextlib.suppress(OSError):
            if one.connect_ex(path) == errno.ECONNREFUSED:
                os.unlink(path)
        before = os.umask(0o177)
        try:
            _bind(listener, path, path)
        finally:
            os.umask(before)
        return listener

    def _socket(self, channel: str) -> str:
        return f"{self.facts['ip']}-{self.facts[channel]}"

    def save(self) -> None:
        """Write the file if it does not say everything yet, readable for its owner only: it holds the kernel's key."""
        if _read(self.path) == self.facts:
            return
        file = os.open(self.path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as connection:
            json.dump(self.facts, connection, indent=2)

    def inside(self) -> str:
        """The text of the connection file inside: the same, at unix sockets."""
        channels = {channel: number for number, channel in enumerate(CHANNELS, 1)}
        return json.dumps({**self.facts, **channels, "transport": "ipc", "ip": SOCKETS + "/k"})

    def remove(self) -> None:
        """Remove what a kernel leaves when it ends by itself: the file, and the sockets if it had some."""
        leftovers = [self.path]
        if self.facts["transport"] == "ipc":
            leftovers += map(self._socket, CHANNELS)
        for path in leftovers:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)


def parse(arguments: list[str]) -> tuple[Connection, list[str]]:
    """Read a kernel's arguments.

    Args:
        arguments: as in `-f FILE --more options`.

    Returns:
        The connection, and the arguments that remain for the kernel itself.

    Raises:
        InvalidValue: no connection file is named, or it cannot be read.
    """
    path, said, rest = "", {}, []
    pending = iter(arguments)
    for argument in pending:
        name, equals, value = argument.partition("=")
        if name in ("-f", "--f"):
            path = value if equals else next(pending, "")
        elif name in _OPTIONS and equals:
            fact = _OPTIONS[name]
            said[fact] = int(value) if fact in CHANNELS else _unquoted(value)
        else:
            rest.append(argument)
    if not path:
        raise InvalidValue(
            "No connection file is named", "a kernel is started with '-f FILE'", "Choose the kernel 'netkit' in Jupyter"
        )
    return Connection(path, said), rest


def _bind(listener: socket.socket, address: Any, place: str) -> None:
    """Listen at an address, or raise SandboxError with its name."""
    problem = f"The kernel cannot listen at {place}"
    try:
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if isinstance(address, str) and len(os.fsencode(address)) > LONGEST_SOCKET:
            rule = f"a unix socket's path has at most {LONGEST_SOCKET} bytes"
            raise SandboxError(problem, rule, "Set JUPYTER_RUNTIME_DIR to a shorter path") from None
        taken = ": another program took what Jupyter had just chosen" if error.errno == errno.EADDRINUSE else ""
        raise SandboxError(problem, f"{error.strerror or error}{taken}", "Start the kernel again") from None
    listener.settimeout(0)


def _read(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        return {}
    try:
        return json.loads(text or "{}")
    except ValueError as error:
        raise InvalidValue(f"'{path}' is not a connection file", str(error), "Start the kernel again") from error


def _unquoted(value: str) -> str:
    """The text of a Python literal like b"abc" or "abc", or of a bare word."""
    return value.removeprefix("b").strip("\"'") if value[:1] in "b\"'" and value[-1:] in "\"'" else value
