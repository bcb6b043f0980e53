"""The launcher's diary, since Jupyter throws away what a kernel's launcher prints.

It is a file of its own beside the sandbox, at most half a megabyte with the part before it.
"""

import os
import time

_LARGEST = 256 * 1024


def path() -> str:
    """Where the diary is (XDG Base Directory Specification: state)."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return os.path.join(state, "netkit", "netkit.log")


def write(sentence: str) -> None:
    """Append a line; a full disk or a read-only home must not keep a kernel from starting.

    Args:
        sentence: what happened.
    """
    file = path()
    stamp = time.strftime("%Y-%m-%d %H:%M:%S")
    try:
        os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
        if os.path.exists(file) and os.path.getsize(file) > _LARGEST:
            os.replace(file, file + ".1")
        with open(file, "a", encoding="utf-8") as diary:
            diary.write(f"{stamp} [{os.getpid()}] {sentence}\n")
    except OSError:
        return
