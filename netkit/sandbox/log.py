"""The launcher's diary, since Jupyter throws away what a kernel's launcher prints.

It is a file of its own beside the sandbox, at most half a megabyte with the part before it.
"""

import os
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
    file = path()
    stamp = time.strftime("%Y-%m-%d %H:%M:%S")
    try:
        os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
        if os.path.exists(file) and os.path.getsize(file) > _LARGEST:
            os.replace(file, file + ".1")
        with open(file, "a", encoding="utf-8") as diary:
            diary.write(f"{stamp} [{os.getpid()}] {sentence}\n")
    except OSError:
        return False
    return True


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
