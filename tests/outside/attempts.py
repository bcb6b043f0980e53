"""Knows all ways out of the sandbox that are tried; the kernel under test imports this file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.outside import attempts_by_mounts, attempts_by_processes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.outside.kernel_calls import Outside

ATTEMPTS: dict[str, Callable[[Outside], object]] = {
    name: value
    for module in (attempts_by_processes, attempts_by_mounts)
    for name, value in vars(module).items()
    if callable(value) and value.__module__ == module.__name__ and not name.startswith("_")
}
"""All of them by name: each raises OSError, because the kernel refuses, or returns what it got hold of."""


def attempt(name: str, outside: Outside) -> str:
    """Try a way out.

    Args:
        name: a key of ATTEMPTS.
        outside: what the test has put outside.

    Returns:
        "refused: …" with the reason, or "SUCCEEDED: …" with what it got hold of.
    """
    try:
        return f"SUCCEEDED: {ATTEMPTS[name](outside)!r}"
    except OSError as error:
        return f"refused: {type(error).__name__}: {error}"
