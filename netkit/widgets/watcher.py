"""The program behind a live view: hears events, looks, draws and counts, and tells its kernel by lines of JSON.

It is a process of its own, so that a drawing neither holds up the learner's cells nor meets matplotlib's
settings, which all threads of a process share, while a cell changes them.  It ends when its kernel does.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from netkit.errors import NetkitError
from netkit.linux.looks import counters, observe
from netkit.linux.looks.watching import Watch
from netkit.model import Snapshot
from netkit.model.facts import Facts
from netkit.pictures.ink import Picture
from netkit.widgets.meters import Meters, table
from netkit.widgets.pacing import Drawing, Regular

if TYPE_CHECKING:
    from collections.abc import Callable

    from netkit.linux.looks.counters import Counters
    from netkit.model import End
    from netkit.pictures.network.scene import Scene

_SECONDS_BETWEEN_LOOKS, _SECONDS_BETWEEN_COUNTS = 0.5, 1.0
_MOST_FAILURES = 20
_NICE = 5
"""The learner's own programs go first."""


@dataclass(frozen=True)
class Order:
    """What a live view is to show.

    Attributes:
        names: of the namespaces; empty for all of them.
        seconds: float, without an event, after which the view ends.
        counters: whether to count.
    """

    names: tuple[str, ...] = ()
    seconds: float = 600.0
    counters: bool = True

    def to_json(self) -> str:
        """The order as a line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Order:
        """The order that `to_json` wrote."""
        found = json.loads(line)
        return cls(tuple(found["names"]), found["seconds"], found["counters"])


class Watcher:
    """Carries out an order until it is asked to end, or nothing happens any more.

    Args:
        order: what to show.
        tell: called with {"picture": HTML}, {"counters": HTML} and, at the end, {"ended": a sentence}.
    """

    def __init__(self, order: Order, tell: Callable[[dict[str, Any]], None]) -> None:
        self._order, self._tell = order, tell
        self._watch = Watch(frozenset(order.names))
        now = time.monotonic()
        self._last_event = now
        self._drawing, self._failures = Drawing(), 0
        self._looking, self._counting = Regular(_SECONDS_BETWEEN_LOOKS, now), Regular(_SECONDS_BETWEEN_COUNTS, now)
        self._content: tuple[Scene, str] | None = None
        self._ends: list[End] = []
        self._meters, self._table = Meters(), ""

    def run(self, wish: int) -> None:
        """Work until the end.

        Args:
            wish: a descriptor; the other end of its pipe is closed when this is to end.
        """
        with self._watch:
            self._draw()
            self._drawing = Drawing()  # the first one takes long, since it loads matplotlib
            while not self._wait(wish):
                now = time.monotonic()
                if now >= self._looking.due:
                    self._look()
                if self._drawing.due is not None and now >= self._drawing.due:
                    self._draw()
                if self._order.counters and now >= self._counting.due:
                    self._count()
                if now >= self._last_event + self._order.seconds:
                    self._tell({"ended": f"nothing happened for {_spoken(self._order.seconds)}"})
                    return

    def _wait(self, wish: int) -> bool:
        """Wait until something is due; whether it is the end.  What happens before a drawing that is due is in it."""
        poll = select.poll()
        poll.register(wish, select.POLLIN)
        poll.register(self._watch.names, select.POLLIN)
        dues = [self._looking.due, self._last_event + self._order.seconds]
        dues += [self._counting.due] if self._order.counters else []
        if self._drawing.due is None:
            poll.register(self._watch, select.POLLIN)
        else:
            dues.append(self._drawing.due)
        ready = {descriptor for descriptor, _ in poll.poll(max(0.0, min(dues) - time.monotonic()) * 1000 + 1)}
        if self._watch.names_changed():
            self._looking.hasten(time.monotonic())
        if self._watch.fileno() in ready:
            self._watch.heard()
            self._happened()
        return wish in ready

    def _happened(self) -> None:
        self._last_event = time.monotonic()
        self._drawing.heard(self._last_event)

    def _look(self) -> None:
        cost = time.process_time()
        if self._watch.look():
            self._happened()
        self._looking.done(time.monotonic(), time.process_time() - cost)

    def _draw(self) -> None:
        """Tell the present picture, if it is another one."""
        began = time.monotonic()
        self._watch.heard()  # this is what the picture will show
        try:
            seen = self._seen()
            self._failures = 0
        except (NetkitError, OSError):  # it changed while it was read
            self._failures += 1
            if self._failures > _MOST_FAILURES:
                raise
            self._drawing.drawn(began, time.monotonic())
            self._drawing.heard(time.monotonic())
            return
        self._show(Picture(seen))
        facts = Facts(seen)
        self._ends = [(space, link.name) for space in facts.spaces for link in facts.links(space)]
        self._drawing.drawn(began, time.monotonic())

    def _seen(self) -> Snapshot:
        seen, names = observe.snapshot(), self._order.names
        return Snapshot({name: seen[name] for name in names if name in seen.namespaces}) if names else seen

    def _show(self, picture: Picture) -> None:
        content = picture.scene, picture.text
        if content != self._content:
            self._content = content
            self._tell({"picture": picture.html})

    def _count(self) -> None:
        """Tell the counters, if they are others."""
        cost = time.process_time()
        found: dict[End, Counters] = {}
        for space, talk in self._watch.talks():
            with contextlib.suppress(NetkitError, OSError):  # it is about to end
                found |= {(space, name): one for name, one in counters.ask(talk).items()}
        readings = {end: found[end] for end in self._ends if end in found}
        shown = table(self._meters.rows(time.monotonic(), readings))
        if shown != self._table:
            self._table = shown
            self._tell({"counters": shown})
        self._counting.done(time.monotonic(), time.process_time() - cost)


def _spoken(seconds: float) -> str:
    """A time as one says it.

    Example:
        >>> _spoken(600.0), _spoken(1.5)
        ('10 minutes', '1.5 seconds')
    """
    number, unit = (seconds / 60, "minute") if seconds >= 120 else (seconds, "second")
    return f"{number:g} {unit}{'s' * (number != 1)}"


def main() -> int:
    """Read an order from the first line of the standard input; end when that is closed."""
    os.nice(_NICE)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a namespace takes 3 descriptors
    wish, answers = os.dup(0), os.fdopen(os.dup(1), "w", encoding="utf-8")
    order = Order.from_json(sys.stdin.readline())

    def tell(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    try:
        Watcher(order, tell).run(wish)
    except BrokenPipeError:
        return 0  # nobody listens any more
    except Exception as error:  # noqa: BLE001  (whatever it is, the learner is told, in the view)
        tell({"ended": f"it broke down: {error}"})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
