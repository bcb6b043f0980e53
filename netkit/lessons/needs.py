"""What cells may need by their tags `engine` and `nftables`, and why a sandbox of this machine has it not."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

ENGINE_TAG, NFTABLES_TAG = "engine", "nftables"
"""Mark the cells that need the real Docker Engine, or nftables for IP in the kernel; a notebook has one kind."""


@cache
def engine_obstacle() -> str:
    """Why the real Docker Engine cannot run in a sandbox of this machine, in one sentence; empty if it can."""
    return _asked("from netkit import engine; print(engine.available() or '')")


@cache
def _nftables_obstacle() -> str:
    """Why a sandbox of this machine has no nftables for IP, in one sentence; empty if it has."""
    return _asked("from netkit.linux.acts import nft; print(nft.obstacle())")


def obstacle(tag: str) -> str:
    """Why cells with a tag cannot run in a sandbox of this machine; empty if they can.

    Args:
        tag: ENGINE_TAG or NFTABLES_TAG.
    """
    return engine_obstacle() if tag == ENGINE_TAG else _nftables_obstacle()


def _asked(program: str) -> str:
    """What a line of Python prints in a sandbox."""
    command = [sys.executable, "-P", "-m", "netkit.cli", "run", "--", sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else "the sandbox does not start, see `netkit doctor`"
