"""Networks that plain commands build and break, and the judge of what `nk.why` says of them: traffic alone."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

import netkit as nk

TALK = f"{sys.executable} {Path(__file__).with_name('wild_talk.py')}"
_SECONDS_TO_BEGIN = 3.0
"""How long a server that a repair starts in the background may take until it listens."""

ROUNDS = 6
"""How often a repair is followed by another question."""

_STATE = (
    "ip -n {0} -o addr; ip -n {0} route show table all; ip -n {0} -6 route show table all; ip -n {0} rule; "
    "ip -n {0} -6 rule; ip -n {0} -o link; ip netns exec {0} nft -s list ruleset"
)
_PASSING = re.compile(r"fe80|ff00::|tentative|lft \d+sec|expires|\btimer\b")
"""What comes and goes by itself."""


@dataclass(frozen=True)
class Case:
    """One broken network.

    Attributes:
        name: of the fault.
        base: the lines that build the network.
        ask: (from, to), or (from, to, port, "tcp" or "udp").
        layers: those that may be named, " or " between them; "" where only the place is sure.
        where: the namespace that decides.
        breaking: the lines that break it.
        healthy: further lines before, after which traffic flows.
        servers: "b tcp 0.0.0.0 80": who serves from the start.
        big: bytes in each ping that must not be cut in pieces; 0 for few.
        heals: whether a repair has to make traffic flow; else there is none that a tool could know.
        twin: whether traffic flows before it is broken.
        cause: what the first answer's words have to match, a regular expression; "" where the place says it all.
        shut: who gets no answer while it is broken, and has to get none after the repair either.
    """

    name: str
    base: list[str]
    ask: tuple[str, str] | tuple[str, str, int, str]
    layers: str
    where: str
    breaking: tuple[str, ...]
    healthy: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    big: int = 0
    heals: bool = True
    twin: bool = True
    cause: str = ""
    shut: tuple[tuple[str, str, int, str], ...] = ()


@dataclass
class Judge:
    """Builds, breaks and asks; what falls short is in `short`."""

    case: Case
    short: list[str] = field(default_factory=list)
    running: dict[str, int] = field(default_factory=dict)

    def shell(self, line: str) -> subprocess.CompletedProcess[str]:
        """One line; `serve`, `keep`, `stop` and `unserve` begin and end what talks."""
        what, _, rest = line.partition(" ")
        if what in ("serve", "keep"):
            name, _, words = rest.partition(" ")
            command = f"ip netns exec {name} {TALK} {what} {words} >/dev/null 2>&1 & echo $!"
            self.running[rest] = int(self.shell(command).stdout)  # nobody's child: whoever kills it sees it go
            self._begun(name, words, what)
            return subprocess.CompletedProcess([], 0)
        if what == "stop":
            os.kill(self.running[rest], signal.SIGSTOP)
            return subprocess.CompletedProcess([], 0)
        if what == "unserve":
            self._end(self.running.pop(rest))
            return subprocess.CompletedProcess([], 0)
        with TemporaryFile("w+") as said:  # not a pipe: what a repair leaves running would keep that open
            done = subprocess.run(["sh", "-c", line], stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False)
            said.seek(0)
            text = said.read()
        return subprocess.CompletedProcess(line, done.returncode, text, text)

    def _begun(self, name: str, words: str, what: str) -> None:
        """Wait until the socket is there."""
        protocol, _, port, *more = words.split()
        port = more[0] if what == "keep" else port  # the own one of who connects
        flags = "-Htn" if what == "keep" else "-Htlan" if protocol == "tcp" else "-Huan"
        deadline = time.monotonic() + 10
        while f":{port}" not in self.shell(f"ip netns exec {name} ss {flags}").stdout:
            assert time.monotonic() < deadline, f"{words} does not begin"
            time.sleep(0.05)

    @staticmethod
    def _end(pid: int) -> None:
        with suppress(ProcessLookupError):  # a repair has ended it
            os.kill(pid, signal.SIGKILL)

    def state(self) -> list[str]:
        """What was set in every namespace, as the tools tell it."""
        names = self.shell("ip netns list | cut -d' ' -f1").stdout.split()
        told = [f"{name}: {line}" for name in names for line in self.shell(_STATE.format(name)).stdout.splitlines()]
        return [line for line in told if not _PASSING.search(line)]

    def _unchanged(self, before: list[str]) -> None:
        """Whether asking has changed nothing."""
        now = self.state()
        changed = [line for line in (*before, *now) if (line in before) != (line in now)]
        if changed:
            self.short.append(f"changed by asking: {changed[:6]}")

    def flows(self, ask: tuple[object, ...] = ()) -> bool:
        """What traffic says."""
        source, to, *rest = ask or self.case.ask
        if rest:
            return self.shell(f"ip netns exec {source} {TALK} ask {rest[1]} {to} {rest[0]}").returncode == 0
        enter = "" if source == "host" else f"ip netns exec {source} "
        size = f" -M do -s {self.case.big}" if self.case.big else ""
        return self.shell(f"{enter}ping -n -c 2 -i 0.2 -W 1{size} {to}").returncode == 0

    def build(self) -> None:
        """The healthy network, at which `nk.why` says that all is well, and changes nothing."""
        for line in (*self.case.base, *(f"serve {server}" for server in self.case.servers), *self.case.healthy):
            done = self.shell(line)
            assert done.returncode == 0, f"{line}: {done.stderr}"
        deadline = time.monotonic() + 5
        while not (there := self.flows()) and self.case.twin and time.monotonic() < deadline:
            pass
        assert there is self.case.twin, f"traffic {'flows' if there else 'does not flow'} before"
        before = self.state()
        if there and not (said := nk.why(*self.case.ask)).ok:
            self.short.append(f"a false alarm: {said.layer}@{said.where} {said.explanation}")
        self._unchanged(before)

    def run(self) -> list[str]:
        """What falls short of what is asked of `nk.why`."""
        self.build()
        for line in self.case.breaking:
            done = self.shell(line)
            assert done.returncode == 0, f"{line}: {done.stderr}"
        assert not self.flows(), "traffic flows although it is broken"
        assert not any(map(self.flows, self.case.shut)), "traffic flows that is to be shut out"
        self._diagnosed()
        return self.short

    def _diagnosed(self) -> None:
        """The first answer, then those after its repairs."""
        done: list[tuple[str, ...]] = []
        for _ in range(ROUNDS):
            before = [] if done else self.state()
            said = nk.why(*self.case.ask)
            repair = tuple(said.repair)
            if not done:
                self._unchanged(before)
            if said.ok and done and not self.case.heals:
                return  # somebody else serves there now, who says something else
            if said.ok:
                self.short.append(f"a false ✓ after {done}")
                return
            if not done:
                self._placed(str(said.layer), said.where, said.explanation, repair)
            if not repair or repair in done:
                break
            if self._healed(repair):
                return
            done.append(repair)
        if self.case.heals:
            self.short.append(f"not repaired: {said.layer}@{said.where} {said.explanation} {list(said.repair)}")

    def _healed(self, repair: tuple[str, ...]) -> bool:
        """Whether traffic flows after a repair; what else it says then falls short."""
        for line in repair:
            result = self.shell(line)
            if result.returncode:
                self.short.append(f"refused: {line}: {result.stdout.strip()}")
        deadline = time.monotonic() + (_SECONDS_TO_BEGIN if any(line.endswith("&") for line in repair) else 0)
        while not (there := self.flows()) and time.monotonic() < deadline:
            pass
        if there and not nk.why(*self.case.ask).ok:
            self.short.append("an alarm after the repair")
        self.short += [f"opened by {list(repair)}: {ask}" for ask in self.case.shut if self.flows(ask)]
        return there

    def _placed(self, layer: str, where: str, words: str, repair: tuple[str, ...]) -> None:
        layers = self.case.layers.split(" or ")
        if (self.case.where and where != self.case.where) or (
            self.case.layers and not any(each in layer for each in layers)
        ):
            wanted = f"{self.case.layers}@{self.case.where}"
            self.short.append(f"placed at {layer}@{where} instead of {wanted}: {words} {list(repair)}")
        elif not re.search(self.case.cause, words, re.IGNORECASE):
            self.short.append(f"no word of {self.case.cause!r}: {layer}@{where} {words} {list(repair)}")

    def close(self) -> None:
        """End what was started, also by repairs, and take away what `ip netns exec` has for names."""
        self.shell("rm -rf /etc/netns/*")
        for one in self.running.values():
            self._end(one)
        for name in self.shell("ip netns list | cut -d' ' -f1").stdout.split():
            for one in self.shell(f"ip netns pids {name}").stdout.split():
                self._end(int(one))
