"""Files that a learner saves: each whole, or as it was before; what is said where the disk or the quota is full."""

from __future__ import annotations

import errno
import os
import stat
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.errors import NetkitError

_REMEDIES = {
    errno.ENOSPC: "Remove what you do not need, or save it in another folder",
    errno.EDQUOT: "Remove what you do not need: you have used up what you may store",
    errno.EFBIG: "Files may not get larger here (ulimit -f): save it from another shell",
}
_REMEDY = "Choose a folder that exists and that you may write to"


def kept(what: str) -> Path:
    """The folder of a learner's own in which things are kept (XDG Base Directory Specification: data).

    Args:
        what: is kept there: "progress", "networks".
    """
    data = os.environ.get("XDG_DATA_HOME")
    return Path(data or Path.home() / ".local" / "share") / "netkit" / what


@contextmanager
def replacing(path: str | Path, what: str, failed: type[NetkitError]) -> Iterator[BinaryIO]:
    """A file to write to; behind the block it takes the place of the one at a path (rename(2)).

    It is written beside it, so that a full disk or an error leaves the old one as it was, and never an empty one.
    Links are followed; what is no ordinary file, like a pipe, is written to.

    Args:
        path: of the file.
        what: is saved, for the error's words: "the picture", say.
        failed: the kind of error.

    Raises:
        NetkitError: of that kind: the file could not be written.

    Example:
        >>> with replacing("hello.txt", "the text", NetkitError) as file:
        ...     _ = file.write(b"hello")
    """
    try:
        place = os.path.realpath(path)
        if os.path.exists(place) and not os.path.isfile(place):
            with open(place, "wb") as file:
                yield file
        else:
            with _beside(place) as file:
                yield file
    except (OSError, TypeError, ValueError) as error:  # ValueError: a null byte
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        remedy = _REMEDIES.get(error.errno or 0, _REMEDY) if isinstance(error, OSError) else _REMEDY
        raise failed(f"{what} was not saved as '{path}'", reason, remedy) from None


@contextmanager
def _beside(place: str) -> Iterator[BinaryIO]:
    """A new file in the same folder, with the mode of the old one, which becomes the one at the place."""
    beside = os.path.join(os.path.dirname(place), f".{uuid.uuid4().hex}")
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666), "wb") as file:
        try:
            with suppress(FileNotFoundError):
                os.fchmod(file.fileno(), stat.S_IMODE(os.stat(place).st_mode))
            yield file
            file.flush()
            os.replace(beside, place)
        except BaseException:
            os.unlink(beside)
            raise
