"""How an error shows a value, and "Did you mean …": the nearest word to one that is not there."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from netkit.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


_LONGEST = 120


def shown(value: Any) -> str:
    """A value as an error names it: its repr, cut where it is long; its type where it has none.

    Example:
        >>> shown("a b"), shown(10**5000)
        ("'a b'", 'a value of the type int')
    """
    try:
        text = repr(value[:_LONGEST] if isinstance(value, str | bytes) else value)
    except Exception:  # noqa: BLE001  (a stranger's repr may do whatever it likes; a number may be too long)
        return f"a value of the type {type(value).__name__}"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def nearest(value: Any, choices: Iterable[str]) -> str | None:
    """The one of some words that somebody most probably meant, None if nothing is like it.

    Args:
        value: what was typed.
        choices: the words.

    Example:
        >>> nearest("FORWRD", ("INPUT", "FORWARD")), nearest("drop", ("ACCEPT", "DROP")), nearest("x", ("y",))
        ('FORWARD', 'DROP', None)
        >>> nearest("set_up", ("set_mtu", "up")), nearest("ip_address", ("add_address", "address"))
        ('up', 'address')
    """
    if not isinstance(value, str):
        return None
    folded = {choice.lower(): choice for choice in choices}
    word = value[:100].lower()
    parts = [part for part in word.split("_")[1:] if part in folded]
    found = parts[-1:] if word not in folded else [word]
    found = found or difflib.get_close_matches(word, folded, 1, 0.65)
    return folded[found[0]] if found else None


def proposal(value: Any, choices: Iterable[str], form: str = "'{}'", otherwise: str = "Take one of these") -> str:
    """The remedy for a word that is not there.

    Args:
        value: what was typed.
        choices: the words that are there.
        form: how the word that was probably meant is typed.
        otherwise: the remedy if nothing is like it.

    Example:
        >>> proposal("FORWRD", ("INPUT", "FORWARD")), proposal("x", ("y",))
        ("Did you mean 'FORWARD'?", 'Take one of these')
    """
    meant = nearest(value, choices)
    return f"Did you mean {form.format(meant)}?" if meant else otherwise


def unknown(
    owner: str, name: str, choices: Iterable[str], instead: Mapping[str, str] | None = None
) -> UnknownName | AttributeError:
    """The error for an attribute that is not there, with the one that was probably meant.

    Args:
        owner: who has no such attribute.
        name: what was asked for; Python itself asks for names that begin with `_`, and wants a plain error.
        choices: the attributes that are there.
        instead: what to type for a name that other tools have.
    """
    if name.startswith("_"):
        return AttributeError(name)
    known = sorted(choice for choice in choices if not choice.startswith("_"))
    told = (instead or {}).get(name)
    remedy = f"Try {told}" if told else proposal(name, known)
    return UnknownName(f"{owner} has no {name!r}", f"there are: {', '.join(known) or 'none'}", remedy)
