"""What some tests need of the kernel, found out by a probe: where it is missing they are skipped, and say why."""

from __future__ import annotations

import subprocess
from functools import cache

import pytest


@cache
def has_nftables() -> bool:
    """Whether nftables knows IP here: a table is checked, none is made (nft(8), --check)."""
    return subprocess.run(["nft", "--check", "add table inet probe"], check=False, capture_output=True).returncode == 0


nftables = pytest.mark.skipif(not has_nftables(), reason="this kernel has no nftables for IP")
