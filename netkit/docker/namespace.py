"""A container's network namespace: nameless for `ip netns` (so `nsenter`) until it is linked into /run/netns."""

from __future__ import annotations

import os

from netkit.handles import keep
from netkit.lab.namespaces import Namespace
from netkit.linux import namespaces
from netkit.linux.entering import DIRECTORY
from netkit.shell import in_namespace


class ContainerNamespace(Namespace):
    """The namespace of a container, a `nk.Namespace` whose commands are typed with the container's process id.

    Args:
        name: the container's.
        variable: the shell variable that holds its process id in printed commands.
        pid: process id of the container's first process.
        inode: the namespace's identity.

    Example:
        >>> web.namespace.run("ip addr")  # doctest: +SKIP
        $ nsenter --net=/proc/$web_pid/ns/net ip addr
    """

    def __init__(self, name: str, variable: str, pid: int, inode: int) -> None:
        self._container, self._variable, self._inode = name, variable, inode
        keep(self, path=f"/proc/{pid}/ns/net")

    @classmethod
    def _at(cls, name: str, path: str) -> Namespace:  # type: ignore[override]
        """A handle for another namespace, which need not be a container's."""
        return Namespace._at(name, path)

    @property
    def name(self) -> str:  # type: ignore[override]  (a Place has it as an attribute; here it may change)
        """What a snapshot calls it: "[web]", or its name in /run/netns once it has one."""
        found = (place.name for place in namespaces.find() if place.inode == self._inode)
        return next(found, f"[{self._container}]")

    def switch_lo_on(self, *, six: bool) -> None:
        """Give it a loopback that works.

        Args:
            six: whether it has IPv6; without it, nothing in the namespace has.
        """
        if not six:
            self.sysctl("net.ipv6.conf.all.disable_ipv6", 1)
        self["lo"].up()

    @property
    def as_argument(self) -> str:
        """What `ip link set … netns` calls it: the container's process id."""
        return f"${self._variable}"

    def _typed_here(self, command: str) -> str:
        linked = next((name for name in _names() if _inode(f"{DIRECTORY}/{name}") == self._inode), None)
        if linked is not None:
            return in_namespace(linked, self.path, command)
        return f"nsenter --net=/proc/{self.as_argument}/ns/net {command}"


def _names() -> list[str]:
    return sorted(os.listdir(DIRECTORY)) if os.path.isdir(DIRECTORY) else []


def _inode(path: str) -> int | None:
    try:
        return os.stat(path).st_ino
    except OSError:  # a link to a process that has ended
        return None
