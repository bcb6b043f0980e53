"""Outcome (stdout, stderr, exit status) of a command, and Ping (sent, received) of echo requests, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field

from netkit.handles import guarded
from netkit.visible import visible


@guarded()
@dataclass(frozen=True, repr=False)
class Outcome:
    """What a command said and how it ended; its repr is what a terminal would have shown.

    Attributes:
        command: as one would type it.
        stdout: its standard output.
        stderr: its standard error.
        returncode: 0 for success; -9 when signal 9 ended it.
    """

    command: str
    stdout: str
    stderr: str
    returncode: int

    def __repr__(self) -> str:
        shown = "\n".join(part.rstrip("\n") for part in (self.stdout, self.stderr) if part.strip())
        ended = f"(exit status {self.returncode})" if self.returncode else ""
        return visible("\n".join(part for part in (shown, ended) if part)) or "(no output)"


@guarded()
@dataclass(frozen=True, repr=False)
class Ping:
    """How many echo requests were answered (ping(8)); its repr has no times, so that it is the same each run.

    Attributes:
        address: who was asked.
        sent: echo requests that left.
        received: echo replies that came back.
        times: round-trip times in seconds, of the replies in their order.
        reason: what the kernel or a router said when an answer was missing: "Destination Host Unreachable".
    """

    address: str
    sent: int
    received: int
    times: tuple[float, ...] = field(default=(), compare=False)
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether every request was answered, and at least one was sent."""
        return 0 < self.sent == self.received

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        why = f": {visible(self.reason)}" if self.reason and not self.ok else ""
        if not self.sent:
            return f"✗ ping {self.address}: nothing could be sent{why}"
        return f"{'✓' if self.ok else '✗'} ping {self.address}: {self.received} of {self.sent} answered{why}"
