"""The shell of a drill or an exam: its commands (`check`, `hint`, `next` …) are answered here, over a socket."""

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
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from netkit.errors import NetkitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_ASKING = Path(__file__).parent / "tickets" / "asking.py"
_MOST = 1 << 16


class Counter:
    """Answers what the shell's commands ask.

    Args:
        answer: gets a command's name and its words, returns its exit status and what it says.
        commands: the names.
    """

    def __init__(self, answer: Callable[..., tuple[int, str]], commands: Sequence[str]) -> None:
        self._answer, self._commands = answer, commands

    def serve(self, prompt: str, begin: Callable[[], None], seconds: float | None = None) -> bool:
        """Open the shell, and answer until it ends.

        Args:
            prompt: what the shell shows; bash expands it each time.
            begin: called once the commands are there, before the shell opens.
            seconds: after which the shell is ended; by default never.

        Returns:
            Whether it ended by itself.
        """
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            with self._opened(place / "socket"):
                for name in self._commands:
                    _command(place / name, place / "socket")
                begin()
                return _shell(place, prompt, seconds)

    @contextmanager
    def _opened(self, place: Path) -> Iterator[None]:
        """Its socket, at which it answers until that is closed."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as listening:
            listening.bind(str(place))
            listening.listen()
            threading.Thread(target=self._serve, args=(listening,), daemon=True).start()
            yield

    def _serve(self, listening: socket.socket) -> None:
        while True:
            try:
                asked, _ = listening.accept()
            except OSError:  # the shell has ended
                return
            with asked:
                words = b"".join(iter(lambda asked=asked: asked.recv(_MOST), b"")).decode().split("\0")
                status, text = self._said(*words)
                try:
                    asked.sendall(f"{status}\n{text}".encode())
                except OSError:  # whoever asked has gone
                    continue

    def _said(self, name: str, *words: str) -> tuple[int, str]:
        """Exit status and text for a command."""
        try:
            return self._answer(name, *words)
        except NetkitError as error:
            return 2, str(error)


def _command(path: Path, place: Path) -> None:
    """A command of the shell that asks the counter."""
    words = shlex.join((sys.executable, "-I", "-S", str(_ASKING), str(place), path.name))
    path.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    path.chmod(0o755)


def _shell(folder: Path, prompt: str, seconds: float | None) -> bool:
    """A shell that knows the commands of a folder; it ends by `exit`, or when its time is over."""
    bash = shutil.which("bash")
    begins = folder / "begins"
    begins.write_text(
        f'[ -f ~/.bashrc ] && . ~/.bashrc\nPATH={shlex.quote(str(folder))}:"$PATH"\nPS1={shlex.quote(prompt)}"$ "\n'
    )
    words = [bash, "--rcfile", str(begins)] if bash and os.isatty(0) else [bash or "sh"]
    before = signal.signal(signal.SIGINT, lambda *_: None)  # Control-C is for what runs in the shell
    try:
        environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
        subprocess.run(words, env=environment, check=False, timeout=seconds)
    except subprocess.TimeoutExpired:
        return False
    finally:
        signal.signal(signal.SIGINT, before)
    return True
