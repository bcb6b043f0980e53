"""What flows in a network, asked with real traffic (ping, wget): an echo, one of full size, a page, one by a name."""

from __future__ import annotations

import ipaddress
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from netkit.errors import NotFound
from netkit.lab.place import Place
from netkit.linux.looks import observe
from netkit.linux.probing import probes, web
from netkit.linux.run import run
from netkit.shell import in_namespace
from netkit.validation import endpoint

if TYPE_CHECKING:
    from collections.abc import Iterable

_SECONDS, _SECONDS_TO_REFUSE = 1.5, 0.7
_AT_ONCE = 8


class Server(NamedTuple):
    """Who answers HTTP with a page that tells where it comes from.

    Attributes:
        room: its namespace.
        port: TCP.
    """

    room: str
    port: int


class Came(NamedTuple):
    """What became of a flow.

    Attributes:
        ok: whether an answer came, and from the right one.
        words: what was asked, and what came.
    """

    ok: bool
    words: str


@dataclass(frozen=True)
class Flow:
    """Somebody asks somebody else.

    Attributes:
        room: the namespace that asks.
        whom: an address, or a name that the file /etc/hosts has.
        port: TCP, for a page; None for an echo request.
        page: the namespace whose page it is; "" where any will do.
        size: bytes of an echo request that nobody may cut into pieces; 0 for a small one.
    """

    room: str
    whom: str
    port: int | None = None
    page: str = ""
    size: int = 0

    @property
    def text(self) -> str:
        """The flow, as a sentence."""
        if self.size:
            return f"{self.room} gets an answer from {self.whom} to an echo request of {self.size} bytes"
        if self.port is None:
            return f"{self.room} gets an answer from {self.whom} to an echo request"
        return f"{self.room} gets the page http://{endpoint(self.whom, self.port)}"

    def asked(self, servers: Iterable[Server] = (), seconds: float = _SECONDS) -> Came:
        """Ask, and see what comes.

        Args:
            servers: all that have a page, so that one knows whose it is.
            seconds: float, how long an answer is waited for.
        """
        try:
            place = Place.get(self.room)
        except NotFound as error:
            return Came(ok=False, words=error.problem)
        address = self._address(place)
        if address is None:
            return Came(ok=False, words=f"getent hosts {self.whom}: {self.room} does not know the name")
        if self.port is None:
            answer = probes.echo(place.path, address, self.size, seconds=seconds)
            return Came(answer.ok is True, f"{answer.command}: {answer.words}")
        got = web.page(place.path, address, self.port, seconds)
        command = f"wget -O - http://{endpoint(self.whom, self.port)}"
        author = next((each.room for each in servers if got.text.strip() == page_of(each.room)), "")
        if got.ok and self.page and author != self.page and (author or not self._borne(str(address))):
            return Came(ok=False, words=f"{command}: {f'the page of {author}' if author else 'another page'} came")
        return Came(got.ok, f"{command}: {got.words}")

    def _borne(self, address: str) -> bool:
        """Whether the namespace whose page it is bears the address itself: then whoever answers there is right."""
        return address in observe.namespace(self.page).addresses

    def _address(self, place: Place) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
        """The address that is asked, None if nobody knows it."""
        try:
            return ipaddress.ip_address(self.whom)
        except ValueError:
            words = run(place.path, ["getent", "ahostsv4", self.whom]).stdout.split()
            return ipaddress.ip_address(words[0]) if words else None

    def typed(self) -> str:
        """The flow as one types it on the host."""
        if self.port is not None:
            return in_namespace(self.room, "", f"timeout 2 busybox wget -qO - http://{endpoint(self.whom, self.port)}")
        large = f"-M do -s {self.size - 28} " if self.size else ""
        return in_namespace(self.room, "", f"ping -c 1 -W 2 {large}{self.whom}")


def page_of(room: str) -> str:
    """What a namespace's server answers."""
    return f"This is {room}."


def all_of(flows: Iterable[Flow], servers: Iterable[Server], *, refused: bool = False) -> list[Came]:
    """What becomes of several flows that are asked at once.

    Args:
        flows: to ask.
        servers: all that have a page.
        refused: whether no answer is expected, so that none is waited for as long.
    """
    seconds = _SECONDS_TO_REFUSE if refused else _SECONDS
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda flow: flow.asked(servers, seconds), flows))
