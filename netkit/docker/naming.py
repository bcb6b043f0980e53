"""The rules for names of containers, networks, images, links; ids, MACs, veth…, br-… that Docker draws at random."""

from __future__ import annotations

import hashlib
import re
import shutil
from typing import Any

from netkit import validation
from netkit.errors import InvalidName, InvalidValue, ProgramMissing
from netkit.spelling import shown

DEFAULT, HOST, NONE, SHARED = "bridge", "host", "none", "container"
"""The networks that every Docker has, and what stands before the name of a container whose network is shared."""

IDLE = ("sleep", "infinity")
"""What a container without a command does."""

RESERVED = (DEFAULT, HOST, NONE, SHARED, "default")
"""What no network of one's own is called."""

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+", re.ASCII)
_IMAGE = re.compile(r"[a-z0-9]+([._/-][a-z0-9]+)*(:[\w][\w.-]{0,127})?", re.ASCII)
_LONGEST, _LONGEST_IMAGE = 64, 255


def identity(machine: str, name: str) -> str:
    """A container's or network's id: 64 hexadecimal digits, drawn at random by Docker, here the same in each run."""
    return hashlib.sha256(f"{machine}\0{name}".encode()).hexdigest()


def veth(id_: str) -> str:
    """The host's end of a container's cable: `veth` and seven hexadecimal digits."""
    return f"veth{id_[:7]}"


def bridge(id_: str) -> str:
    """The bridge of a user-defined network: `br-` and the first twelve digits of the network's id."""
    return f"br-{id_[:12]}"


def mac(id_: str) -> str:
    """A MAC address as Docker draws it at random: of one machine, and locally administered (RFC 7042, 2.1)."""
    first, *others = hashlib.sha256(id_.encode()).digest()[:6]
    return ":".join(f"{byte:02x}" for byte in (first & 0xFE | 0x02, *others))


def variable(name: str) -> str:
    """The shell variable that holds a container's process id in printed commands.

    Example:
        >>> variable("my-web")
        'my_web_pid'
    """
    word = re.sub(r"\W", "_", name, flags=re.ASCII)
    return f"{'_' if word[0].isdigit() else ''}{word}_pid"


def checked(value: Any, what: str) -> str:
    """The name of a container or of a network.

    Args:
        value: what was typed.
        what: "container" or "network".

    Raises:
        InvalidName: Docker would not take it either.
    """
    name = validation.text(value, f"the name of a {what}", InvalidName)
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        plain = re.sub(r"[^a-zA-Z0-9_.-]+", "", name).lstrip("_.-")[:_LONGEST]
        raise InvalidName(
            f"{name!r} is no name of a {what}",
            f"it has 2 to {_LONGEST} letters a-z A-Z, digits and _ . -, and begins with a letter or a digit",
            f"Try '{plain if len(plain) > 1 else 'web'}'",
        )
    return name


def image(value: Any) -> str:
    """An image's name: in lower case, with an optional tag behind a colon.

    Raises:
        InvalidName: it is no reference of an image.
    """
    name = validation.text(value, "an image's name", InvalidName)
    if not _IMAGE.fullmatch(name) or len(name) > _LONGEST_IMAGE:
        raise InvalidName(
            f"{shown(name)} is no image",
            "their names are in lower case, with a tag behind a colon",
            "Try 'busybox:latest'",
        )
    return name


def links(value: Any) -> dict[str, str]:
    """Links: ["c1", "c2:db"] or {"c2": "db"}, as {container: alias}.

    Raises:
        InvalidValue: it is no such list.
        InvalidName: an item is no name.
    """
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list | tuple):
        pairs = [_link(item) for item in value]
    else:
        raise InvalidValue(f"{shown(value)} are no links", "they are a list of containers", "Try links=['c1']")
    found = {checked(_name(name), "container"): checked(alias, "container") for name, alias in pairs}
    for alias in set(found.values()) if len(found) == len(pairs) else ():
        if list(found.values()).count(alias) > 1:
            raise InvalidValue(f"{alias!r} is two containers' alias", "a name leads to one", "Choose another alias")
    return found


def _link(item: Any) -> tuple[Any, Any]:
    name = _name(item)
    if not isinstance(name, str):
        return name, name
    name, colon, alias = name.partition(":")
    return name, alias if colon else name


def _name(item: Any) -> Any:
    """A container's name, also from its handle."""
    return item if isinstance(item, str) else getattr(item, "name", item)


def program(words: list[str]) -> list[str]:
    """A program that a container can find, and its arguments.

    Args:
        words: the command.

    Raises:
        ProgramMissing: there is no such program.
    """
    if shutil.which(words[0]) is None:
        rule = f'Docker says: exec: "{words[0]}": executable file not found in $PATH'
        remedy = "Check its spelling; a container here sees the machine's programs"
        raise ProgramMissing(f"there is no program '{words[0]}'", rule, remedy)
    return words
