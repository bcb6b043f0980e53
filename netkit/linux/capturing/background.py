"""The thread of a recording, from a start to a stop; whoever waits for it gives up after 120 s."""

from __future__ import annotations

import io
import os
import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from netkit.errors import CaptureFailed

if TYPE_CHECKING:
    from netkit.errors import NetkitError

SECONDS = 120.0
"""How long a recording may take to begin, or to end: with hundreds of namespaces a busy machine needs a minute."""


class Background(ABC):
    """A recording that a thread of its own carries out.

    Args:
        name: what it is, in words.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._stop: io.FileIO | None = None
        self._asked = False
        self._ready = threading.Event()
        self._error: NetkitError | None = None
        self._thread = threading.Thread(target=self._work, name=f"netkit {name}", daemon=True)

    @abstractmethod
    def _run(self) -> None:
        """Set `_ready` when it has begun, record until `_wish` ends; `_error` is what went wrong."""

    def start(self) -> None:
        """Return when the recording has begun.

        Raises:
            NotFound: what is to be recorded is not there.
            CaptureFailed: the kernel refuses, or it did not begin in time.
        """
        try:
            self._thread.start()
            self._within(self._ready, "begun")
        except BaseException as reason:  # an interrupt, or too late: the thread closes everything by itself
            self.ask_to_stop()
            if isinstance(reason.__context__, KeyboardInterrupt):  # threading was interrupted with a lock half taken
                raise KeyboardInterrupt from None
            raise
        if self._error:
            self.stop()

    def _work(self) -> None:
        """Open what ends the recording, and record: an interrupt, which comes in the main thread, loses none of it."""
        self._wish, stop = os.pipe2(os.O_CLOEXEC)
        self._stop = io.FileIO(stop, "w")
        try:
            if self._asked:
                self._stop.close()
            self._run()
        finally:
            os.close(self._wish)

    def ask_to_stop(self) -> None:
        """Let the thread end as soon as it can, without waiting for it."""
        self._asked = True
        if self._stop is not None:  # closed once only, and whole: whoever is interrupted before may ask again
            self._stop.close()  # the thread sees the end of the pipe

    def stop(self) -> None:
        """Return when the recording is over and everything is closed.

        Raises:
            NotFound: what should have been recorded was not there.
            CaptureFailed: the recording broke down, or did not end in time.
        """
        self.ask_to_stop()
        if self._thread.is_alive():
            self._thread.join(SECONDS)
        if self._thread.is_alive():
            raise self._late("ended")
        if self._error:
            raise self._error

    def _within(self, event: threading.Event, what: str) -> None:
        """Wait for an event of the thread."""
        if not event.wait(SECONDS):
            raise self._late(what)

    def _late(self, what: str) -> CaptureFailed:
        return CaptureFailed(
            f"the {self._name} had not {what} after {SECONDS:g} seconds",
            "the kernel needs some milliseconds for each namespace",
            "Record fewer namespaces, or try again when the machine is less busy",
        )
