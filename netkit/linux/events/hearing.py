"""The one monitor of a process: made when it is first needed, and anew when it has missed something."""

from __future__ import annotations

import atexit
import os
import threading
from typing import TYPE_CHECKING

from netkit.linux.events.monitor import Monitor

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


def listening() -> AbstractContextManager[Monitor]:
    """The monitor of this process, up to date, for one thread at a time."""
    return _desk


class _Desk:
    """Where a process's monitor is; another takes its place when it has missed something."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._monitor: Monitor | None = None

    def __enter__(self) -> Monitor:
        self._lock.acquire()
        try:
            return self._fresh()
        except BaseException:
            self._lock.release()
            raise

    def __exit__(self, *exception: object) -> None:
        self._lock.release()

    def _fresh(self) -> Monitor:
        if self._monitor is None:
            self._monitor = Monitor()
        self._monitor.update()
        if self._monitor.missed:
            self._monitor.close()
            self._monitor = None
            return self._fresh()
        return self._monitor

    def drop(self) -> None:
        """Close what is open, as a child does with what its parent has opened."""
        if self._monitor is not None:
            self._monitor.close()
            self._monitor = None


def _drop() -> None:
    _desk.drop()


def _after_fork() -> None:
    global _desk  # noqa: PLW0603  (one process, one desk)
    _drop()
    _desk = _Desk()


_desk = _Desk()
os.register_at_fork(after_in_child=_after_fork)
atexit.register(_drop)
