"""Knows where the project lies, which files belong to it, and which cells of its lessons ask first."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
SECOND_LANE = "NETKIT_SECOND_LANE"
"""Set in the environment of suites that repeat, as another user, what runs beside them."""
MADE = {
    ".git",
    ".venv",
    ".hypothesis",
    ".pytest_cache",
    ".ruff_cache",
    "__pycache__",
    "artifacts",
    "build",
    "course",
    "dist",
    "offline",
}
"""Folders that hold what commands made."""

ASKS = re.compile(r"(?:%%nftables\n)?%%predict (?P<id>[\d.]+)")
"""How a cell begins that asks for a prediction; whether this machine has nftables comes before."""


def files() -> list[Path]:
    """Every file of the project, relative to ROOT: what git tracks or would add; without git, all but what was made."""
    # safe.directory: root may test a checkout that belongs to somebody else
    git = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
        found = {Path(name) for name in listed if name}
    except (FileNotFoundError, subprocess.CalledProcessError):
        found = {path.relative_to(ROOT) for path in ROOT.rglob("*")}
    return sorted(path for path in found if (ROOT / path).is_file() and not MADE.intersection(path.parts))
