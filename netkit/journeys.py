"""What one asks an x-ray that has ended: .journeys, .find, .table, .ladder, .path, .player, .save (pcapng)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

from netkit import validation
from netkit.errors import CaptureFailed, InvalidValue, NotFound
from netkit.face import face
from netkit.handles import Several, guarded
from netkit.journey.shown.table import Journey
from netkit.kinds import File, Flag, Rows, number, plain_number, word
from netkit.packets.table import ROWS
from netkit.spelling import shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from scapy.plist import PacketList

    from netkit.journey.shown.table import JourneyList, Overview
    from netkit.journey.values import Seen
    from netkit.model import Frame, Snapshot
    from netkit.packets.recording import Recording
    from netkit.pictures.ink.ladder import Ladder
    from netkit.pictures.ink.path import PathPicture
    from netkit.widgets.player import Player

_LOST_EVENTS = "Reports of netfilter were lost: traffic came faster than they could be taken."


def _hops(value: Any) -> int:
    return number(value, "a number of hops", 1, 10**6, example=200)


def _hop(value: Any) -> int:
    return number(value, "the number of a hop", 1, 10**6, example=1)


def _journey(value: Any) -> Journey | int:
    """A journey, or the number of one."""
    found = plain_number(value)
    if isinstance(found, Journey) or (isinstance(found, int) and not isinstance(found, bool)):
        return found
    rule = "a journey is one of .journeys, or the number that tables give it"
    raise InvalidValue(f"{shown(value)} is no journey", rule, "Try x.path(1)")


One, Hops, Hop = Annotated[Any, _journey], Annotated[int, _hops], Annotated[int, _hop]


def _address(value: Any, name: str) -> str:
    """An address as journeys have it: of IPv4, IPv6, or the MAC of an Ethernet frame."""
    text = word(value, name)
    if not any(sign in text for sign in ".:"):
        rule, remedy = "journeys are found by the addresses of sender and receiver", f"Try {name}='172.17.1.1'"
        raise InvalidValue(f"{name}={shown(value)} is no address", rule, remedy)
    return text if text.count(":") == 5 else str(validation.address(text))


Place, Protocol = Annotated[str, _address], Annotated[str, word]


@guarded()
class Journeys:
    """The journeys of recorded packets; needs no kernel.

    Args:
        seen: what was recorded.

    Raises:
        CaptureFailed: when any of it is read: an x-ray has not ended yet, or was broken off.

    Example:
        >>> Journeys(Seen(())).table()
        No packet was seen.
    """

    def __init__(self, seen: Seen) -> None:
        self._known: Seen | None = seen

    @property
    def seen(self) -> Seen:
        """All that was recorded, as one value."""
        if self._known is None:
            raise CaptureFailed("nothing was recorded yet", "an x-ray is read when it has ended", "Make one: nk.xray()")
        return self._known

    @cached_property
    def _recording(self) -> Recording:
        from netkit.packets.recording import Recorded, Recording

        return Recording(Recorded(self.seen.frames, lost=self.seen.lost, tunnels=self.seen.tunnels))

    @cached_property
    def everything(self) -> JourneyList:
        """Every packet's journey, in the order in which they were first seen; `.journeys` have the first numbers."""
        from netkit.journey import journeys
        from netkit.journey.shown.table import JourneyList

        return JourneyList(journeys(self.seen))

    @cached_property
    def journeys(self) -> JourneyList:
        """The same without the housekeeping that kernels do by themselves (IPv6 neighbour discovery …)."""
        from netkit.journey.shown.table import JourneyList

        return JourneyList(journey for journey in self.everything if not journey.housekeeping)

    @cached_property
    def frames(self) -> tuple[Frame, ...]:
        """Every recorded frame, in the order in which the kernel handled them."""
        return Several(self.seen.frames, "frames")

    @property
    def packets(self) -> PacketList:
        """The frames as a scapy PacketList."""
        return self._recording.packets

    @property
    def lost(self) -> int:
        """How many frames came but could not be recorded."""
        return self.seen.lost

    @face
    def find(
        self, protocol: Protocol | None = None, *, source: Place | None = None, destination: Place | None = None
    ) -> JourneyList:
        """The journeys of some packets.

        Args:
            protocol: "icmp", "tcp", "arp" …, in capitals or not; None for all.
            source: the address that the sender bears; None for all.
            destination: the address that the sender wrote; None for all.

        Returns:
            A list, shown as a table.

        Raises:
            InvalidValue: an argument is no text.

        Example:
            >>> x.find("icmp", destination="172.17.1.2")  # doctest: +SKIP
        """
        from netkit.journey.shown.table import JourneyList

        wanted = {"protocol": protocol, "source": source, "destination": destination}
        return JourneyList(
            journey
            for journey in self.everything
            if all(value is None or getattr(journey, name).lower() == value.lower() for name, value in wanted.items())
        )

    @face
    def table(self, *, everything: Flag = False, rows: Rows | None = ROWS) -> Overview:
        """The journeys as a table.

        Args:
            everything: list the kernels' housekeeping as well.
            rows: how many to show; None for all.

        Returns:
            An Overview, which a notebook shows; as text it is stable.

        Raises:
            InvalidValue: the number of rows is none.
        """
        from netkit.journey.shown.table import overview

        return overview(self.everything if everything else self.journeys, notes=self._notes(), rows=rows)

    @face
    def ladder(self, *which: One, hops: Hops | None = None) -> Ladder:
        """Journeys as a ladder diagram: a line for each interface, an arrow for each step, time runs downward.

        Args:
            which: some of `.journeys`, or their numbers; without any, all of `.journeys`.
            hops: how many hops may be drawn; journeys that find no space are counted.

        Returns:
            A picture, which a notebook shows.

        Raises:
            NotFound: there is no journey of that number.
            InvalidValue: it is no journey, or `hops` is no number from 1 on.
        """
        from netkit.pictures.ink.ladder import ladder

        wanted = [self._journey(one) for one in which] or self.journeys
        return ladder(wanted) if hops is None else ladder(wanted, hops=hops)

    @face
    def path(self, journey: One = 1, *, hop: Hop | None = None) -> PathPicture:
        """A journey on the picture of its network: its hops numbered, what it passed lit.

        Args:
            journey: one of `.journeys`, or its number.
            hop: the number, from 1 on, that tables and pictures give to the hop to look at; None for the whole journey.

        Returns:
            A picture, which a notebook shows.

        Raises:
            NotFound: there is no journey of that number.
            InvalidValue: it is no journey, or has no such hop.
        """
        from netkit.pictures.ink.path import PathPicture

        shown = self._journey(journey)
        return PathPicture(shown, _networks([shown], self.seen), _place_of(hop, shown))

    @face
    def player(self, journey: One | None = None, *, everything: Flag = False) -> Player:
        """A player that steps through the journeys, hop by hop, with each packet's layers and bytes.

        Args:
            journey: the one to choose at first, or its number; the first one that is not ARP by default.
            everything: offer the kernels' housekeeping as well.

        Returns:
            A widget, which a notebook shows.

        Raises:
            NotFound: there is no journey of that number, or none at all.
        """
        from netkit.widgets.player import player

        offered = self.everything if everything else self.journeys
        return player(offered, _networks(offered, self.seen), journey)

    @face
    def save(self, path: File) -> Path:
        """Save the frames as a pcapng file, which Wireshark opens, with what was decided as comments of the packets.

        Args:
            path: ends with ".pcapng".

        Returns:
            The path.

        Raises:
            CaptureFailed: the file cannot be written.
        """
        from netkit.journey.shown.comments import comments

        return self._recording.save(path, comments(self.everything, self.seen.frames))

    def _journey(self, journey: Journey | int) -> Journey:
        """A journey, or the one of a number."""
        if isinstance(journey, Journey):
            return journey
        rule = f"there are {len(self.everything)}, numbered from 1 on" if self.everything else "no packet was seen"
        for known in self.everything:
            if known.number == journey:
                return known
        raise NotFound(f"there is no journey {shown(journey)}", rule, "Take one of .journeys, or its number")

    def _notes(self) -> list[str]:
        from netkit.packets.table import loss

        lost = [_LOST_EVENTS] if self.seen.lost_events else []
        return [*loss(self.seen.lost), *lost, *([self.seen.untraced] if self.seen.untraced else [])]

    def __repr__(self) -> str:
        return repr(self.table())

    def _repr_html_(self) -> str | None:
        return self.table()._repr_html_()


def _networks(journeys: Sequence[Journey], seen: Seen) -> Snapshot:
    """The networks as the packets met them: those of the end, or those of the beginning if more of them is there."""

    def known(snapshot: Snapshot) -> int:
        spaces = snapshot.namespaces
        hops = (hop for journey in journeys for hop in journey.hops)
        return sum(hop.namespace in spaces and hop.interface in spaces[hop.namespace].interfaces for hop in hops)

    return max((seen.after, seen.before), key=known)


def _place_of(hop: int | None, journey: Journey) -> int | None:
    """The place among a journey's hops that a table calls by this number."""
    if hop is None:
        return None
    numbers = range(1, len(journey.hops) + 1)
    if hop not in numbers:
        rule = f"journey {journey.number} has {len(numbers)} hops, numbered from 1 on"
        raise InvalidValue(f"{hop!r} is no hop of this journey", rule, "Try hop=1, or leave it out")
    return hop - 1
