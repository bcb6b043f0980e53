"""The player: steps through the journeys of packets, hop by hop, on the picture of their network."""

from __future__ import annotations

from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Annotated, Any

from netkit.errors import InvalidValue, NotFound
from netkit.face import face
from netkit.handles import guarded, keep
from netkit.journey.shown.table import hops_html, hops_text
from netkit.kinds import number
from netkit.pictures.ink.path import PathPicture, Stage
from netkit.pictures.ink.words import describe
from netkit.spelling import shown
from netkit.widgets import anatomy, fallback, pages
from netkit.widgets.choosing import Choice
from netkit.widgets.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.journey.shown.table import Journey
    from netkit.journey.values import Hop
    from netkit.model import Snapshot

_NUMBERS = count(1)


def _number(value: Any) -> int:
    return number(value, "the number of a journey", 1, 10**9, example=1)


Number = Annotated[int, _number]


@guarded({"next": ".go(…)", "play": ".choose(…)"})
class Player:
    """Steps through journeys; `player()` and an x-ray's `.player()` make it.

    Args:
        journeys: to choose from.
        snapshot: the network that they passed.
        journey: the number of the one that is chosen at first.

    Attributes:
        journey (Journey): the one that is chosen.
        position (int): 0 for the whole journey, else the number of the hop, from 1 on.
    """

    def __init__(self, journeys: Sequence[Journey], snapshot: Snapshot, journey: int) -> None:
        keep(self, snapshot=snapshot)
        self._journeys = {one.number: one for one in journeys}
        self._first = self._journeys[journey]
        keep(self, journey=self._first)
        self._group = f"netkit-journeys-{next(_NUMBERS)}"
        self._stage = Stage(snapshot, journeys)
        self._panel = Panel(journeys, self._stage.scene.width)
        self._panel.base.value = pages.stage(pages.image(self._stage.base, describe(snapshot)))
        self._take(journey)
        self._list()
        self._connect()

    @property
    def position(self) -> int:
        """0 for the whole journey, else the number of the hop, from 1 on."""
        return self._panel.hop.value

    @face
    def choose(self, number: Number) -> None:
        """Play another journey.

        Args:
            number: its number.

        Raises:
            NotFound: there is no journey of that number.
        """
        if number not in self._journeys:
            raise _no_journey(number, self._journeys)
        self._take(number)
        self._list()

    @face
    def go(self, position: int) -> None:
        """Go to a hop of the journey.

        Args:
            position: 0 for the whole journey, else the number of the hop, from 1 on.

        Raises:
            InvalidValue: the journey has no such hop.
        """
        last = len(self.journey.hops)
        if isinstance(position, bool) or not isinstance(position, int) or not 0 <= position <= last:
            raise InvalidValue(
                f"{shown(position)} is no hop", f"this journey has hops 1 to {last}; 0 is all of it", "Try 0"
            )
        self._panel.hop.value = position

    @cached_property
    def _picture(self) -> PathPicture:
        """The static twin's."""
        return PathPicture(self._first, self.snapshot)

    def _connect(self) -> None:
        """Let the widgets move the player."""
        panel = self._panel
        panel.hop.observe(lambda _: self._show(), "value")
        panel.number.observe(lambda change: self._typed(change["new"]), "value")
        panel.picked.observe(lambda change: self._take(change["new"]), "value")
        panel.jump.observe(lambda change: self._jumped(change["new"]), "value")
        for field in (panel.protocol, panel.address, panel.text):
            field.observe(lambda _: self._list(), "value")
        panel.next.on_click(lambda _: self._move(1))
        panel.previous.on_click(lambda _: self._move(-1))

    @property
    def _left(self) -> list[Journey]:
        """The journeys that the filter leaves over."""
        panel = self._panel
        return Choice(panel.protocol.value, panel.address.value, panel.text.value).of(self._journeys.values())

    def _list(self) -> None:
        """List the journeys anew."""
        chosen = self.journey.number
        self._panel.journeys.value = pages.journey_list(self._left, len(self._journeys), chosen, self._group)

    def _typed(self, number: int) -> None:
        if number in self._journeys and number != self.journey.number:
            self.choose(number)

    def _move(self, by: int) -> None:
        """Go to the next or the previous one of the journeys that are offered."""
        numbers = [journey.number for journey in self._left]
        if not numbers:
            return
        here = self.journey.number
        place = numbers.index(here) + by if here in numbers else 0
        self.choose(numbers[min(max(place, 0), len(numbers) - 1)])

    def _take(self, number: int) -> None:
        """Show another journey, all of it."""
        if number not in self._journeys:
            return
        panel = self._panel
        keep(self, journey=self._journeys[number])
        panel.stop()
        panel.number.value = panel.picked.value = number
        panel.hops.value = pages.hop_list(self.journey)
        panel.lengthen(len(self.journey.hops))
        if panel.hop.value:
            panel.hop.value = 0
        else:
            self._show()

    def _jumped(self, position: int) -> None:
        if 0 <= position <= len(self.journey.hops):
            self._panel.hop.value = position

    def _show(self) -> None:
        """Show where the journey is."""
        panel, position = self._panel, self.position
        hop = position - 1 if position else None
        panel.over.value = pages.stage(pages.image(self._stage.over(self.journey, hop), ""), self._spot(hop))
        panel.current.value = pages.current(position)
        panel.told.value = pages.telling(self.journey, position)
        panel.jump.value = position
        panel.frame.value = self._frame(position)

    def _spot(self, hop: int | None) -> tuple[float, float] | None:
        """Where the hop is on the picture, in per cent of its width and height; of a whole journey, where it begins."""
        scene, sheet = self._stage.scene, self._stage.sheet(self.journey, 0 if hop is None else hop)
        here = next((panel.box for panel in sheet.panels if panel.role == "now number"), None)
        return (100 * here.cx / scene.width, 100 * here.cy / scene.height) if here else None

    def _frame(self, position: int) -> str:
        """The frame of the hop, or the nearest one before, taken apart."""
        before = _recorded(self.journey, max(position, 1) - 1)
        hop = before[0] if before else _first(self.journey)
        here = hop is not None and hop.number == position - 1
        earlier = before[1] if len(before) > 1 else None
        about = pages.about_frame(hop, here=here or not position)
        if hop is None or hop.recorded is None:
            return about
        page = anatomy.page(hop.recorded, earlier.recorded if earlier and here else None, hop.tunnels)
        return f'{about}<div class="netkit-frame">{page}</div>'

    def _ipython_display_(self) -> None:
        fallback.show(self._panel.box, repr(self), f"{self._picture.html}{hops_html(self._first)}")

    def __repr__(self) -> str:
        return f"Player of journeys; at first:\n{hops_text(self._first)}"


