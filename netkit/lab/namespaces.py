"""`nk.Namespace`, `nk.host`, `nk.sh`: make, delete and look into namespaces, their interfaces by name (and by Tab)."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Self

from netkit.errors import AlreadyExists, InvalidValue, NetkitError, NotFound
from netkit.face import face
from netkit.handles import Several, keep
from netkit.kinds import Command, NamespaceName, Timeout
from netkit.lab import journal
from netkit.lab.firewall import Filtering
from netkit.lab.interfaces import Interface
from netkit.lab.link import summary
from netkit.lab.routing import Routing
from netkit.lab.running import Running
from netkit.linux import namespaces
from netkit.linux.acts import teardown
from netkit.linux.entering import HOST_PATH
from netkit.linux.looks import observe
from netkit.linux.netlink import sockets
from netkit.model import HOST
from netkit.shell import in_namespace
from netkit.spelling import shown
from netkit.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from netkit import model
    from netkit.outcomes import Outcome


class Namespace(Running, Routing, Filtering):
    """A network namespace: interfaces, addresses, routes and rules of its own (network_namespaces(7)).

    `Namespace("ns1")` makes one; `Namespace.get("ns1")` finds one that is there, however it was made;
    `nk.host` is the one that the notebook itself lives in.

    Args:
        name: of the new namespace.

    Attributes:
        name: "host", its name in /run/netns, or "[web]" for the nameless one of a container or program.
        path: a file that opens it.

    Raises:
        InvalidName: it is no name for a namespace.
        AlreadyExists: the name is taken.

    Example:
        >>> ns1 = nk.Namespace("ns1")  # doctest: +SKIP
        $ ip netns add ns1
    """

    @face
    def __init__(self, name: NamespaceName) -> None:
        keep(self, name=name, path=namespaces.path_of(name))
        journal.perform(f"ip netns add {name}", lambda: _create(name))

    @face
    def delete(self) -> None:
        """Remove it and all that is in it: `ip netns delete NAME`; returns when its cables' other ends are gone.

        Raises:
            InvalidValue: it is the host, a nameless one, or processes still live in it.
            NotFound: it is not there (any more).
        """
        place = namespaces.named(self.name)
        if place is None:
            raise self._undeletable()
        if place.processes:
            raise InvalidValue(
                f"processes still live in '{self.name}': {', '.join(place.processes)}",
                "a namespace lives on while a process is in it, only its name would go",
                "Stop them first: .stop() of what .start(…) returned",
            )
        command = f"ip netns delete {shlex.quote(self.name)}"
        note_ends(journal.perform(command, lambda: teardown.delete([self.name])))

    def _undeletable(self) -> NetkitError:
        """Why it cannot be deleted, though it is no name in /run/netns."""
        there = [place.name for place in namespaces.find()]
        if self.name not in there:
            return NotFound(
                f"there is no namespace '{self.name}'", f"there are: {', '.join(there)}", "Make it: nk.Namespace('ns1')"
            )
        return InvalidValue(
            f"{self.name} cannot be deleted",
            "only namespaces with a name in /run/netns can",
            "Restart the kernel for a fresh sandbox",
        )

    @property
    def state(self) -> model.Namespace:
        """All that the kernel says of it now, as a frozen value.

        Raises:
            NotFound: it is not there (any more).
        """
        journal.look()
        return observe.namespace(self.name)

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        """Its interfaces, in index order."""
        there = (self[name] for name in observe.names(self.path))
        return Several(there, f"{self.name}.interfaces", add="nk.veth(…)", delete="[0].delete()")

    @property
    def exists(self) -> bool:
        """Whether it is there."""
        return any(place.name == self.name for place in namespaces.find())

    def __getitem__(self, interface: str) -> Interface:
        kind = observe.kind_and_master(self.path, interface)[0] if isinstance(interface, str) else None
        if kind is None:
            raise NotFound(f"{shown(interface)} is no interface's name", "names are texts", f"Try {self.name}['lo']")
        return Interface.KINDS.get(kind, Interface)._at(self, interface)

    def __iter__(self) -> Iterator[Interface]:
        return iter(self.interfaces)

    def __contains__(self, interface: object) -> bool:
        return interface in observe.names(self.path)

    def _ipython_key_completions_(self) -> list[str]:
        return observe.names(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.delete()

    def __repr__(self) -> str:
        try:
            links = self.state.interfaces.values()
        except NetkitError:
            return f"{self.name}: gone"
        return visible("\n".join([f"{self.name}:", *(f"  {link.name}: {summary(link)}" for link in links)]))


host = Namespace._at(HOST, HOST_PATH)
"""The namespace that the notebook itself lives in: what plays the machine in the lessons."""


@face
def sh(command: Command, *, timeout: Timeout = 60.0) -> Outcome:
    """Run any command on the host, in the sandbox; what it leaves in the background (`… &`) runs on.

    Args:
        command: as one types it.
        timeout: seconds (float) after which it is ended.

    Returns:
        What it said: `.stdout`, `.stderr`, `.returncode`; a notebook shows the output.

    Raises:
        ProgramMissing: there is no such program.
        CommandFailed: it did not end in time.
    """
    return host.run(command, timeout=timeout)


def note_ends(ends: Iterable[teardown.End]) -> None:
    """Write down that a script has to wait for the other ends of cables that went with their namespaces."""
    for end in ends:
        gone = in_namespace(end.namespace, end.path, f"ip link show dev {shlex.quote(end.interface)}")
        journal.note(f"while {gone} >/dev/null 2>&1; do sleep 0.01; done  # its cable follows a moment later")


def _create(name: str) -> None:
    try:
        sockets.keep(namespaces.path_of(name), namespaces.create(name))
    except AlreadyExists as error:
        raise AlreadyExists(
            error.problem, "names are unique", f"Use it: nk.Namespace.get('{name}'), or delete it first: .delete()"
        ) from None
