"""Run commands inside a namespace, in the foreground and the background, and ping from there."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from netkit import values
from netkit.errors import InvalidValue
from netkit.lab import journal
from netkit.lab.place import Place
from netkit.linux import ping as pings
from netkit.linux import run
from netkit.model import HOST

if TYPE_CHECKING:
    from netkit.outcomes import Outcome, Ping

_OF_THE_SHELL = ("cd", "export", "ulimit", "umask", "type", "set", "exec", ".", ":")
"""What is no program, but a word of the shell's own."""

_SHELL = re.compile(r"[|&;<>()$`*?~\n]")


class Running(Place):
    """A place where commands run."""

    def run(self, command: str, *, timeout: float = 60.0) -> Outcome:
        """Run any command inside: `ip netns exec NAME COMMAND`.

        Args:
            command: as one types it; pipes and the like go through a shell.
            timeout: seconds (float) after which it is ended.

        Returns:
            What it said: `.stdout`, `.stderr`, `.returncode`; a notebook shows the output.

        Raises:
            ProgramMissing: there is no such program.
            CommandFailed: it did not end in time.

        Example:
            >>> ns1.run("ip route")  # doctest: +SKIP
            $ ip netns exec ns1 ip route
            172.17.1.0/24 dev eth1 proto kernel scope link src 172.17.1.1
        """
        argv = words_of(command)
        limit = values.seconds(timeout, "a timeout")
        journal.look()
        return journal.perform(
            self._as_typed(argv, command),
            lambda: run.run(self.path, argv, typed=command, timeout=limit),
            succeeded=lambda outcome: outcome.returncode == 0,
        )

    def start(self, command: str) -> run.Process:
        """Start a command inside that runs on in the background, such as a server.

        Args:
            command: as one types it.

        Returns:
            Its handle: `.output`, `.running`, `.stop()`.

        Raises:
            ProgramMissing: there is no such program.
        """
        argv = words_of(command)
        journal.look()
        return journal.perform(f"{self._as_typed(argv, command)} &", lambda: run.Process(self.path, argv, command))

    def ping(self, address: str, *, count: int = 1, timeout: float = 5.0) -> Ping:
        """Ask an address for an answer: `ping -c COUNT ADDRESS`.

        Args:
            address: "172.17.1.2".
            count: how many echo requests, 1 to 100.
            timeout: seconds (float) to wait for the last answer; after three the kernel itself gives up looking for
                a neighbour, and says so.

        Returns:
            A Ping: `.ok`, `.sent`, `.received`, `.times`.

        Raises:
            InvalidAddress: it is no IP address.
        """
        whom = values.address(address)
        number = values.number(count, "a number of pings", 1, 100, example=3)
        limit = values.seconds(timeout, "a timeout")
        journal.in_sandbox()
        journal.look()
        command = pings.command(whom, count=number, timeout=limit)
        journal.show(self.typed(journal.joined(command)))
        return pings.ping(self.path, command, whom)

    def _as_typed(self, argv: list[str], command: str) -> str:
        """The command as one types it on the host: elsewhere, a shell's signs have to reach the shell in there."""
        through_shell = argv[:2] == ["sh", "-c"] and self.name != HOST
        return self.typed(shlex.join(argv) if through_shell else command.strip())


def words_of(command: Any) -> list[str]:
    """A typed command as program and arguments; through a shell where it uses one's signs.

    Raises:
        InvalidValue: it is no command.
    """
    if not isinstance(command, str) or not command.strip():
        raise InvalidValue(f"{command!r} is not a command", "a command is a text such as one types", "Try 'ip route'")
    if "\0" in command or not _encodable(command):
        raise InvalidValue(
            f"{command!r} has a zero byte or half a character", "no argument of a program can hold one", "Remove it"
        )
    if _SHELL.search(command):
        return ["sh", "-c", command]
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise InvalidValue(f"{command!r} cannot be read", str(error), "Close the quote") from None
    return ["sh", "-c", command] if words[0] in _OF_THE_SHELL else words


def _encodable(command: str) -> bool:
    """Whether it can be written as UTF-8: a lone surrogate cannot."""
    return command == command.encode(errors="replace").decode()
