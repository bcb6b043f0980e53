"""The line between a sandbox and the process outside that started it: short messages, each a word and its text."""

import os
import socket
import sys
from collections.abc import Callable
from typing import NamedTuple, NoReturn

_LONGEST = 4096

BROKEN = 70
"""Exit status of a child that ended with an exception: a fault of netkit, which standard error shows."""


class Message(NamedTuple):
    """One message.

    Attributes:
        word: what it is about; "gone" when the other end of the line does not exist any more.
        text: the rest.
        files: descriptors that came along.
    """

    word: str
    text: str = ""
    files: tuple[int, ...] = ()

    def failure(self) -> tuple[str, int, str]:
        """Stage, error number and words of the kernel, of a message that `send_failure` sent."""
        stage, number, detail = self.text.split("\n", 2)
        return stage, int(number), detail


class Line:
    """One end of a line.

    Args:
        end: the socket that it consists of.
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    @classmethod
    def pair(cls) -> "tuple[Line, Line]":
        """The two ends of a new line; a message is received as it was sent, whole (SOCK_SEQPACKET of unix(7))."""
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return cls(one), cls(other)

    def fileno(self) -> int:
        """The descriptor, for `select`."""
        return self._end.fileno()

    def close(self) -> None:
        """Close this end."""
        self._end.close()

    def send(self, word: str, text: object = "", files: tuple[int, ...] = ()) -> None:
        """Send a message; nothing happens when the other end is gone, which the next `receive` will tell.

        Nor when this one is closed: a signal may still be passed on while a sandbox ends.
        """
        if self._end.fileno() < 0:
            return
        data = f"{word} {text}".encode()[:_LONGEST]
        try:
            if files:
                socket.send_fds(self._end, [data], list(files))
            else:
                self._end.send(data)
        except (BrokenPipeError, ConnectionResetError):
            return

    def send_failure(self, stage: str, error: OSError) -> None:
        """Send the message that a stage failed."""
        place = f" ({error.filename})" if error.filename else ""
        self.send("failed", f"{stage}\n{error.errno or 0}\n{error.strerror or error}{place}")

    def told_by(self, main: Callable[[], int]) -> int:
        """Do what a process of the sandbox does; if the kernel refuses it something, send that as a failure.

        Args:
            main: what it does.

        Returns:
            Its exit status.
        """
        try:
            return main()
        except OSError as error:
            self.send_failure("processes", error)
            return 1

    def receive(self) -> Message:
        """Wait for a message."""
        try:
            data, files, _flags, _address = socket.recv_fds(self._end, _LONGEST, 1)
        except ConnectionResetError:
            data, files = b"", []
        if not data:
            return Message("gone")
        word, _, text = data.decode().partition(" ")
        return Message(word, text, tuple(files))

    def expect(self, word: str) -> Message:
        """Wait for one certain message; end this process when another comes, the sandbox's failure having been told."""
        message = self.receive()
        if message.word != word:
            os._exit(1)
        return message


def fork(main: Callable[[], int]) -> int:
    """Run a function in a child process that ends with it.

    Args:
        main: what the child does; its result is the child's exit status.

    Returns:
        The child's process id.
    """
    child = os.fork()
    if child == 0:
        _run(main)
    return child


def _run(main: Callable[[], int]) -> NoReturn:
    status = BROKEN
    try:
        status = main()
    except Exception:  # noqa: BLE001 - a child must never return into its parent's code
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    finally:
        os._exit(status)
