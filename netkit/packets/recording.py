"""`.at`, `.filter`, `.table`, `.packets`, `.save` of recorded frames; `.table` reads 5000 unless all are asked for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

from netkit.errors import CaptureFailed, InvalidValue, NotFound
from netkit.face import face
from netkit.files import replacing
from netkit.handles import Several, guarded
from netkit.kinds import File, Flag, Rows, title
from netkit.packets import pcapng
from netkit.packets.dissect import WORDS, read
from netkit.packets.reader import STANDARD
from netkit.packets.scapied import dissected
from netkit.packets.table import ROWS, Table, loss, table
from netkit.packets.wording import Wording
from netkit.spelling import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from scapy.plist import PacketList

    from netkit.model import Frame
    from netkit.packets.dissect import Reading

_MANY = 5000
"""A table reads no more frames than this unless it is asked for all rows: 100 000 take seconds."""

_LONGEST_COMMENT = 65_000  # bytes; a pcapng option has at most 65 535


@dataclass(frozen=True)
class Recorded:
    """What a capture brought home.

    Attributes:
        frames: in the order of time.
        places: the interfaces that were watched, by namespace.
        owners: "ns1:eth1" by MAC.
        lost: how many frames came but could not be recorded.
        tunnels: the UDP ports that VXLAN devices listen on.
    """

    frames: tuple[Frame, ...]
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    lost: int = 0
    tunnels: frozenset[int] = STANDARD


def _words(text: Any) -> set[str]:
    words = [word for word in text.lower().split() if word != "or"] if isinstance(text, str) else []
    for word in [word for word in words if word not in WORDS] or ([] if words else [text]):
        rule = f'the words are {", ".join(WORDS)}, joined by "or"'
        raise InvalidValue(f"{shown(word)} is no kind of frame", rule, 'Try .filter("arp or icmp")')
    return set(words)


def _wanted(value: Any) -> Any:
    """Words for kinds of frames, or a function that says of a frame whether it is wanted."""
    return value if callable(value) and not hasattr(value, "_instead") else _words(value)


Wanted = Annotated[Any, _wanted]


@guarded({"packet": ".packets", "frame": ".frames", "show": ".table()", "stop": "the end of its `with` block"})
class Recording:
    """Frames in the order of time, seen at many interfaces.

    Its repr is a table that is the same whenever the same traffic is recorded: without times, random MACs,
    random ports and numbers that the kernel draws.

    Example:
        >>> recording = Recording(Recorded(()))
        >>> len(recording), recording.lost
        (0, 0)
    """

    def __init__(self, recorded: Recorded) -> None:
        self._known: Recorded | None = recorded

    @property
    def _recorded(self) -> Recorded:
        if self._known is None:
            raise CaptureFailed("nothing was recorded yet", "a recording is read when it has ended", "Record some")
        return self._known

    @cached_property
    def frames(self) -> tuple[Frame, ...]:
        """Every recorded frame, in the order in which the kernel handled them."""
        return Several(self._recorded.frames, "frames")

    @property
    def lost(self) -> int:
        """How many frames came but could not be recorded; 0 unless traffic was faster than the recording."""
        return self._recorded.lost

    @property
    def places(self) -> Mapping[str, tuple[str, ...]]:
        """The interfaces that were watched, by namespace."""
        return self._recorded.places

    @cached_property
    def packets(self) -> PacketList:
        """The frames as a scapy PacketList.

        Each packet has `.time` (seconds since the epoch), `.sniffed_on` ("ns1:eth1") and `.direction` (1 in, 2 out).
        scapy takes some 0.3 ms for a packet: select before, for instance by `.at("ns1")`.
        """
        from scapy.plist import PacketList

        return PacketList([dissected(frame, self._recorded.tunnels) for frame in self.frames], "capture")

    def __len__(self) -> int:
        return len(self.frames)

    def __iter__(self) -> Iterator[Frame]:
        return iter(self.frames)

    def __bool__(self) -> bool:
        return True  # a recording without frames is still a recording

    @face
    def at(self, namespace: Any, interface: Any = None) -> Recording:
        """The frames of one namespace, or of one of its interfaces.

        Args:
            namespace: its name or its handle; the handle of an interface will do alone.
            interface: its name or its handle; None for all of them.

        Raises:
            NotFound: no such place was watched.

        Example:
            >>> Recording(Recorded((), {"ns1": ("lo", "eth1")})).at("ns1", "eth1").frames
            ()
        """
        if hasattr(namespace, "namespace"):  # a handle of an interface
            namespace, interface = namespace.namespace, namespace
        namespace, interface = (getattr(place, "name", place) for place in (namespace, interface))
        if not isinstance(namespace, str) or namespace not in self.places:
            rule = f"recorded: {', '.join(self.places) or 'none'}"
            raise NotFound(f"no namespace {shown(namespace)} was recorded", rule, "Take one of these")
        interfaces = self.places[namespace]
        if interface is not None and (not isinstance(interface, str) or interface not in interfaces):
            problem = f"no interface {shown(interface)} was recorded in '{namespace}'"
            raise NotFound(problem, f"recorded: {', '.join(interfaces) or 'none'}", "Take one of these")
        return self._only(f for f in self.frames if f.namespace == namespace and interface in (None, f.interface))

    @face
    def filter(self, wanted: Wanted) -> Recording:
        """The frames that are wanted.

        Args:
            wanted: words, joined by "or": arp, ip, ipv6, icmp, icmpv6, igmp, tcp, udp, dns, dhcp, http, vlan, vxlan,
                fragment. What a VXLAN tunnel carries counts as well. Or a function that says of a frame whether
                it is wanted.

        Raises:
            InvalidValue: a word that is none of them.

        Example:
            >>> Recording(Recorded(())).filter("arp or icmp").frames
            ()
        """
        if callable(wanted):
            return self._only(frame for frame in self.frames if _asked(wanted, frame))
        return self._only(frame for frame, reading in self._read(self.frames) if wanted & reading.words)

    @face
    def table(self, *, everything: Flag = False, rows: Rows | None = ROWS) -> Table:
        """The frames as a table.

        Args:
            everything: list the kernel's housekeeping (IPv6 neighbour discovery, group memberships) as well.
            rows: how many to show; None for all.

        Returns:
            A Table, which a notebook shows; as text it is stable.

        Raises:
            InvalidValue: the number of rows is none.
        """
        recorded = self._recorded
        frames = recorded.frames if rows is None else recorded.frames[: max(_MANY, rows)]
        listed = table(self._read(frames), everything=everything, rows=rows, notes=loss(recorded.lost))
        if len(frames) == len(self):
            return listed
        note = (
            f"Only the first {len(frames)} of {len(self)} frames were read: select by .at() or .filter(), or rows=None."
        )
        return replace(listed, notes=(*listed.notes, note))

    @face
    def save(self, path: File, comments: Any = None) -> Path:
        """Save as a pcapng file, which Wireshark opens; each interface is named "ns1:eth1". An old file is replaced.

        Args:
            path: ends with ".pcapng".
            comments: what to note on a frame, by its place in `frames`.

        Returns:
            The path.

        Raises:
            CaptureFailed: the file cannot be written.
            InvalidValue: a comment is for a frame that is not there, or is no text.
        """
        notes = _notes({} if comments is None else comments, len(self))
        if path.suffix != ".pcapng":
            problem = f"a capture cannot be saved as '{path}'"
            raise CaptureFailed(problem, "the file's name ends with .pcapng", 'Try .save("capture.pcapng")')
        with replacing(path, "the capture", CaptureFailed) as file:
            pcapng.write(file, self.frames, notes, loss(self.lost))
        return path

    def __repr__(self) -> str:
        return repr(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()

    def _read(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, Reading]]:
        """Some of its frames, each with what it says."""
        wording, tunnels = Wording(self._recorded.owners), self._recorded.tunnels
        return ((frame, read(frame.data, frame.link, wording, tunnels)) for frame in frames)

    def _only(self, frames: Iterable[Frame]) -> Recording:
        return Recording(replace(self._recorded, frames=tuple(frames)))


def _notes(comments: Any, frames: int) -> dict[int, list[str]]:
    """Comments as lists of texts that fit."""
    rule = "comments are texts, or lists of texts, by the place of a frame in .frames"
    remedy = 'Try {0: "the first frame"}'
    try:
        notes = {number: [text] if isinstance(text, str) else list(text) for number, text in comments.items()}
    except (AttributeError, TypeError):
        raise InvalidValue(f"comments is {shown(comments)}", rule, remedy) from None
    for number, texts in notes.items():
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < frames:
            counted = f"there are {frames}, counted from 0"
            raise InvalidValue(f"there is no frame {shown(number)} to comment on", counted, remedy)
        for text in texts:
            if len(title(text, "comments").encode()) > _LONGEST_COMMENT:
                limit = f"{rule}; they have at most {_LONGEST_COMMENT} bytes"
                raise InvalidValue(f"{shown(text)} is no comment", limit, remedy)
    return notes


def _asked(wanted: Callable[[Frame], object], frame: Frame) -> bool:
    """What a function says of a frame.

    Raises:
        InvalidValue: it fails.
    """
    try:
        return bool(wanted(frame))
    except Exception as error:  # whatever the learner's function does
        problem, rule = f"{shown(wanted)} fails: {error}", "it says of a frame whether it is wanted"
        raise InvalidValue(problem, rule, "Try .filter(lambda frame: frame.length > 100)") from error
