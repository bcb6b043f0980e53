"""`nk.expected`, failures on purpose: an error that belongs to the lesson is shown as its sentence; all goes on."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

from netkit.errors import InvalidValue, NetkitError, Unexpected
from netkit.face import face
from netkit.spelling import shown

if TYPE_CHECKING:
    from collections.abc import Iterator


def _kind(value: Any) -> type[NetkitError]:
    """One of netkit's errors."""
    if not (isinstance(value, type) and issubclass(value, NetkitError)):
        rule = "it is one of netkit's errors"
        raise InvalidValue(f"{shown(value)} is no kind of error", rule, "Try nk.expected(nk.NetkitError)")
    return value


Failure = Annotated[Any, _kind]


@face
@contextmanager
def expected(*kinds: Failure) -> Iterator[None]:
    """A block that is meant to fail: its error is shown, as a notebook would, and does not stop a run of all cells.

    Args:
        kinds: of errors that may come; without any, every one of netkit's.

    Raises:
        Unexpected: the block did not fail, so what the lesson says about it is not true here.
        InvalidValue: something is no kind of netkit's errors.

    Example:
        >>> with expected(InvalidValue):
        ...     raise InvalidValue("'a b' has a space", "names are one word", "Try 'a-b'")
        ✗ InvalidValue: 'a b' has a space; names are one word. Try 'a-b'.
    """
    meant = kinds or (NetkitError,)
    try:
        yield
    except meant as error:
        print(f"✗ {type(error).__name__}: {error}")  # noqa: T201  (the learner sees it)
    else:
        names = " or ".join(kind.__name__ for kind in meant)
        raise Unexpected(f"{names} did not come", "this block is meant to fail", "Look at what is there: nk.draw()")
