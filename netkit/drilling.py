"""A ticket in a terminal: a shell in which `check`, `hint` and `solution` are commands."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import netkit as nk
from netkit.ending import ended
from netkit.errors import InvalidValue, NetkitError
from netkit.sandbox import inherited
from netkit.tickets.ticket import ALOUD

if TYPE_CHECKING:
    from netkit.tickets.ticket import Ticket

_ASKING = Path(__file__).parent / "tickets" / "asking.py"
_COMMANDS = ("check", "hint", "solution", "ticket")
_MOST = 1 << 16


def main() -> int:
    """Build a ticket, show it, and open a shell.

    Returns:
        0 if it was mended, else 1.
    """
    lesson, level, seed = sys.argv[1:]
    nk.require_sandbox()
    nk.echo(on=False)
    ticket = nk.fault(lesson, level=int(level), seed=int(seed) if seed else None)
    desk = _Desk(ticket)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with desk.opened(place / "socket"):
            for name in (*_COMMANDS, *(("why",) if ticket.level == 1 else ())):
                _command(place / name, place / "socket")
            sys.stdout.write(f"{_shown(ticket)}\n")
            sys.stdout.flush()
            _shell(place)
    return 0 if desk.mended else 1


def _shown(ticket: Ticket) -> str:
    """The ticket, with the commands of this shell in place of a notebook's."""
    text = repr(ticket).replace(ALOUD[2], ALOUD[3])  # an x-ray is a notebook's
    text = text.replace("nk.why", "why").replace(".check(), .hint(), .solution()", "check, hint, solution")
    return f"{text}\n  (The shell ends by `exit`.)"


class _Desk:
    """Answers what the shell's commands ask.

    Args:
        ticket: that they are about.
    """

    def __init__(self, ticket: Ticket) -> None:
        self._ticket = ticket
        self.mended = False

    def opened(self, place: Path) -> socket.socket:
        """Its socket, at which it answers until that is closed."""
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        listening.bind(str(place))
        listening.listen()
        threading.Thread(target=self._serve, args=(listening,), daemon=True).start()
        return listening

    def _serve(self, listening: socket.socket) -> None:
        while True:
            try:
                asked, _ = listening.accept()
            except OSError:  # the shell has ended
                return
            with asked:
                words = b"".join(iter(lambda asked=asked: asked.recv(_MOST), b"")).decode().split("\0")
                status, text = self._answer(*words)
                try:
                    asked.sendall(f"{status}\n{text}".encode())
                except OSError:  # whoever asked has gone
                    continue

    def _answer(self, name: str, *words: str) -> tuple[int, str]:
        """Exit status and text for a command."""
        try:
            if name == "why":
                told = _why(*words)
                return int(not told), repr(told)
            if words:
                raise InvalidValue(f"{name} {shlex.join(words)}", f"'{name}' takes nothing", f"Try {name}")
            if name == "check":
                verdict = self._ticket.check()
                self.mended = self.mended or verdict.ok
                return int(not verdict), repr(verdict)
            return 0, {"hint": lambda: repr(self._ticket.hint()), "ticket": lambda: _shown(self._ticket)}.get(
                name, lambda: repr(self._ticket.solution())
            )()
        except NetkitError as error:
            return 2, str(error)


def _why(*words: str) -> object:
    """What nk.why says."""
    if len(words) not in (2, 3) or not (words[2:] or ("1",))[0].isdecimal():
        raise InvalidValue(f"why {shlex.join(words)}", "it is: why SOURCE DESTINATION [PORT]", "Try why web 10.0.0.2")
    return nk.why(words[0], words[1], int(words[2]) if words[2:] else None)


def _command(path: Path, place: Path) -> None:
    """A command of the shell that asks the desk."""
    words = shlex.join((sys.executable, "-I", "-S", str(_ASKING), str(place), path.name))
    path.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    path.chmod(0o755)


def _shell(folder: Path) -> None:
    """A shell that knows the commands of a folder; it ends by `exit`."""
    bash = shutil.which("bash")
    begins = folder / "begins"
    begins.write_text(f'[ -f ~/.bashrc ] && . ~/.bashrc\nPATH={shlex.quote(str(folder))}:"$PATH"\nPS1="ticket$ "\n')
    words = [bash, "--rcfile", str(begins)] if bash and os.isatty(0) else [bash or "sh"]
    before = signal.signal(signal.SIGINT, lambda *_: None)  # Control-C is for what runs in the shell
    try:
        environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
        subprocess.run(words, env=environment, check=False)
    finally:
        signal.signal(signal.SIGINT, before)


if __name__ == "__main__":
    inherited.settle()
    sys.exit(ended(main))
