"""A class's submissions, made by a script: right, half right, copied, forged, hostile and broken ones."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

from netkit.classroom.replay_limits import LIMIT
from netkit.classroom.submission import Handed, Submission
from netkit.lessons.diary import Event
from netkit.lessons.enrolment import Course
from netkit.lessons.mine import Mine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COURSE = Course("demo", "2027")
FIRST = 1_800_000_000.0
_LOOP = "while :; do :; done"


class Expected(NamedTuple):
    """What a row of the CSV has to say: whether 03.1 is right, and what its first ✗ has in it."""

    ok: bool
    first: str = ""


def cable(mine: Mine, *, lit: bool = True) -> str:
    """The lines that solve 03.1 with somebody's numbers."""
    one, other = mine.name, "right"
    lines = [
        f"ip netns add {one}",
        f"ip netns add {other}",
        f"ip link add dev eth0 netns {one} type veth peer name eth0 netns {other}",
        f"ip -n {one} addr add {mine.address(1)} dev eth0",
        f"ip -n {other} addr add {mine.address(2)} dev eth0",
        f"ip -n {one} link set dev eth0 up",
        *([f"ip -n {other} link set dev eth0 up"] if lit else []),
    ]
    return "\n".join(("set -e", *lines)) + "\n"


def events(*, right: bool) -> tuple[Event, ...]:
    """A diary: two hints, a prediction, and a check that says what it likes."""
    kinds = (("hint", "03.1", None), ("hint", "03.1", None), ("predict", "03.3", True), ("check", "03.1", right))
    return tuple(Event(FIRST + 60 * place, *each) for place, each in enumerate(kinds))


def hand_in(folder: Path, name: str, script: str, *, says: bool = True, who: str = "") -> None:
    """Put a learner's submission into a folder."""
    made = Submission(who or name, "demo", FIRST, {"03.1": Handed(script)}, events=events(right=says))
    write(folder, name, made.to_json())


def write(folder: Path, name: str, text: str) -> None:
    """Put a file into a learner's folder."""
    (folder / name).mkdir()
    (folder / name / "netkit-submission.json").write_text(text)


def hostile(victims: Path, port: int) -> dict[str, tuple[str, str]]:
    """What learners with bad intentions hand in, and what has to be said of it."""
    none = "there is a namespace"
    return {
        "loop": (_LOOP, LIMIT),
        "gigabytes": ("for p in /run /tmp /dev/shm; do dd if=/dev/zero of=$p/big bs=1M count=10240; done", none),
        "processes": ("for i in $(seq 5000); do sleep 30 & done 2>/dev/null", none),
        "scan": (f"for p in {port} 22 80 {port}; do busybox nc -w 1 127.0.0.1 $p </dev/null; done", none),
        "remover": (f"rm -rf {victims} {victims}/*; echo spoiled > {victims}/marks; true", none),
        "remounter": (f"mount -o remount,rw /; umount -l /tmp /home /root; echo x > {victims}/marks; true", none),
        "forger": (
            'for p in /proc/[0-9]*; do echo \'{"ok": true, "wants": []}\' > $p/fd/1; done; kill -9 1; true',
            none,
        ),
        "killer": ("for p in /proc/[0-9]*; do kill -9 ${p#/proc/}; done; true", ""),
        "liar": ("mount --bind /bin/true /usr/sbin/ip; PATH=/run; ip netns; true", none),
        "python": ("python3 -c 'import os; os.system(\"true\")' || true", none),
    }


def class_of(folder: Path, victims: Path, port: int, many: int = 60) -> dict[str, Expected]:
    """Fill a folder with the submissions of a class; what is to come of each learner.

    Args:
        folder: of the submissions.
        victims: a folder that hostile ones try to spoil.
        port: where somebody listens on the machine's loopback.
        many: how many learners.
    """
    folder.mkdir()
    expected: dict[str, Expected] = {}
    for name, (script, first) in hostile(victims, port).items():
        hand_in(folder, name, script)
        expected[name] = Expected(ok=False, first=first)
    broken = {
        "broken-json": ("{", "the file is no JSON"),
        "old-version": (json.dumps({"netkit_submission": 0}), "its version is 0"),
        "too-large": ("x" * 1_100_000, "a submission has at most"),
        "nested": ("[" * 100_000, "the file is no JSON"),
        "empty": ("", "the file is no JSON"),
    }
    for name, (text, first) in broken.items():
        write(folder, name, text)
        expected[name] = Expected(ok=False, first=first)
    expected |= _tricks(folder, victims)
    kinds: tuple[Callable[[Path, str], Expected], ...] = (_right, _half, _copied, _forged)
    for number in range(many - len(expected)):
        name = f"learner{number:02}"
        expected[name] = kinds[number % 4](folder, name)
    return expected


def _tricks(folder: Path, victims: Path) -> dict[str, Expected]:
    """Names that mean something to a shell, a spreadsheet, a page or a file system; links and pipes for files."""
    names = ("=2+3", "<b>bold", "-rf", "a\nb", "..x", "%2e%2e", "$(id)", "x" * 200)
    for name in names[:4]:
        hand_in(folder, name, cable(Mine(name, COURSE)), who="../../etc")
    for name in names[4:]:
        hand_in(folder, f"n{name}", cable(Mine(f"n{name}", COURSE), lit=False))
    (folder / "linked").mkdir()
    (folder / "linked" / "netkit-submission.json").symlink_to(victims / "marks")
    (folder / "pipe").mkdir()
    os.mkfifo(folder / "pipe" / "netkit-submission.json")
    return {
        **{name: Expected(ok=True) for name in names[:4]},
        **{f"n{name}": Expected(ok=False, first="is down") for name in names[4:]},
        "linked": Expected(ok=False, first="the file cannot be read"),
        "pipe": Expected(ok=False, first="it is no ordinary file"),
    }


def _right(folder: Path, name: str) -> Expected:
    hand_in(folder, name, cable(Mine(name, COURSE)))
    return Expected(ok=True)


def _half(folder: Path, name: str) -> Expected:
    hand_in(folder, name, cable(Mine(name, COURSE), lit=False))
    return Expected(ok=False, first="both ends of")


def _copied(folder: Path, name: str) -> Expected:
    """The file of the learner two places before, who has it right."""
    other = f"learner{int(name.removeprefix('learner')) - 2:02}"
    hand_in(folder, name, cable(Mine(other, COURSE)), who=other)
    return Expected(ok=False, first=f"these are the numbers of {other}")


def _forged(folder: Path, name: str) -> Expected:
    """A diary that says that all was right, and nothing built."""
    hand_in(folder, name, "true\n", says=True)
    return Expected(ok=False, first="there is a namespace")
