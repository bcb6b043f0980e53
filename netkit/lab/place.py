"""A place to work in: what every handle of a namespace knows, its name and how to enter it."""

from __future__ import annotations

import os
import shlex
from typing import Any, Self

from netkit import names
from netkit.errors import InvalidValue, NotFound, UnknownName
from netkit.lab import journal
from netkit.linux import namespaces, observe
from netkit.model import HOST


class Place:
    """A namespace's name and path, and how its commands are typed.

    Attributes:
        name: "host", its name in /run/netns, or "[program]" for the nameless one of a process.
        path: a file that opens it.
    """

    name: str
    path: str

    @classmethod
    def get(cls, name: str) -> Self:
        """The handle of a namespace that is there, also of one that a shell command made.

        Args:
            name: as `nk.snapshot()` calls it.

        Raises:
            NotFound: there is none of that name; the error lists those that are there.
        """
        there = {place.name: place for place in namespaces.find()}
        if not isinstance(name, str) or name not in there:
            raise NotFound(
                f"there is no namespace {name!r}", f"there are: {', '.join(there)}", f"Make it: nk.Namespace({name!r})"
            )
        return cls.at(name, there[name].path)

    @classmethod
    def at(cls, name: str, path: str) -> Self:
        """A handle for a namespace that is there: its name, and a file that opens it."""
        handle = object.__new__(cls)
        handle.name, handle.path = name, path
        return handle

    @property
    def as_argument(self) -> str:
        """What `ip link set … netns` calls it: its name; the host by its first process, a nameless one by its path."""
        if self.name == HOST:
            return "/proc/1/ns/net" if os.path.lexists(namespaces.path_of("1")) else "1"
        return shlex.quote(self.path if self.name.startswith("[") else self.name)

    def typed(self, command: str) -> str:
        """A command as one types it on the host so that it runs in here."""
        return journal.in_namespace(self.name, self.path, command)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name not in ("name", "path") and name in observe.names(self.path):
            raise UnknownName(f"{self.name} has no '{name}'", "interfaces are looked up", f"Try {self.name}['{name}']")
        raise names.unknown(vars(self).get("name", type(self).__name__), name, dir(type(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Place):
            return NotImplemented
        try:
            return self.path == other.path or os.path.samefile(self.path, other.path)
        except OSError:  # one of them has ended
            return False

    def __hash__(self) -> int:
        return hash(self.name)


def checked(value: Any) -> Any:
    """The handle, if it is one; else an error that says how to get one."""
    if not isinstance(value, Place):
        raise InvalidValue(f"{value!r} is not a namespace", "a handle is needed here", "Try nk.Namespace.get('ns1')")
    return value


def place_of(handle: Any) -> Place | None:
    """The namespace that a handle is, or is in: an interface's, a container's; None for anything else.

    Args:
        handle: anything.
    """
    place = handle if isinstance(handle, Place) else getattr(handle, "namespace", None)
    return place if isinstance(place, Place) else None
