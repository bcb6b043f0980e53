"""The kinds of what a learner gives, each with its check: ports, MTU, VNI, metrics, seconds, flags (`netkit.face`).

A check takes what was typed and returns what the function gets, or raises an `InvalidValue` that names the value, the
rule and the remedy.  numpy's numbers are taken for Python's own.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from netkit import names, validation
from netkit.errors import InvalidValue
from netkit.spelling import nearest, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MTU_MIN, _MTU_MAX = 68, 65535


def number(value: Any, what: str, low: int, high: int, *, example: int) -> int:
    """A whole number between two limits.

    Args:
        value: what was given.
        what: what it is meant to be, with its article: "a port".
        low: the smallest that is allowed.
        high: the largest that is allowed.
        example: one to suggest.

    Returns:
        The number.

    Raises:
        InvalidValue: it is not a whole number, or outside the limits.
    """
    found = plain_number(value)
    if isinstance(found, bool) or not isinstance(found, int):
        raise InvalidValue(f"{shown(value)} is not {what}", "it is a whole number", f"Try {example}")
    if not low <= found <= high:
        raise InvalidValue(f"{shown(found)} is not {what}", f"it goes from {low} to {high}", f"Try {example}")
    return int(found)


def mtu(value: Any) -> int:
    """A maximum transmission unit: the bytes of the largest packet (netdevice(7)), 68 (RFC 791) to 65535."""
    return number(value, "an MTU", _MTU_MIN, _MTU_MAX, example=1500)


def port(value: Any) -> int:
    """A TCP or UDP port, 1 to 65535 (RFC 9293, RFC 768)."""
    return number(value, "a port", 1, 65535, example=8080)


def seconds(value: Any, what: str, most: float = 3600) -> float:
    """A time to wait, in seconds: more than 0 and at most an hour, or `most`.

    Raises:
        InvalidValue: it is no number, or outside the limits.
    """
    found = plain_number(value)
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise InvalidValue(f"{shown(value)} is not {what}", "it is a number of seconds", "Try 1")
    if not 0 < found <= most:
        raise InvalidValue(f"{shown(found)} is not {what}", f"it goes from just above 0 to {most} seconds", "Try 1")
    return float(found)


def flag(value: Any, name: str) -> bool:
    """A switch: True or False, and nothing else, since "no" would be taken for True."""
    found = plain_number(value)
    if not isinstance(found, bool):
        raise InvalidValue(f"{name}={shown(value)} is not True or False", "it is on or off", f"Try {name}=True")
    return found


def _number_of_rows(value: Any) -> int:
    """How many rows a table shows."""
    return number(value, "a number of rows", 1, 10**9, example=40)


def title(value: Any, name: str) -> str:
    """A text, which may be empty."""
    return validation.text(value, f"a text for {name}", InvalidValue)


def word(value: Any, name: str) -> str:
    """A text that says something."""
    found = validation.text(value, f"a text for {name}", InvalidValue)
    if not found.strip():
        raise InvalidValue(f"{name}={found!r} says nothing", "a text has a letter at least", f"Try {name}='text'")
    return found


def file(value: Any) -> Path:
    """Where a file is, or is to be: a text or a path."""
    if not isinstance(value, str | os.PathLike) or not isinstance(os.fspath(value), str):
        raise InvalidValue(f"{shown(value)} is no path of a file", "it is a text or a pathlib.Path", "Try 'net.svg'")
    found = validation.text(os.fspath(value), "a path", InvalidValue)
    if not found.strip():
        raise InvalidValue(f"{found!r} is no path of a file", "a file has a name", "Try 'net.svg'")
    return Path(found)


def command(value: Any) -> str | list[str]:
    """A command: a text as one types it, or its words one by one."""
    if isinstance(value, list | tuple):
        words = [os.fspath(each) if isinstance(each, os.PathLike) else each for each in value]
        if words and words[0] and all(isinstance(each, str) for each in words):
            return [validation.text(each, "a word", InvalidValue) for each in words]
        remedy = "Try ['ip', 'route']"
        raise InvalidValue(f"{shown(value)} is not a command", "its words are texts, the program first", remedy)
    if not isinstance(value, str) or not value.strip():
        rule = "a command is a text such as one types, or a list of words"
        raise InvalidValue(f"{shown(value)} is not a command", rule, "Try 'ip route'")
    return validation.text(value, "a command", InvalidValue)


def choice(what: str, *choices: str) -> Callable[[Any], str]:
    """A check that takes one of some words.

    Args:
        what: what they are: "policy".
        choices: the words.
    """

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            meant = nearest(value, choices) or choices[0]
            rule = f"it is one of {', '.join(choices)}"
            raise InvalidValue(f"{shown(value)} is not a {what}", rule, f"Try '{meant}'")
        return str(value)

    return check


def plain_number(value: Any) -> Any:
    """Python's own number for one of numpy's; anything else as it is."""
    numpys = type(value).__module__ == "numpy" and getattr(value, "shape", None) == ()
    return value.item() if numpys else value


Flag = Annotated[bool, flag]
Port, Mtu = Annotated[int, port], Annotated[int, mtu]
Metric = Annotated[int, partial(number, what="a metric", low=0, high=2**32 - 1, example=100)]
Table = Annotated[int, partial(number, what="a routing table", low=1, high=2**32 - 1, example=100)]
Mark = Annotated[int, partial(number, what="a mark", low=1, high=2**32 - 1, example=7)]
Priority = Annotated[int, partial(number, what="a priority", low=0, high=2**32 - 1, example=100)]
Vni = Annotated[int, partial(number, what="a VNI", low=1, high=2**24 - 1, example=4097)]
Rows = Annotated[int, _number_of_rows]
Timeout = Annotated[float, partial(seconds, what="a timeout")]
Title, Word = Annotated[str, title], Annotated[str, word]
File = Annotated["str | os.PathLike[str]", file]
Command = Annotated["str | Sequence[str]", command]

# What is typed as a text is a value of `ipaddress` for the function.
Address = Annotated[Any, validation.address]
InterfaceAddress = Annotated[Any, validation.interface_address]
Router = Annotated[Any, validation.router]
Other = Annotated[Any, partial(validation.machine, what="a neighbour")]
Destination = Annotated[Any, validation.network]
Mac = Annotated[str, validation.mac]

NamespaceName, InterfaceName = Annotated[str, names.namespace], Annotated[str, names.interface]
Switch = Annotated[str, names.sysctl]
