"""Published ports: what -p may say (8080:80, 53/udp, ranges), how `docker ps` tells them, and how they are taken."""

from __future__ import annotations

import errno
import ipaddress
from typing import TYPE_CHECKING, Any, NamedTuple

from netkit import kinds, validation
from netkit.errors import AlreadyExists, InvalidValue, NotFound
from netkit.linux.acts import containers
from netkit.spelling import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import ExitStack
    from socket import socket

    from netkit.lab.namespaces import Namespace

EVERYWHERE = "0.0.0.0"  # noqa: S104  (what Docker takes where no address is named)
EVERYWHERE6 = "::"
_PROTOCOLS = ("tcp", "udp")


class Published(NamedTuple):
    """A port of the machine that leads into a container.

    Attributes:
        protocol: "tcp" or "udp".
        here: the machine's port.
        there: the container's port.
        address: the machine's address that it is published at; 0.0.0.0 for all of them.
    """

    protocol: str
    here: int
    there: int
    address: str = EVERYWHERE

    @property
    def outside(self) -> str:
        """Where one asks: "127.0.0.1:8085", "[::1]:8085"."""
        return validation.endpoint(self.address, self.here)

    @property
    def of_six(self) -> bool:
        """Whether it is published at an address of IPv6."""
        return ":" in self.address

    @property
    def inside(self) -> str:
        """Where it leads: "80/tcp"."""
        return f"{self.there}/{self.protocol}"

    @property
    def everywhere(self) -> bool:
        """Whether it is published at all addresses of the machine."""
        return self.address in (EVERYWHERE, EVERYWHERE6)

    @property
    def near(self) -> bool:
        """Whether it is published at an address of the machine's loopback."""
        return ipaddress.ip_address(self.address).is_loopback

    def __str__(self) -> str:
        return f"{self.outside}->{self.inside}"


def ports(value: Any) -> tuple[Published, ...]:
    """Published ports: {8080: 80}, {5353: "53/udp"}, or as behind -p, ["127.0.0.1:8085:80", "9000-9002:9000-9002"].

    Raises:
        InvalidAddress: it is no address that a machine has.
        InvalidValue: it is no such table or list, or has a number that is no port.
    """
    if isinstance(value, dict):
        found = [_pair(here, target) for here, target in value.items()]
    elif isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        found = [one for item in value for one in _typed(item)]
    else:
        rule = "a table says which port leads where, or a list what stands behind Docker's -p"
        raise InvalidValue(f"{shown(value)} are no ports", rule, "Try ports={8080: 80}, or ports=['127.0.0.1:8080:80']")
    return tuple(dict.fromkeys(found))


def at(published: Iterable[Published], address: str) -> tuple[Published, ...]:
    """Published ports, those that name no address at one that a network has for them.

    Args:
        published: they.
        address: the network's; "" where it has none.
    """
    return tuple(one._replace(address=address) if address and one.address == EVERYWHERE else one for one in published)


def in_both(published: Iterable[Published]) -> tuple[Published, ...]:
    """Published ports of a container that has an address of IPv6 too: everywhere means both families then."""
    each = ((one, one._replace(address=EVERYWHERE6)) if one.address == EVERYWHERE else (one,) for one in published)
    return tuple(one for pair in each for one in pair)


def table(published: Iterable[Published]) -> dict[str, list[dict[str, str]]]:
    """Published ports by Docker's own keys: {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]}."""
    found: dict[str, list[dict[str, str]]] = {}
    for one in published:
        found.setdefault(one.inside, []).append({"HostIp": one.address, "HostPort": str(one.here)})
    return found


def reserve(machine: Namespace, published: Iterable[Published], undo: ExitStack) -> dict[Published, socket]:
    """Take published ports, so that no program of the machine does; what gives them back is put on `undo`.

    Returns:
        The socket of each.

    Raises:
        AlreadyExists: somebody has one already.
        NotFound: the machine does not have the address.
    """
    taken = {}
    for one in published:
        try:
            taken[one] = containers.reserve(machine.path, one.protocol, one.address, one.here)
            undo.callback(taken[one].close)
        except OSError as error:
            said = f"the kernel says: {error.strerror}"
            if error.errno == errno.EADDRNOTAVAIL:
                problem, remedy = (
                    f"{machine.name} has no address {one.address}",
                    "Publish at one of its own: ip -brief a",
                )
                raise NotFound(problem, said, remedy) from None
            raise AlreadyExists(
                f"port {one.here}/{one.protocol} of {machine.name} is already allocated",
                f"a port belongs to one program or container; {said}",
                "Publish another one, or remove what has it: docker.ps() lists containers, `ss -tlnp` programs",
            ) from None
    return taken


def _pair(here: Any, target: Any) -> Published:
    """A row of a table: the machine's port, and 80, "80" or "53/udp"."""
    if not isinstance(target, str):
        return Published("tcp", kinds.port(here), kinds.port(target))
    number, protocol = _protocol(target)
    return Published(protocol, kinds.port(here), _port(number, target))


def _typed(text: str) -> Iterator[Published]:
    """What stands behind -p: [ADDRESS:]PORT:PORT[/PROTOCOL]; ports may be ranges, an address of IPv6 is in brackets."""
    rest, protocol = _protocol(text)
    bracketed, mark, after = rest.removeprefix("[").partition("]:")
    if mark:
        address, (here, _, there) = [bracketed], after.partition(":")
    else:
        *address, here, there = ("", "", *rest.split(":"))[-3:] if rest.count(":") < 3 else ("", "", "")
    if not here or not there:
        rule = "it is PORT:PORT or ADDRESS:PORT:PORT, the machine's port first"
        raise InvalidValue(f"{shown(text)} publishes nothing", rule, "Try '127.0.0.1:8085:80'")
    outside, inside = _range(here, text), _range(there, text)
    if len(outside) != len(inside):
        rule = f"{here} are {len(outside)} ports, {there} are {len(inside)}"
        raise InvalidValue(f"{shown(text)} does not say which leads where", rule, "Take two ranges of one length")
    at = _address(address[0]) if address[0] else EVERYWHERE
    return (Published(protocol, *pair, at) for pair in zip(outside, inside, strict=True))


def _protocol(text: str) -> tuple[str, str]:
    """What stands before /tcp or /udp, and which of the two; TCP where none is named."""
    before, slash, protocol = text.partition("/")
    if slash and protocol not in _PROTOCOLS:
        _refuse(text)
    return before, protocol or "tcp"


def _range(word: str, text: str) -> range:
    """The ports of "9000-9002", or of "80"."""
    first, _, last = word.partition("-")
    start, end = _port(first, text), _port(last or first, text)
    return range(start, end + 1)


def _port(number: str, text: str) -> int:
    if not (number.isascii() and number.isdecimal()):
        _refuse(text)
    return kinds.port(int(number[:6]))


def _refuse(text: str) -> None:
    rule = "it is a number, with /udp behind it for UDP"
    raise InvalidValue(f"{shown(text)} is no port of a container", rule, "Try 80 or '53/udp'")


def _address(text: str) -> str:
    return str(validation.address(text))
