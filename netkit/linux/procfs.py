"""Read small files of the kernel: /proc and /sys (proc(5))."""

import io

_AT_ONCE = 4096


def read(path: str) -> bytes:
    """What the kernel tells in a file, a page of it at most: in a tenth of the time of Path.read_text.

    The file is an object from the moment that it is open, so that an interrupt cannot leave it open.

    Args:
        path: a file that one call of read(2) gives whole.

    Raises:
        OSError: there is no such file, or it cannot be read.
    """
    with io.FileIO(path) as file:
        return file.read(_AT_ONCE)
