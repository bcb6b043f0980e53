"""`netkit.log`, the launcher's diary, since Jupyter throws its prints away: past 256 kB it becomes netkit.log.1.

It is a file of its own beside the sandbox, at most half a megabyte with the part before it.
"""

import errno
import os
import stat
import time
from collections import Counter

_LARGEST = 256 * 1024


def path() -> str:
    """Where the diary is (XDG Base Directory Specification: state)."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return os.path.join(state, "netkit", "netkit.log")


def write(sentence: str) -> bool:
    """Append a line; a full disk or a read-only home must not keep a kernel from starting.

    Args:
        sentence: what happened.

    Returns:
        Whether it was written.
    """
    folder, name = os.path.split(path())
    line = f"{time.strftime('%Y-%m-%d %H:%M:%S')} [{os.getpid()}] {sentence}\n"
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            _append(place, name, line)
        finally:
            os.close(place)
    except OSError:
        return False
    return True


def _append(place: int, name: str, line: str) -> None:
    """Append to a file of one's own in a folder of one's own.

    Root may have somebody else's home (sudo keeps HOME in places): a link or a pipe there must not lead elsewhere.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with open(name, "a", encoding="utf-8", opener=lambda file, _: os.open(file, flags, 0o600, dir_fd=place)) as diary:
        facts = os.fstat(diary.fileno())
        if not stat.S_ISREG(facts.st_mode) or {facts.st_uid, os.fstat(place).st_uid} != {os.geteuid()}:
            raise PermissionError(errno.EPERM, "the diary is somebody else's")
        diary.write(line)
        if facts.st_size > _LARGEST:
            os.replace(name, name + ".1", src_dir_fd=place, dst_dir_fd=place)


class Tally:
    """Writes what may happen very often: the first time, and again the tenth time, the hundredth and so on.

    Args:
        about: what all sentences begin with.
    """

    def __init__(self, about: str) -> None:
        self._about = about
        self._times: Counter[str] = Counter()
        self._due: dict[str, str] = {}

    def write(self, sentence: str) -> None:
        """Count a sentence, and write it if it is time to.

        Args:
            sentence: what happened.
        """
        self._times[sentence] += 1
        times = self._times[sentence]
        if str(times).strip("0") == "1":
            self._due[sentence] = f" (for the {times}th time)" if times > 1 else ""
            self.settle()

    def settle(self) -> None:
        """Write what could not be written when it was due: without a descriptor there is no diary either."""
        written = [sentence for sentence, times in self._due.items() if write(f"{self._about}: {sentence}{times}")]
        for sentence in written:
            del self._due[sentence]
