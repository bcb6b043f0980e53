"""Knows how a test lets a process of its own end, so that nothing is left of it whatever happens."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

SECONDS_TO_END = 60.0


@contextmanager
def ending(process: subprocess.Popen[bytes], seconds: float = SECONDS_TO_END) -> Iterator[None]:
    """Wait behind a block for a process that was asked there to end.

    Raises:
        subprocess.TimeoutExpired: if it does not end by itself; it is killed then.
    """
    try:
        yield
        process.wait(seconds)
    finally:
        process.kill()
        process.wait()