def _recorded(journey: Journey, number: int) -> list[Hop]:
    """The hops, from that one backwards along its way, at which a frame was recorded."""
    found: list[Hop] = []
    hops = {hop.number: hop for hop in journey.hops}
    at: int | None = number
    while at is not None and at in hops:
        if hops[at].recorded is not None:
            found.append(hops[at])
        at = hops[at].after
    return found


def _first(journey: Journey) -> Hop | None:
    """The first hop at which a frame was recorded."""
    return next((hop for hop in journey.hops if hop.recorded is not None), None)


def _no_journey(number: Any, journeys: Any) -> NotFound:
    there = f"there are {len(journeys)}: {', '.join(map(str, list(journeys)[:10]))}{' …' * (len(journeys) > 10)}"
    return NotFound(f"there is no journey {shown(number)}", there, "Take the number of one of these")


def player(journeys: Sequence[Journey], snapshot: Snapshot, journey: Journey | int | None = None) -> Player:
    """A player of journeys: it shows where a packet is, what was decided and changed there, and its bytes.

    A notebook shows it with buttons, a slider and keys (arrows, space, Home, End); where no kernel is behind
    it, a picture and a table of the first journey stay.

    Args:
        journeys: to choose from.
        snapshot: the network that they passed.
        journey: the one to choose at first, or its number; the first one that is not ARP by default.

    Raises:
        NotFound: there is no such journey, or none at all.

    Example:
        >>> x.player(journey=3)  # doctest: +SKIP
    """
    numbers = [one.number for one in journeys]
    if not numbers:
        raise NotFound(
            "there is no journey to play", "no packet was seen", "Send some inside of `with nk.xray() as x:`"
        )
    wanted = getattr(journey, "number", journey)
    if wanted is None:
        wanted = next((one.number for one in journeys if one.protocol != "ARP"), numbers[0])
    if isinstance(wanted, bool) or wanted not in numbers:
        raise _no_journey(wanted, numbers)
    return Player(journeys, snapshot, wanted)
