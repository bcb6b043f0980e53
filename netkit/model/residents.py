"""A program that lives in a namespace, as far as it can be started anew: its words, its container, its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Text(NamedTuple):
    """A file that a program is told of.

    Attributes:
        path: where it is.
        mode: its permissions (chmod(2)).
        text: what it holds.
    """

    path: str
    mode: int
    text: str


@dataclass(frozen=True)
class Program:
    """A program that runs.

    Attributes:
        words: its command line.
        name: of its process, as the kernel has it (comm of proc(5)).
        container: the name of the container whose first process it is; "" for none.
        hosts: the text of its /etc/hosts; None where that is the host's own file.
        files: what its words name below /run and /tmp.
    """

    words: tuple[str, ...]
    name: str
    container: str = ""
    hosts: str | None = None
    files: tuple[Text, ...] = ()
