"""A Jupyter kernel's connection file: where its client expects it, and where it is inside the sandbox.

The file's form is that of "Connection files" in jupyter_client's documentation.
"""

import json
import os
import socket
from typing import Any

from netkit.errors import InvalidValue, SandboxError
from netkit.sandbox.filesystem import SOCKETS

CHANNELS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
"""The five channels, in the order of their numbers inside."""

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
        port = self.facts[channel]
        if self.facts["transport"] == "ipc":
            listener = socket.socket(socket.AF_UNIX)
            address: Any = f"{self.facts['ip']}-{port}"
        else:
            listener = socket.socket(socket.AF_INET6 if ":" in self.facts["ip"] else socket.AF_INET)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            address = (self.facts["ip"], port)
        try:
            listener.bind(address)
            listener.listen(128)
        except OSError as error:
            listener.close()
            place = address if self.facts["transport"] == "ipc" else f"port {port} of {self.facts['ip']}"
            raise SandboxError(
                f"The kernel cannot listen at {place}",
                f"{os.strerror(error.errno or 0)}: another program took what Jupyter had just chosen",
                "Start the kernel again",
            ) from None
        listener.settimeout(0)
        if port == 0:
            self.facts[channel] = listener.getsockname()[1]
        return listener

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
            leftovers += [f"{self.facts['ip']}-{self.facts[channel]}" for channel in CHANNELS]
        for path in leftovers:
            if os.path.exists(path):
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
