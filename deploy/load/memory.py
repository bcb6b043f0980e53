"""How much memory each learner takes, read from /proc on the machine where the servers run.

PSS (proportional set size, proc(5)) shares out among its users what several processes have in common, so that
sums make sense.
"""

from __future__ import annotations

from pathlib import Path

PROC = Path("/proc")


def of_learners(names: list[str], proc: Path = PROC) -> dict[str, int]:
    """Bytes of each learner's server and of all that descends from it, without learners of whom nothing can be read.

    Args:
        names: of the learners; JupyterHub tells it each server in JUPYTERHUB_USER.
        proc: where /proc is.
    """
    processes = [folder for folder in proc.iterdir() if folder.name.isdigit()]
    children: dict[int, list[int]] = {}
    users = {}
    for folder in processes:
        pid = int(folder.name)
        children.setdefault(_parent(folder), []).append(pid)
        users[pid] = _user(folder)
    sums = {}
    for name in names:
        roots = [pid for pid, user in users.items() if user == name]
        if total := sum(_pss(proc / str(pid)) for pid in _with_descendants(roots, children)):
            sums[name] = total
    return sums


def _with_descendants(pids: list[int], children: dict[int, list[int]]) -> set[int]:
    found, queue = set(), [*pids]
    while queue:
        pid = queue.pop()
        if pid not in found:
            found.add(pid)
            queue += children.get(pid, [])
    return found


def _read(path: Path) -> str:
    """A file's text; empty if the process has ended, or is not ours to see."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _parent(folder: Path) -> int:
    """The fourth field of /proc/PID/stat; the second, in parentheses, may hold anything."""
    fields = _read(folder / "stat").rpartition(")")[2].split()
    return int(fields[1]) if fields else 0


def _user(folder: Path) -> str:
    return dict(entry.partition("=")[::2] for entry in _read(folder / "environ").split("\0")).get("JUPYTERHUB_USER", "")


def _pss(folder: Path) -> int:
    lines = (line.split() for line in _read(folder / "smaps_rollup").splitlines())
    return sum(int(words[1]) << 10 for words in lines if words[0] == "Pss:")
