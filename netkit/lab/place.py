"""`nk.Namespace.get`, and what every handle of a namespace knows: its name, how to enter it, which words it has."""

from __future__ import annotations

import os
import shlex
from typing import Annotated, Any, Self

from netkit import validation
from netkit.errors import InvalidName, InvalidValue, NotFound, UnknownName, WrongCall
from netkit.face import face
from netkit.handles import absent, guarded, keep
from netkit.kinds import File, Word
from netkit.linux import namespaces
from netkit.linux.looks import observe
from netkit.model import HOST
from netkit.shell import in_namespace, is_nameless
from netkit.spelling import shown


def _name(value: Any) -> str:
    return validation.text(value, "the name of a namespace", InvalidName)


NameThere = Annotated[str, _name]
_INSTEAD = {
    "routes": ".add_route(…)",
    "interfaces": "nk.veth(…), nk.Bridge(…) or .move(…) of an interface",
    "exec": ".run(…)",
    "popen": ".start(…)",
    "cmd": ".run(…)",
    "remove": ".delete()",
    "ifconfig": ".run('ifconfig')",
    "ip": ".run('ip addr')",
}


@guarded(_INSTEAD)
class Place:
    """A namespace's name and path, and how its commands are typed.

    Attributes:
        name: "host", its name in /run/netns, or "[web]" for the nameless one of a container or program.
        path: a file that opens it.
    """

    name: str
    path: str

    @classmethod
    @face
    def get(cls, name: NameThere) -> Self:
        """The handle of a namespace that is there, also of one that a shell command made.

        Args:
            name: as `nk.snapshot()` calls it.

        Raises:
            NotFound: there is none of that name; the error lists those that are there.
        """
        there = {place.name: place for place in namespaces.find()}
        if name not in there:
            known, remedy = f"there are: {', '.join(there)}", f"Make it: nk.Namespace({shown(name)})"
            raise NotFound(f"there is no namespace {shown(name)}", known, remedy)
        return cls._at(name, there[name].path)

    @classmethod
    @face
    def at(cls, name: Word, path: File) -> Self:
        """A handle for a namespace that is there: its name, and a file that opens it."""
        return cls._at(name, str(path))

    @classmethod
    def _at(cls, name: str, path: str) -> Self:
        handle = object.__new__(cls)
        keep(handle, name=name, path=path)
        return handle

    @property
    def as_argument(self) -> str:
        """What `ip link set … netns` calls it: its name; the host by its first process, a nameless one by its path."""
        if self.name == HOST:
            return "/proc/1/ns/net" if os.path.lexists(namespaces.path_of("1")) else "1"
        return shlex.quote(self.path if is_nameless(self.name) else self.name)

    @face
    def typed(self, command: Word) -> str:
        """A command as one types it on the host so that it runs in here."""
        return self._typed_here(command)

    def _typed_here(self, command: str) -> str:
        """The same of a command that netkit itself has made up."""
        return in_namespace(self.name, self.path, command)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name not in ("name", "path") and name in observe.names(self.path):
            raise UnknownName(f"{self.name} has no '{name}'", "interfaces are looked up", f"Try {self.name}['{name}']")
        return absent(self, name)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        refuse_text(self, other)
        if not isinstance(other, Place):
            return NotImplemented
        try:
            return self.path == other.path or os.path.samefile(self.path, other.path)
        except OSError:  # one of them has ended
            return False

    def __hash__(self) -> int:
        return hash(self.name)


def refuse_text(handle: Any, other: object) -> None:
    """Refuse to compare a handle with a text: they are never equal, and whoever asks means the name.

    Args:
        handle: of a namespace or an interface.
        other: what it is compared with.

    Raises:
        WrongCall: it is a text.
    """
    if isinstance(other, str):
        problem = f"{handle.name} is compared with the text {shown(other)}"
        raise WrongCall(problem, "a handle is no text, but has a name", f"Try .name == {shown(other)}")


def checked(value: Any) -> Any:
    """The handle, if it is one; else an error that says how to get one."""
    if not isinstance(value, Place):
        raise InvalidValue(
            f"{shown(value)} is not a namespace", "a handle is needed here", "Try nk.Namespace.get('ns1')"
        )
    return value


Room = Annotated[Place, checked]


def place_of(handle: Any) -> Place | None:
    """The namespace that a handle is, or is in: an interface's, a container's; None for anything else.

    Args:
        handle: anything.
    """
    place = handle if isinstance(handle, Place) else getattr(handle, "namespace", None)
    return place if isinstance(place, Place) else None
