"""One learner's way through a workshop: log in, run the notebook, look around, log out."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deploy.load.browser import Browser
from deploy.load.kernel import Kernel
from netkit.errors import NetkitError

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.load.lesson import Lesson

LOOK = """\
import json, subprocess
import netkit as nk
listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout.splitlines()
print(json.dumps([sorted(nk.snapshot().namespaces), sorted(["host", *(line.split()[0] for line in listed)])]))
"""
"""Prints the names of all network namespaces, as netkit and as `ip` see them."""


class Meeting:
    """A place where all wait for all; somebody who will not come can be excused.

    Args:
        expected: how many come.
    """

    def __init__(self, expected: int) -> None:
        self._expected, self._there = expected, set[str]()
        self._change = threading.Condition()

    def arrive(self, name: str) -> None:
        """Be there, or be excused."""
        with self._change:
            self._there.add(name)
            self._change.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until all are there; whether they are."""
        with self._change:
            return self._change.wait_for(lambda: len(self._there) >= self._expected, seconds)


@dataclass(frozen=True)
class Workshop:
    """What all learners have in common.

    Attributes:
        hub: its address.
        password: of every learner.
        kernel: name of the kernelspec.
        lesson: what they run.
        patience: seconds for a server's start, a kernel's start, or a cell.
        finished: where they meet when each has run the lesson and made a namespace of its own.
        counted: where they meet when memory has been measured.
    """

    hub: str
    password: str
    kernel: str
    lesson: Lesson
    patience: float
    finished: Meeting
    counted: Meeting


@dataclass
class Learner:
    """One of them.

    Attributes:
        name: at the hub.
        workshop: the learner's.
        doing: what the learner does now.
        seconds: how long each of its doings took.
        complaints: what went wrong, a sentence each.
    """

    name: str
    workshop: Workshop
    doing: str = "waiting"
    seconds: dict[str, float] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def live(self) -> None:
        """Go through the workshop from beginning to end; what goes wrong becomes a complaint."""
        browser = Browser(self.workshop.hub, self.name, self.workshop.patience)
        try:
            self._attend(browser)
        except NetkitError as error:
            self.complaints.append(str(error))
        finally:
            self.workshop.finished.arrive(self.name)
            self.workshop.counted.arrive(self.name)
        self._leave(browser)
        self.doing = "failed" if self.complaints else "done"

    def _attend(self, browser: Browser) -> None:
        self._take("login", lambda: browser.log_in(self.workshop.password))
        self._take("server", browser.start_server)
        self._take("kernel", lambda: self._open(browser))
        self._take("notebook", lambda: self._study(browser))
        self._take("isolation", lambda: self._look_around(browser))

    def _leave(self, browser: Browser) -> None:
        """Stop the server and log out, also after a failure."""
        if browser.is_in():
            try:
                self._take("logout", browser.stop_server)
                browser.log_out()
            except NetkitError as error:
                self.complaints.append(str(error))

    def _take(self, what: str, act: Callable[[], None]) -> None:
        """Do something, and note how long it took."""
        self.doing, start = what, time.monotonic()
        try:
            act()
        finally:
            self.seconds[what] = time.monotonic() - start

    def _open(self, browser: Browser) -> None:
        browser.open_server()
        self._kernel = browser.start_kernel(self.workshop.kernel)
        with Kernel(browser, self._kernel) as kernel:
            kernel.run("pass")

    def _study(self, browser: Browser) -> None:
        lesson = self.workshop.lesson
        with Kernel(browser, self._kernel) as kernel:
            for number, cell in enumerate(lesson.cells):
                self.doing = f"cell {number + 1:2}"
                self.complaints += lesson.complaints(number, kernel.run(cell.source))

    def _look_around(self, browser: Browser) -> None:
        """Make a namespace with a name of one's own; once all have, see that it is the only one that is new."""
        own = f"own-{self.name}"
        with Kernel(browser, self._kernel) as kernel:
            before = _names(kernel)
            kernel.run(f"nk.Namespace({own!r})")
        self._meet(self.workshop.finished)
        with Kernel(browser, self._kernel) as kernel:
            self.complaints += strangers(before, _names(kernel), own)
        self._meet(self.workshop.counted)

    def _meet(self, meeting: Meeting) -> None:
        meeting.arrive(self.name)
        if not meeting.wait(self.workshop.patience):
            raise NetkitError(f"the others did not come within {self.workshop.patience:.0f} s")


def strangers(before: list[list[str]], after: list[list[str]], own: str) -> list[str]:
    """What is wrong with the names that a learner sees: nothing if none but the own one is new.

    Args:
        before: the names as netkit and as `ip` saw them, when the learner was alone in the sandbox.
        after: the same when every learner had made a namespace more.
        own: the name of the learner's.
    """
    ways = zip(("netkit", "ip netns list"), before, after, strict=True)
    return [
        f"{way} shows {', '.join(seen)}; expected were {', '.join(expected)}"
        for way, names, seen in ways
        if seen != (expected := sorted([*names, own]))
    ]


def _names(kernel: Kernel) -> list[list[str]]:
    outputs = kernel.run(LOOK)
    if [output.output_type for output in outputs] != ["stream"]:
        raise NetkitError(f"the namespaces cannot be listed: {outputs}")
    return json.loads(outputs[0].text)
