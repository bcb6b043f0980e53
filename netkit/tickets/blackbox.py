"""`nk.blackbox`: a network that only shows what commands say in its rooms (`.says`), to be built anew elsewhere."""

from __future__ import annotations

import random
import shlex
from typing import TYPE_CHECKING, TypeVar

from netkit.comparison import compare
from netkit.errors import NotFound
from netkit.face import face
from netkit.handles import guarded, keep
from netkit.kinds import Word
from netkit.lab import journal
from netkit.lab.looks import snapshot
from netkit.lab.place import Place
from netkit.lessons import diary
from netkit.lessons.replies import Solution
from netkit.linux.run import run
from netkit.model import Snapshot
from netkit.outcomes import Outcome
from netkit.rebuilding import rebuilding
from netkit.spelling import proposal, shown
from netkit.tickets import breaking
from netkit.tickets.bases import BASES
from netkit.tickets.draw import Draw
from netkit.tickets.ticket import Seed
from netkit.visible import in_html, visible

if TYPE_CHECKING:
    from netkit.comparison.result import Comparison

COMMANDS = (
    "ip -br link",
    "ip -br addr",
    "ip -d link",
    "ip addr",
    "ip -j addr",
    "ip route",
    "ip -j route",
    "ip neigh",
    "bridge link",
    "bridge fdb",
    "iptables-save",
    "sysctl net.ipv4.ip_forward",
)
"""What a black box answers, in each of its rooms."""

_MOST_SEEDS = 9999
Found = TypeVar("Found")


@guarded({"run": ".says(room, command)", "sh": ".says(room, command)", "snapshot": ".says(room, command)"})
class BlackBox:
    """A network that nobody sees; `nk.blackbox()` makes one.

    Attributes:
        seed: draws the same one again.
        rooms: its namespaces, the host first.
        commands: what can be asked in each.
    """

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311  (a game)
        network = BASES[chance.choice(sorted(BASES))].build(Draw(chance))
        hidden = breaking.build(network, []).twin
        said = {room: {line: _said(room, line) for line in COMMANDS} for room in hidden.namespaces}
        breaking.clear()
        journal.begin_anew(snapshot())
        keep(self, seed=seed, rooms=tuple(hidden.namespaces), commands=COMMANDS)
        self._hidden, self._answers = hidden, said

    @face
    def says(self, room: Word, command: Word) -> Outcome:
        """What a command says in one of its rooms.

        Args:
            room: one of `.rooms`.
            command: one of `.commands`.

        Returns:
            An Outcome: `.stdout` is the text.

        Raises:
            NotFound: there is no such room, or it does not answer that command.
        """
        answers = _of(self._answers, room, "room")
        return _of(answers, " ".join(command.split()), "answer to")

    @face
    def check(self) -> Comparison:
        """Is the network that is there by now the same, up to names? `nk.compare` tells.

        Returns:
            A Comparison: `.equal`, `.differences`.
        """
        hidden, own = _without_people(self._hidden), _without_people(snapshot())
        found = compare(hidden, own, a_name="the black box", b_name="yours")
        diary.note("ticket", self._key, found.equal)
        return found

    @face
    def solution(self) -> Solution:
        """Shell lines that build it; nothing is run."""
        diary.note("solution", self._key)
        return Solution(f"black box {self.seed}", "\n".join(rebuilding(_without_people(self._hidden)).lines))

    @property
    def _key(self) -> str:
        return f"box/{self.seed}"

    def _ask(self) -> str:
        return f'.says("{self.rooms[-1]}", "{COMMANDS[1]}")'

    def __repr__(self) -> str:
        lines = [
            f"Black box {self.seed}: rooms {', '.join(self.rooms)}",
            f"  Ask {self._ask()}; it answers: {', '.join(COMMANDS)}",
            "  Build the same network, then .check()",
        ]
        return visible("\n".join(lines))

    def _repr_html_(self) -> str:
        commands = ", ".join(f"<code>{in_html(line)}</code>" for line in COMMANDS)
        return (
            f"<p><strong>Black box {self.seed}</strong>: rooms {in_html(', '.join(self.rooms))}</p>"
            f"<p>Ask <code>{in_html(self._ask())}</code>; it answers {commands}.</p>"
            "<p>Build the same network, then <code>.check()</code></p>"
        )


@face
def blackbox(*, seed: Seed | None = None) -> BlackBox:
    """A hidden network, which shows only what commands say in its rooms; build the same one, and compare.

    It takes away whatever network is there (`nk.reset()`), and leaves you an empty one.

    Args:
        seed: draws the same one again, with the same names and addresses; by default a new one.

    Returns:
        A BlackBox: `.rooms`, `.says(room, command)`, `.check()`, `.solution()`.

    Raises:
        InvalidValue: the seed is no number.
        NotInSandbox: this process is not in the sandbox.
        KernelRefused: this kernel lacks what its network needs.

    Example:
        >>> box = nk.blackbox(seed=3)  # doctest: +SKIP
        >>> box.says("host", "ip -br addr")  # doctest: +SKIP
    """
    journal.in_sandbox()
    made = BlackBox(seed if seed is not None else random.randint(1, _MOST_SEEDS))  # noqa: S311  (a game)
    diary.note("ticket", made._key)
    return made


def _said(room: str, line: str) -> Outcome:
    """What a command really says in a room."""
    return run(Place.get(room).path, shlex.split(line), typed=line)


def _without_people(state: Snapshot) -> Snapshot:
    """A network without the programs in it, and without namespaces that only programs hold."""
    return Snapshot({space.name: space for space in state.configuration() if space.named})


def _of(values: dict[str, Found], name: str, what: str) -> Found:
    """The value of that name, or an error that lists the names."""
    if name not in values:
        known = f"there are: {', '.join(values)}"
        raise NotFound(f"there is no {what} {shown(name)}", known, proposal(name, values))
    return values[name]
