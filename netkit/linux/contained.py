"""Which container a process is the first of: told by the command line of its minder, unshare or containerd-shim.

A container's first process is the child of its minder, which stays outside: `unshare` for those of `nk.Docker` (see
`acts.containers`), a containerd-shim for those of the Docker Engine, whose files have the name to an id.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netkit.linux import procfs

CLIENT = "netkit-container"
"""What stands in the minder's command line before the folder of a container of `nk.Docker`, which is called like it."""

ENGINE_DATA = "/run/docker-data"
"""Where the Docker Engine in the sandbox keeps images and containers: in memory, and gone with the sandbox."""

_DATA = (ENGINE_DATA, "/var/lib/docker")
"""Where the files of an Engine may be: also one that somebody has started by hand."""

_SHIM, _SHORT = "containerd-shim", 12


def name_by(minder: int) -> str | None:
    """The name of the container that a process minds.

    Args:
        minder: its process id.

    Returns:
        None where it minds none; the first twelve digits of the id, as `docker ps` writes it, where the Engine's file
        cannot be read.
    """
    words = _command_line(minder)
    if CLIENT in words[:-1]:
        return os.path.basename(words[words.index(CLIENT) + 1])
    if os.path.basename(words[0]).startswith(_SHIM) and "-id" in words[:-1]:
        return _called(words[words.index("-id") + 1])
    return None


def _command_line(pid: int) -> list[str]:
    try:
        return procfs.read(f"/proc/{pid}/cmdline").decode(errors="replace").split("\0")
    except OSError:  # it has ended
        return [""]


def _called(identity: str) -> str:
    """The name of a container of the Engine."""
    for data in _DATA:
        try:
            told: Any = json.loads(Path(data, "containers", identity, "config.v2.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):  # it has no such container, or is just writing
            continue
        if isinstance(told, Mapping) and isinstance(name := told.get("Name"), str) and name.strip("/"):
            return name.strip("/")
    return identity[:_SHORT]
