"""`nk.snapshot`, `nk.draw` and `nk.capture` (its `snaplen`): look at the whole network."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from netkit.errors import InvalidValue
from netkit.face import face
from netkit.kinds import Flag, Title, number
from netkit.lab import journal, withheld
from netkit.lab.interfaces import Interface
from netkit.lab.namespaces import Namespace
from netkit.linux.capturing.ring import ALL_OF_IT
from netkit.linux.looks import observe
from netkit.model import Snapshot
from netkit.spelling import shown

if TYPE_CHECKING:
    from netkit.linux.capturing.capture import Capture
    from netkit.pictures.ink import Picture


def _state(value: Any) -> Snapshot:
    """What can be drawn."""
    if not isinstance(value, Snapshot):
        named = value.name if isinstance(value, Namespace | Interface) else shown(value)
        raise InvalidValue(f"{named} cannot be drawn", "a picture shows a snapshot", "Try nk.draw(nk.snapshot())")
    return value


def _point(where: Any) -> str | tuple[str, str]:
    """Where packets are seen: a namespace, or an interface of one."""
    if isinstance(where, Namespace):
        return where.name
    if isinstance(where, Interface):
        return where.namespace.name, where.name
    raise InvalidValue(
        f"{shown(where)} cannot be captured at",
        "packets are seen in namespaces and at interfaces",
        "Give handles: nk.capture(ns1)",
    )


State, Point = Annotated[Snapshot, _state], Annotated[Any, _point]
Snaplen = Annotated[int, partial(number, what="a number of bytes", low=64, high=2**31, example=256)]


@face
def snapshot() -> Snapshot:
    """Everything that the kernel knows of every namespace, the nameless ones of containers too.

    Returns:
        A frozen value: `.namespaces` by name, each with `.interfaces` by name, `.routes`, `.rules` …

    Example:
        >>> nk.snapshot()["ns1"]["eth1"].addresses  # doctest: +SKIP
        ('172.17.1.1/24',)
    """
    withheld.refuse("snapshot")
    journal.look()
    return observe.snapshot()


@face
def draw(state: State | None = None, *, title: Title = "", highlight: Any = (), mac: Flag = False) -> Picture:
    """A picture of the network; its alternative text is an exact description in words.

    Args:
        state: what to draw; the present state by default.
        title: a line above it.
        highlight: what to emphasise: names of namespaces, and (namespace, interface) pairs.
        mac: whether to show MAC addresses, except those that the kernel drew at random.

    Returns:
        A Picture, which a notebook shows; `.save("net.svg")` keeps it.

    Raises:
        InvalidValue: `state` is no snapshot, or an option is of the wrong kind.
        NotFound: `highlight` names something that is not in the picture.
    """
    from netkit.pictures.ink import picture

    withheld.refuse("draw")
    drawn = state if state is not None else snapshot()
    return picture(drawn, title=title, highlight=highlight, mac=mac)


@face
def capture(*where: Point, snaplen: Snaplen = ALL_OF_IT) -> Capture:
    """Record the packets while a block runs: `with nk.capture() as cap: …`.

    Args:
        where: namespaces or interfaces; without any, every interface of every namespace.
        snaplen: bytes of each frame to keep; all of it by default.

    Returns:
        A Capture: a notebook shows its table; `.packets` are scapy's, `.save("x.pcapng")` keeps them.

    Raises:
        InvalidValue: something is neither a namespace nor an interface.
        NotInSandbox: this process is not in the sandbox.
        NotFound: when the block begins: a namespace or an interface is not there.
        CaptureFailed: when the block begins: the kernel refuses; or it is read before the block has ended.
    """
    from netkit.linux.capturing.capture import capture as record

    withheld.refuse("capture")
    journal.in_sandbox()
    journal.look()
    return record(list(where) or None, snaplen=snaplen)
