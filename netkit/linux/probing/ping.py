"""Ask an address for an answer with ping(8), and read what it says."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from netkit.linux.probing import echoes
from netkit.linux.run import run
from netkit.outcomes import Ping

if TYPE_CHECKING:
    from netkit.outcomes import Outcome
    from netkit.validation import IPAddress

_SECONDS_BETWEEN = "0.2"
_SECONDS_AT_MOST = 4000.0  # more than any count and timeout that the lab accepts
_COUNTS = re.compile(r"(\d+) packets transmitted, (\d+) received")
_TIME = re.compile(r"time[=<]([\d.]+) ms")
_COMPLAINT = re.compile(r"icmp_seq=\d+ (?!.*bytes from)(?!ttl=)(.+)")


def command(address: IPAddress, *, count: int = 1, timeout: float = 4.0) -> list[str]:
    """The words of `ping -c COUNT -W TIMEOUT ADDRESS`; several requests leave five a second.

    Args:
        address: who is asked.
        count: how many echo requests.
        timeout: seconds (float) to wait for the last answer.
    """
    pace = ["-i", _SECONDS_BETWEEN] if count > 1 else []
    return ["ping", "-c", str(count), *pace, "-W", f"{timeout:g}", str(address)]


def ping(path: str, address: IPAddress, *, count: int, timeout: float) -> Ping:
    """Ask, and wait for the answers; where ping is not installed, netkit asks itself.

    Args:
        path: the namespace that asks.
        address: who is asked.
        count: how many echo requests.
        timeout: seconds (float) to wait for the last answer.

    Returns:
        A Ping.

    Raises:
        NotFound: the namespace is not there.
    """
    if shutil.which("ping") is None:
        return echoes.ask(path, address, count=count, timeout=timeout)
    return read(str(address), run(path, command(address, count=count, timeout=timeout), timeout=_SECONDS_AT_MOST))


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
