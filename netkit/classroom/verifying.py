"""Whether a script makes the network that it was made from: tried in namespaces of its own inside the sandbox."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from netkit.comparison import compare
from netkit.errors import InvalidValue
from netkit.model import HOST, Snapshot

if TYPE_CHECKING:
    from netkit.lessons.portfolio import Work

_SECONDS = 60.0
_APART = ("unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child")
_BEGIN = """\
mount -t proc proc /proc || exit 77
mount -t tmpfs -o mode=755 netkit-verifying /run/netns
mount --bind /run/netns /run/netns
mount --make-shared /run/netns
ip link set dev lo up
sh -c "$1" >/dev/null 2>&1 </dev/null
exec "$2" -P -m netkit.classroom.verifying
"""
_NOT_HERE = 77


def verified(work: Work) -> tuple[bool | None, tuple[str, ...]]:
    """Whether a script makes the same network again, up to names.

    Args:
        work: what was kept of a task.

    Returns:
        None where this sandbox has no room for such a trial; what differs, a sentence each.
    """
    command = (*_APART, "sh", "-c", _BEGIN, "sh", work.script, sys.executable)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
        made = Snapshot.from_json(done.stdout) if done.returncode == 0 else None
    except (subprocess.TimeoutExpired, InvalidValue):
        return False, ("its script did not come to an end",)
    if made is None:
        return (None, ()) if done.returncode == _NOT_HERE else (False, ("its script could not be tried",))
    found = compare(_inner(work.snapshot), _inner(made), a_name="built", b_name="rebuilt")
    return found.equal, tuple(found.differences)


def _inner(state: Snapshot) -> Snapshot:
    """A network without what the sandbox itself gives its host."""
    return Snapshot({space.name: space for space in state if space.name == HOST or space.named or space.processes})


def main() -> int:
    """Write what is here to standard output."""
    from netkit.linux.events import settle
    from netkit.linux.looks import observe

    settle.wait()
    sys.stdout.write(observe.snapshot().to_json())
    return 0


if __name__ == "__main__":
    sys.exit(main())
