"""Ask an address for an answer with ping(8), and read what it says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netkit.linux.run import run
from netkit.outcomes import Ping

if TYPE_CHECKING:
    from netkit.outcomes import Outcome
    from netkit.values import IPAddress

_COUNTS = re.compile(r"(\d+) packets transmitted, (\d+) received")
_TIME = re.compile(r"time[=<]([\d.]+) ms")
_COMPLAINT = re.compile(r"icmp_seq=\d+ (?!.*bytes from)(?!ttl=)(.+)")


def ping(path: str, address: IPAddress, *, count: int = 1, timeout: float = 1.0, size: int | None = None) -> Ping:
    """`ping -c COUNT -W TIMEOUT ADDRESS`, five requests a second.

    Args:
        path: the namespace that asks.
        address: who is asked.
        count: how many echo requests.
        timeout: seconds (float) to wait for the last answer.
        size: bytes of payload; 56 unless told.

    Returns:
        A Ping.

    Raises:
        ProgramMissing: ping is not installed.
        NotFound: the namespace is not there.
    """
    command = ["ping", "-n", "-c", str(count), "-i", "0.2", "-W", f"{timeout:g}"]
    command += ["-s", str(size), "-M", "do"] if size is not None else []
    outcome = run(path, [*command, str(address)], timeout=count * 0.2 + timeout + 10)
    return read(str(address), outcome)


def read(address: str, outcome: Outcome) -> Ping:
    """What ping's output says, as a value.

    Args:
        address: who was asked.
        outcome: of the command.
    """
    counts = _COUNTS.search(outcome.stdout)
    sent, received = (int(counts[1]), int(counts[2])) if counts else (0, 0)
    times = tuple(float(time) / 1000 for time in _TIME.findall(outcome.stdout))
    complaints = [m[1] for m in map(_COMPLAINT.search, outcome.stdout.splitlines()) if m]
    complaints += [line.removeprefix("ping: ").removeprefix("connect: ") for line in outcome.stderr.splitlines()]
    reason = complaints[-1] if complaints and received < max(sent, 1) else ""
    return Ping(address, sent, received, times, reason)
