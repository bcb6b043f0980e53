"""Which accounts may own a file with a learner's name: NAME, jupyter-NAME, root, this one; all if NAME is none."""

from __future__ import annotations

import os
import pwd
from contextlib import suppress

_BEFORE = ("", "jupyter-")
"""What may stand before a learner's name in that of the account: The Littlest JupyterHub puts a word there."""


def rightful(learner: str, owners: set[int]) -> set[int]:
    """Of the accounts that own files with a learner's name those whose files may be the learner's.

    Args:
        learner: the name.
        owners: numbers of accounts.

    Returns:
        All of them where no account has that name.
    """
    known = set()
    for before in _BEFORE:
        with suppress(KeyError, ValueError):  # ValueError: no account can have that name
            known.add(pwd.getpwnam(before + learner).pw_uid)
    return owners & (known | _trusted()) if known else owners


def strangers(owners: set[int]) -> list[str]:
    """The names of accounts that are neither this one nor root's.

    Args:
        owners: numbers of accounts.
    """
    return sorted(called(owner) for owner in owners - _trusted())


def called(owner: int) -> str:
    """The name of an account, its number where it has none.

    Args:
        owner: the number.
    """
    with suppress(KeyError):
        return pwd.getpwuid(owner).pw_name
    return str(owner)


def _trusted() -> set[int]:
    """Accounts that may have put everybody's files there."""
    return {0, os.geteuid()}
