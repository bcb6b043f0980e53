"""`nk.live`: a picture of the network that follows the kernel's events, with counters; why it is "No longer live"."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

from netkit.errors import Conflict, InvalidValue, NotFound
from netkit.face import face
from netkit.handles import guarded, keep
from netkit.kinds import Flag, seconds
from netkit.lab import journal, withheld
from netkit.lab.looks import snapshot
from netkit.lab.namespaces import Namespace
from netkit.model import Snapshot
from netkit.spelling import shown
from netkit.widgets import fallback
from netkit.widgets.feed import STOPPED, Feed
from netkit.widgets.watcher import Order

if TYPE_CHECKING:
    from ipywidgets import HTML

    from netkit.pictures.ink import Picture

_FOLLOWING = "Live: redrawn when the kernel reports an event."
_AGAIN = "its cell was run again"
_CLOSED = "it was closed"


@guarded({"close": ".stop()", "end": ".stop()"})
class Live:
    """A view of the network that redraws itself; `nk.live()` makes it.

    Args:
        picture: the network at the moment of the call, also what the static twin shows.
        order: what to follow.

    Attributes:
        picture (Picture): as at the moment of the call.
    """

    def __init__(self, picture: Picture, order: Order) -> None:
        from ipywidgets import Button, HBox, Layout, VBox

        keep(self, picture=picture)
        self._shown = {"picture": _html(picture.html), "counters": _html("")}
        self._state = _html(_FOLLOWING)
        self._button = Button(description="Stop", icon="stop", layout=Layout(width="auto"), tooltip="Redraw no more")
        self._button.on_click(lambda _: self.stop())
        controls = HBox([self._button, self._state], layout=Layout(align_items="center", grid_gap="10px"))
        self._box = VBox([controls, *self._shown.values()])
        self._shell, self._cell = _shell(), _cell()
        self._box.observe(self._closed, "comm")
        if self._shell is not None:
            self._shell.events.register("pre_run_cell", self._cell_runs)
        self._feed = Feed(order, self._told)

    @property
    def running(self) -> bool:
        """Whether it still follows the network."""
        return self._feed.running

    @face
    def stop(self) -> None:
        """Redraw no more; the last picture stays.  Stopping twice does no harm."""
        self._feed.stop(STOPPED)

    def _told(self, message: dict[str, Any]) -> None:
        """Show what the process says; called in a thread of the feed."""
        for part, value in message.items():
            if part == "ended":
                self._finish(value)
            elif self._shown[part].value != value:
                self._shown[part].value = value

    def _finish(self, reason: str) -> None:
        if self._shell is not None:
            self._shell.events.unregister("pre_run_cell", self._cell_runs)
        self._state.value = f"No longer live: {reason}. nk.live() begins anew."
        self._button.disabled = True

    def _cell_runs(self, info: Any) -> None:
        if self._cell and getattr(info, "cell_id", None) == self._cell:
            self._feed.stop(_AGAIN)

    def _closed(self, change: dict[str, Any]) -> None:
        if change["new"] is None:
            self._feed.stop(_CLOSED)

    def _ipython_display_(self) -> None:
        fallback.show(self._box, repr(self), self.picture.html)

    def __repr__(self) -> str:
        return f"Live view of the network; at first:\n{self.picture.text}"


def _name(where: Any) -> str:
    if isinstance(where, Namespace):
        return where.name
    if isinstance(where, str):
        return where
    raise InvalidValue(
        f"{shown(where)} cannot be watched", "a live view shows namespaces", "Give handles or names: nk.live(ns1)"
    )


def _duration(value: Any) -> float:
    return seconds(value, "a time to wait", 10**9)


Where, Duration = Annotated[Any, _name], Annotated[float, _duration]


@face
def live(*where: Where, seconds: Duration = 600, counters: Flag = True) -> Live:
    """Watch the network: the picture redraws itself when the kernel reports an event in any namespace.

    Links, addresses, routes, neighbours, rules, and namespaces that come and go: what an act or a
    command in another cell changes is drawn within a second.  Nothing is asked of the network itself.
    It ends by `.stop()` or its button, when its cell is run again or its widget closed, and with the kernel.

    Args:
        where: namespaces (handles or names) to show; without any, all of them, also those to come.
        seconds: float, so long without an event it goes on; 10 minutes by default.
        counters: whether to show a table of what passes each interface: packets, bytes, bytes per second, losses.

    Returns:
        A Live, which a notebook shows; `.running` tells whether it still follows the network.

    Raises:
        InvalidValue: something is neither a namespace nor a name, or an option is of the wrong kind.
        NotFound: there is no namespace of that name.
        Conflict: this is no notebook.
        NotInSandbox: this process is not in the sandbox.

    Example:
        >>> view = nk.live()  # doctest: +SKIP
        >>> view.stop()  # doctest: +SKIP
    """
    from netkit.pictures.ink import picture

    withheld.refuse("live")
    order = Order(where, seconds, counters)
    journal.in_sandbox()
    seen = _seen(order.names)
    if _shell() is None:
        raise Conflict(
            "there is no notebook to show a live view in",
            "it redraws the output of a cell",
            "In a program: nk.draw().save('net.svg')",
        )
    return Live(picture(seen), order)


def _seen(names: tuple[str, ...]) -> Snapshot:
    """The present state of some namespaces, or of all."""
    seen = snapshot()
    for name in names:
        if name not in seen.namespaces:
            there = ", ".join(seen.namespaces)
            raise NotFound(f"there is no namespace {name!r}", f"there are: {there}", "Take one of these")
    return Snapshot({name: seen[name] for name in names}) if names else seen


def _html(value: str) -> HTML:
    from ipywidgets import HTML

    return HTML(value)


def _shell() -> Any:
    """The notebook's shell, None in a program and in a terminal."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell if getattr(shell, "kernel", None) is not None else None


def _cell() -> str:
    """What the front end calls the cell that runs now, empty if it does not say."""
    shell = _shell()
    parent = shell.kernel.get_parent() if shell is not None else {}
    return parent.get("metadata", {}).get("cellId") or ""
