"""Whether the kernel still has frames in its hands that were just sent: backlogs (softnet_stat), membarrier(2)."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from netkit.linux.libc import checked, libc

_BACKLOG_COLUMN = 11  # since Linux 5.10


def waiting_frames() -> int:
    """How many frames wait in the processors' backlogs, where a veth pair puts them (softnet_stat in proc(5)).

    Returns:
        Their number for the whole machine; 0 on a kernel that does not say.
    """
    lines = Path("/proc/thread-self/net/softnet_stat").read_text().splitlines()
    return sum(int(fields[_BACKLOG_COLUMN], 16) for line in lines if len(fields := line.split()) > _BACKLOG_COLUMN + 1)


def barrier() -> None:
    """Wait until every processor has left the kernel code that it was in (membarrier(2)).

    MEMBARRIER_CMD_GLOBAL waits for an RCU grace period, some 8 ms: whoever was handing on a frame
    has finished.  A kernel without it is not waited for.
    """
    number = {"x86_64": 324}.get(os.uname().machine, 283)
    with contextlib.suppress(OSError):
        checked(libc().syscall(number, 1, 0, 0))
