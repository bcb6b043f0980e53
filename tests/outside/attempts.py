"""Knows all ways out of the sandbox that are tried; the kernel under test imports this file.

`python -m tests.outside.attempts FILE` tries them all, each in a process and a mount namespace of its own, and prints
a JSON list of name and outcome for each; FILE has what is outside, as JSON.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.outside import (
    attempts_by_files,
    attempts_by_keys,
    attempts_by_mounts,
    attempts_by_namespaces,
    attempts_by_processes,
    attempts_by_sockets,
    attempts_on_linux,
)
from tests.outside.kernel_calls import NEWNS, Outside, boot_id, call, in_child

if TYPE_CHECKING:
    from collections.abc import Callable

_MODULES = (
    attempts_by_processes,
    attempts_by_mounts,
    attempts_by_sockets,
    attempts_by_files,
    attempts_by_keys,
    attempts_by_namespaces,
    attempts_on_linux,
)
ATTEMPTS: dict[str, Callable[[Outside], object]] = {
    name: value
    for module in _MODULES
    for name, value in vars(module).items()
    if callable(value) and value.__module__ == module.__name__ and not name.startswith("_")
} | attempts_on_linux.FILE_SYSTEMS
"""All of them by name: each raises OSError, because the kernel refuses, or returns what it got hold of."""


def attempt(name: str, outside: Outside) -> str:
    """Try a way out.

    Args:
        name: a key of ATTEMPTS.
        outside: what the test has put outside.

    Returns:
        "refused: …" with the reason, or "SUCCEEDED: …" with what it got hold of.
    """
    try:
        got = repr(ATTEMPTS[name](outside))
    except (OSError, UnicodeError) as error:
        return f"refused: {type(error).__name__}: {error}"
    if outside.boot not in ("", boot_id()) and outside.name not in got:
        return f"refused: {got[:200]} of a kernel of the sandbox's own"
    return f"SUCCEEDED: {got}"


def _attempt_apart(name: str, outside: Outside) -> str:
    """Try it where it can spoil nothing for the others."""

    def act() -> str:
        with contextlib.suppress(OSError):
            call("unshare", NEWNS)
        return attempt(name, outside)

    try:
        return in_child(act)[1:-1]
    except OSError as error:
        return f"refused: it ended with {error}"


def main(file: str) -> None:
    """Try them all."""
    outside = Outside(**json.loads(Path(file).read_text(encoding="utf-8")))
    for name in ATTEMPTS:
        sys.stdout.write(json.dumps([name, _attempt_apart(name, outside)[:500]]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
