"""How very many small values are made at once without Python's garbage collector (gc) searching them all the time."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def uncollected() -> Iterator[None]:
    """Let Python look for cyclic garbage only afterwards; also a decorator.

    While a result of many tuples and lists grows, it would look through all of them again and again: that took a third
    of the time of joining, and found nothing (gc, "Garbage Collector interface", in Python's library reference). In the
    end they count as old: else it would look through all of them at once.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            if not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
            gc.enable()
