"""What the load script prints: a line when something has changed, and the table at the end."""

from __future__ import annotations

import time
from collections import Counter
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deploy.load.learner import Learner

ROWS = {
    "login": "log in",
    "server": "server ready",
    "kernel": "kernel ready",
    "notebook": "notebook",
    "logout": "stop, log out",
}
MEBIBYTE = 1 << 20


class Progress:
    """Says what the learners do, whenever that has changed: "  12.0 s  12 server, 3 cell  4".

    Args:
        learners: all of them.
    """

    def __init__(self, learners: list[Learner]) -> None:
        self._learners, self._start, self._told = learners, time.monotonic(), ""

    def tell(self) -> None:
        """Print a line, unless it would be the last one again."""
        counted = Counter(learner.doing for learner in self._learners)
        now = ", ".join(f"{number} {doing}" for doing, number in sorted(counted.items()))
        if now != self._told:
            print(f"{time.monotonic() - self._start:6.1f} s  {now}", flush=True)
            self._told = now


def table(learners: list[Learner], seconds: float, memory: dict[str, int]) -> str:
    """The figures of a run.

    Args:
        learners: after their runs.
        seconds: the whole run.
        memory: bytes of each learner, as far as they were measured.
    """
    failed = [learner for learner in learners if learner.complaints]
    lines = [
        f"{'learners':<26}{len(learners):>10}",
        f"{'failures':<26}{len(failed):>10}",
        f"{'all together':<26}{seconds:>8.1f} s",
        "",
        f"{'each learner':<26}{'median':>10}{'worst':>10}",
    ]
    for doing, words in ROWS.items():
        times = [learner.seconds[doing] for learner in learners if doing in learner.seconds]
        if times:
            lines.append(f"  {words:<24}{median(times):>8.1f} s{max(times):>8.1f} s")
    lines += _memory([*memory.values()], len(learners))
    lines += [f"\n{learner.name}: {complaint}" for learner in failed for complaint in learner.complaints]
    return "\n".join(lines)


def _memory(sizes: list[int], learners: int) -> list[str]:
    if not sizes:
        return ["  memory                  not measured: run this as root on the machine of the servers"]
    lines = [f"  {'memory (PSS)':<24}{median(sizes) / MEBIBYTE:>6.0f} MiB{max(sizes) / MEBIBYTE:>6.0f} MiB"]
    if len(sizes) < learners:
        lines.append(f"  measured were {len(sizes)} of {learners}")
    return [*lines, "", f"{'memory of all (PSS)':<26}{sum(sizes) / MEBIBYTE:>6.0f} MiB"]
