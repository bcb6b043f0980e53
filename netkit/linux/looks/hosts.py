"""The file /etc/hosts as the processes of a namespace see it (hosts(5), proc(5): /proc/PID/root)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netkit.linux.namespaces import Place

_FILE = "etc/hosts"


def of(place: Place) -> str | None:
    """The text of /etc/hosts as the oldest process of a namespace sees it.

    Args:
        place: the namespace.

    Returns:
        None where it is the host's own file, or has the same text, where the namespace has no processes, and where
        this process may not look.
    """
    if place.oldest is None:
        return None
    theirs, ours = f"/proc/{place.oldest}/root/{_FILE}", f"/{_FILE}"
    try:
        if os.path.exists(ours) and os.path.samefile(theirs, ours):
            return None
        text = Path(theirs).read_text(errors="replace")
        return text if not os.path.exists(ours) or text != Path(ours).read_text(errors="replace") else None
    except OSError:  # the process has ended, has no such file, or belongs to somebody else
        return None
