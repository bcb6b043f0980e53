"""`docker run`: ports, links, dns, sysctls, privileged … of a new container, and what of it excludes each other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.docker import naming
from netkit.docker.wishes import NOTHING, Wishes
from netkit.errors import Conflict
from netkit.lab.running import words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.docker.publishing import Published
    from netkit.lab.namespaces import Namespace

_OF_AN_INTERFACE = re.compile(r"(net\.(?:ipv4|ipv6)\.(?:conf|neigh))\.eth\d+\.")


@dataclass(frozen=True)
class Extras:
    """What else may be asked for a container.

    Attributes:
        wishes: what it wants to be on its network.
        hosts: (name, address) of further lines of its /etc/hosts.
        sysctls: (name, value) of switches of its network namespace.
        early: whether these are set before its network is there.
    """

    wishes: Wishes = NOTHING
    hosts: tuple[tuple[str, str], ...] = ()
    sysctls: tuple[tuple[str, str | int], ...] = ()
    early: bool = False

    def insist_on_switches(self) -> None:
        """Refuse what is there only with a network, where switches are set before that is.

        Raises:
            Conflict: a switch is that of an interface.
        """
        own = next((name for name, _ in self.sysctls if self.early and _OF_AN_INTERFACE.match(name)), None)
        if own is not None:
            said = (
                f'Docker says: interface specific sysctl setting "{own}" must be supplied using driver option '
                "'com.docker.network.endpoint.sysctls'"
            )
            default = _OF_AN_INTERFACE.sub(r"\1.default.", own)
            raise Conflict(f"the interface of {own} is not there yet", said, f"Set it for all to come: '{default}'")

    def switch(self, namespace: Namespace, *, early: bool) -> None:
        """Set its switches, if it is time.

        Args:
            namespace: the container's.
            early: whether its network is not there yet.
        """
        for name, value in self.sysctls if early == self.early else ():
            namespace.sysctl(name, value)


@dataclass(frozen=True)
class Settings:
    """The settings of a container.

    Attributes:
        name: its name.
        command: its program and arguments, as they were typed; None for one that idles.
        image: the name of an image, or "".
        network: "bridge", "host", "none", "container:NAME", or the name of a user-defined one.
        ports: that are published.
        links: {container: alias}.
        dns: the name servers that it was given.
        privileged: whether it keeps all rights.
        extras: what else was asked for.
    """

    name: str
    command: str | Sequence[str] | None
    image: str
    network: str
    ports: tuple[Published, ...]
    links: dict[str, str]
    dns: tuple[str, ...]
    privileged: bool
    extras: Extras

    def __post_init__(self) -> None:
        if self.command is not None:
            words_of(self.command)  # a command that cannot be read is refused before anything is made

    @property
    def words(self) -> list[str]:
        """Its program and arguments, word by word."""
        return words_of(self.command) if self.command is not None else list(naming.IDLE)

    @property
    def shares(self) -> str | None:
        """The container whose network it shares, None if it shares none."""
        kind, colon, name = self.network.partition(":")
        return name if kind == naming.SHARED and colon else None


def insist_on_agreement(settings: Settings) -> None:
    """Refuse what Docker refuses: ports and links where the container has no network of its own on a bridge.

    Raises:
        Conflict: two settings exclude each other.
    """
    mode = settings.network
    settings.extras.insist_on_switches()
    if settings.shares or mode == naming.SHARED:
        _refuse(
            settings.extras.hosts, "host names cannot be given", mode, "custom host-to-IP mapping and the network mode"
        )
    if not settings.shares and mode not in (naming.HOST, naming.NONE, naming.SHARED):
        return
    if settings.ports:
        raise Conflict(
            f"ports cannot be published with network '{mode}'",
            "a published port leads to an address on a bridge",
            "Leave ports out, or take network='bridge'",
        )
    if settings.links:
        raise Conflict(
            f"links cannot be made with network '{mode}'",
            "a link leads to an address on the same bridge",
            "Leave links out, or take network='bridge'",
        )
    _refuse(settings.extras.wishes.mac, "a MAC address cannot be had", mode, "mac-address and the network mode")
    wishes = settings.extras.wishes
    if wishes != NOTHING:
        asked = wishes.ip or wishes.ip6 or next(iter(wishes.aliases), "gw_priority")
        said = "Docker says: user specified IP address, and network-scoped alias, are for user defined networks only"
        raise Conflict(f"'{asked}' cannot be had with network '{mode}'", said, "Take a network of one's own")
    if settings.extras.sysctls and mode == naming.HOST:
        name = settings.extras.sysctls[0][0]
        said = f"Docker says: sysctl '{name}' not allowed in host network namespace"
        raise Conflict(
            "the machine's switches are not a container's", said, f"Set it there: nk.host.sysctl('{name}', …)"
        )


def _refuse(asked: object, problem: str, mode: str, options: str) -> None:
    if asked:
        said = f"Docker says: conflicting options: {options}"
        raise Conflict(f"{problem} with network '{mode}'", said, "Leave it out, or take network='bridge'")
