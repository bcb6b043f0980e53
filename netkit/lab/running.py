"""`.run`, `.start` and `.ping` of a namespace: commands in the foreground and the background, by a shell if needed."""

from __future__ import annotations

import re
import shlex
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from netkit import validation
from netkit.errors import InvalidAddress, InvalidValue
from netkit.face import face
from netkit.kinds import Command, Timeout, number
from netkit.lab import journal
from netkit.lab.place import Place
from netkit.linux import run
from netkit.linux.probing import ping as pings
from netkit.model import HOST
from netkit.shell import joined

if TYPE_CHECKING:
    from netkit.outcomes import Outcome, Ping
    from netkit.validation import IPAddress

_OF_THE_SHELL = ("cd", "export", "ulimit", "umask", "type", "set", "exec", ".", ":")
"""What is no program, but a word of the shell's own."""

_SHELL, _QUOTING = re.compile(r"[|&;<>()$`*?~\n]"), re.compile(r"['\"\\]|[^ -~]")
"""What goes through a shell, and what is read as one reads it: signs that quote, and spaces of other kinds."""


def _asked(value: Any) -> IPAddress:
    """Whom one can ask for an answer: one machine, on a link that need not be named."""
    found = validation.machine(value, here=True)
    if found.version == 6 and found.is_link_local:
        rule = "an address of fe80::/10 needs the interface that leads to it"
        remedy = f"Try .run('ping -c 1 {found}%eth1')"
        raise InvalidAddress(f"'{found}' is valid on one link only", rule, remedy)
    return found


Asked = Annotated[Any, _asked]
Pings = Annotated[int, partial(number, what="a number of pings", low=1, high=100, example=3)]


class Running(Place):
    """A place where commands run."""

    @face
    def run(self, command: Command, *, timeout: Timeout = 60.0) -> Outcome:
        """Run any command inside: `ip netns exec NAME COMMAND`; what it leaves in the background (`… &`) runs on.

        Args:
            command: as one types it; pipes and the like go through a shell. Or its words: ["ip", "route"].
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
        argv, typed = words_of(command), in_words(command)
        journal.look()
        return journal.perform(
            self._as_typed(argv, typed),
            lambda: run.run(self.path, argv, typed=typed, timeout=timeout),
            succeeded=lambda outcome: outcome.returncode == 0,
        )

    @face
    def start(self, command: Command) -> run.Process:
        """Start a command inside that runs on in the background, such as a server.

        Args:
            command: as one types it.

        Returns:
            Its handle: `.output`, `.running`, `.stop()`.

        Raises:
            ProgramMissing: there is no such program.
        """
        argv, typed = words_of(command), in_words(command)
        journal.look()
        return journal.perform(f"{self._as_typed(argv, typed)} &", lambda: run.Process(self.path, argv, typed))

    @face
    def ping(self, address: Asked, *, count: Pings = 1, timeout: Timeout = 5.0) -> Ping:
        """Ask an address for an answer: `ping -c COUNT ADDRESS`.

        Args:
            address: "172.17.1.2".
            count: how many echo requests, 1 to 100.
            timeout: seconds (float) to wait for the last answer; after three the kernel itself gives up looking for
                a neighbour, and says so.

        Returns:
            A Ping: `.ok`, `.sent`, `.received`, `.times`.

        Raises:
            InvalidAddress: it is no IP address of one machine.
        """
        journal.in_sandbox()
        journal.look()
        command = pings.command(address, count=count, timeout=timeout)
        journal.show(self.typed(joined(command)))
        return pings.ping(self.path, address, count=count, timeout=timeout)

    def _as_typed(self, argv: list[str], command: str) -> str:
        """The command as one types it on the host: elsewhere, a shell's signs have to reach the shell in there."""
        through_shell = argv[:2] == ["sh", "-c"] and self.name != HOST
        return self._typed_here(shlex.join(argv) if through_shell else command.strip())


def in_words(command: str | list[str]) -> str:
    """A command as one types it."""
    return command if isinstance(command, str) else joined(command)


def words_of(command: str | list[str]) -> list[str]:
    """A command as program and arguments; through a shell where it is typed with one's signs.

    Args:
        command: what is typed, or its words.

    Raises:
        InvalidValue: a quote is left open.
    """
    if not isinstance(command, str):
        return list(command)
    if _SHELL.search(command):
        return ["sh", "-c", command]
    try:
        words = shlex.split(command) if _QUOTING.search(command) else command.split()
    except ValueError as error:
        raise InvalidValue(f"{command!r} cannot be read", str(error), "Close the quote") from None
    return ["sh", "-c", command] if words[0] in _OF_THE_SHELL else words
