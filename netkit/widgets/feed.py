"""The process behind a live view, as its kernel sees it: started, listened to by a thread, and ended."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

from netkit.linux import entering

if TYPE_CHECKING:
    from collections.abc import Callable

    from netkit.widgets.watcher import Order

STOPPED = "it was stopped"
_UNEXPECTED = "its process came to an end"


class Feed:
    """What a live view is told, until its process ends.

    Args:
        order: what to show, a line of JSON.
        tell: called in a thread with each message; the last one is {"ended": a sentence}.

    Attributes:
        process (Popen): the process; it holds nothing that would have to be put back.
    """

    def __init__(self, order: Order, tell: Callable[[dict[str, Any]], None]) -> None:
        self._tell = tell
        self._reason = ""
        self.process = entering.apart(_started)
        self._thread = threading.Thread(target=self._listen, args=(order,), name="netkit live view", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether messages still come."""
        return self._thread.is_alive()

    def stop(self, reason: str = STOPPED) -> None:
        """End the process and the thread; everything is closed then.

        Args:
            reason: what the last message says.
        """
        self._reason = self._reason or reason
        self.process.kill()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _listen(self, order: Order) -> None:
        reason = _UNEXPECTED
        try:
            with self.process as process:  # closes the pipes and waits for the end
                process.stdin.write(order.to_json().encode() + b"\n")
                process.stdin.flush()
                for line in process.stdout:
                    message = json.loads(line)
                    if "ended" in message:
                        reason = message["ended"]
                    elif not self._reason:
                        self._tell(message)
        except (OSError, ValueError):  # it was killed before it could read, or in the middle of a line
            self.process.kill()
            self.process.wait()
        self._tell({"ended": self._reason or reason})


def _started() -> subprocess.Popen[bytes]:
    """The process, in the host's namespace, wherever the learner's own code may be."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "netkit.widgets.watcher"],  # -P: a notebook's folder replaces no import
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # an interrupt of the kernel is not meant for it
    )
