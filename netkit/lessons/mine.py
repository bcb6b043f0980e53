"""`nk.mine`, by course and learner: subnet (10.32.0.0/24 to 10.255.242.0/24), port (20000 to 29972), name, seed.

With a class list they differ for sure; for a name that is not on it they are drawn by a hash.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated

from netkit.face import face
from netkit.handles import guarded
from netkit.kinds import number
from netkit.lessons import enrolment
from netkit.visible import in_line

if TYPE_CHECKING:
    from netkit.lessons.enrolment import Course

_WORDS = (
    *("acorn", "alder", "amber", "ash", "aspen", "barley", "basil", "beech", "birch", "briar", "cedar", "cherry"),
    *("clover", "coral", "cress", "daisy", "dill", "elder", "elm", "fern", "fig", "fir", "flax", "ginger", "hazel"),
    *("heath", "holly", "hop", "iris", "ivy", "juniper", "larch", "laurel", "lilac", "lily", "lime", "linden"),
    *("lotus", "lupin", "maple", "mint", "moss", "myrtle", "nettle", "oak", "oat", "olive", "onyx", "opal", "orchid"),
    *("peach", "pear", "pine", "plum", "poplar", "poppy", "quince", "reed", "rose", "rowan", "rye", "sage", "tulip"),
    "willow",
)
_FIRST = 32
_SUBNETS, _PORTS, _NAMES, _SEEDS = 57331, 9973, 63997, 999999937
"""How many there are of each: primes, so that a multiple of a place in the class list meets no other's."""

_LOWEST_PORT = 20000
_ARTICLE = ("172.17.1.", 8080, "ns3", 7)
"""What everybody has where there is no course: the subnet, port and name of the article, and a seed."""

Host = Annotated[int, lambda value: number(value, "a host of a /24", 1, 254, example=1)]


@guarded({"addresses": ".address(1)", "ip": ".address(1)", "network": ".subnet", "ports": ".port"})
class Mine:
    """Your own numbers in this course, the same each time: a subnet, a port, a name, a seed.

    Nobody else of the class has them, no lesson uses them, and where there is no course they are the article's.

    Args:
        learner: whose; by default the hub's or the account's name, asked whenever it matters.
        course: which draws them; by default the one whose file is beside the notebook.

    Example:
        >>> Mine("anna", enrolment.Course("demo", "2027"))
        anna in demo: subnet 10.73.183.0/24, port 28687, name cedar352, seed 703712426
        >>> Mine("anna", enrolment.Course()).address(3)
        '172.17.1.3/24'
    """

    def __init__(self, learner: str | None = None, course: Course | None = None) -> None:
        self._learner, self._course = learner, course

    @property
    def learner(self) -> str:
        """The name that they are drawn by."""
        return enrolment.learner() if self._learner is None else self._learner

    @property
    def course(self) -> str:
        """The course's name, "" without one."""
        return self._of.name

    @property
    def drawn(self) -> bool:
        """Whether a course draws them; else they are the article's."""
        return bool(self._of.seed)

    @property
    def prefix(self) -> str:
        """What all addresses of the subnet begin with: "10.73.183."."""
        place = self._place("subnet", _SUBNETS)
        return _ARTICLE[0] if place is None else f"10.{_FIRST + place // 256}.{place % 256}."

    @property
    def subnet(self) -> str:
        """A subnet (RFC 1918) with 254 addresses: "10.73.183.0/24"."""
        return f"{self.prefix}0/24"

    @face
    def address(self, host: Host) -> str:
        """An address of the subnet, with its prefix length, as an interface bears it.

        Args:
            host: its last number, 1 to 254.

        Example:
            >>> Mine("anna", enrolment.Course("demo", "2027")).address(1)
            '10.73.183.1/24'
        """
        return f"{self.prefix}{host}/24"

    @property
    def port(self) -> int:
        """A TCP port, 20000 to 29972; 8080 without a course."""
        place = self._place("port", _PORTS)
        return _ARTICLE[1] if place is None else _LOWEST_PORT + place

    @property
    def name(self) -> str:
        """A name for a namespace: letters, then three digits."""
        place = self._place("name", _NAMES)
        return _ARTICLE[2] if place is None else f"{_WORDS[place // 1000]}{place % 1000:03}"

    @property
    def seed(self) -> int:
        """A seed for tickets (`nk.fault`)."""
        place = self._place("seed", _SEEDS)
        return _ARTICLE[3] if place is None else place

    def __repr__(self) -> str:
        whose = f"{self.learner} in {self.course or 'a course'}" if self.drawn else "no course, so everybody's"
        return in_line(f"{whose}: subnet {self.subnet}, port {self.port}, name {self.name}, seed {self.seed}")

    @property
    def _of(self) -> Course:
        return enrolment.course() if self._course is None else self._course

    def _place(self, what: str, many: int) -> int | None:
        """A number below a prime: by the place in the class list, so that no two meet, else by a hash; None: no course.

        Args:
            what: is drawn.
            many: the prime.
        """
        course = self._of
        if not course.seed:
            return None
        place = course.place(self.learner)
        if place is None:
            return _drawn(many, course.seed, what, self.learner)
        step = 1 + _drawn(many - 1, course.seed, what, "step")
        return (_drawn(many, course.seed, what, "first") + place * step) % many


def _drawn(many: int, *words: str) -> int:
    """A number from 0 to below `many` that follows from some words."""
    text = "\0".join(words).encode(errors="surrogateescape")
    return int.from_bytes(hashlib.sha256(text).digest()) % many


mine = Mine()
"""The numbers of whoever works here."""
