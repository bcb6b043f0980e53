"""Inside a fresh sandbox: carries a handed-in script out, limited by prlimit, and asks the kernel what is there.

The script runs as root of the sandbox with limits of its own, without the right to look into other processes and in a
mount namespace of its own: it can end this process, which costs its own points, and not change what it says.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from netkit.classroom.replay_limits import LIMIT, SECONDS_OF_SCRIPT
from netkit.errors import NetkitError
from netkit.lessons import catalogue
from netkit.lessons.desk import answered
from netkit.lessons.enrolment import Course
from netkit.lessons.mine import Mine
from netkit.lessons.personal import personal
from netkit.lessons.task import Task
from netkit.linux import namespaces, procfs
from netkit.linux.acts import nft
from netkit.linux.events import settle
from netkit.linux.looks import deciders, observe

if TYPE_CHECKING:
    from collections.abc import Callable

    from netkit.lessons.replies import Answer
    from netkit.model import Snapshot

_SCRIPT = "/run/handed-in.sh"
_LIMITS = ("--as=268435456", "--nproc=128", "--fsize=16777216", "--nofile=256", "--core=0")
"""Of each process of a script (prlimit(1)): bytes of memory, processes in all, bytes of a file, open files."""

_SECONDS_OF_DETECTION, _SECONDS_BETWEEN_LOOKS = 3.0, 0.05
"""How long duplicate addresses are looked for at most (one to two seconds by default), and between two looks."""

_SECONDS_TO_START = 3.0
"""How long the programs that a script leaves may be busy at most before it is looked at what is there."""

_APART = ("setpriv", "--bounding-set=-sys_ptrace,-sys_time,-sys_module,-sys_boot", "--inh-caps=-all")


def main() -> int:
    """Read what to replay from standard input, write what is there then to standard output."""
    asked = json.load(sys.stdin)
    try:
        told = _KINDS[asked["kind"]](asked)
    except NetkitError as error:
        told = {"ok": False, "wants": [], "trouble": str(error)}
    sys.stdout.write(json.dumps(told))
    return 0


def _task(asked: dict[str, Any]) -> dict[str, Any]:
    """Replay a task's script."""
    course = Course.from_plain(asked["course"])
    lessons = catalogue.find(asked["id"], Task)
    task = personal(lessons, Mine(asked["learner"], course))
    trouble = carry_out(asked["script"], asked.get("seconds", SECONDS_OF_SCRIPT))
    if trouble == LIMIT:
        return {"ok": False, "wants": [], "trouble": LIMIT}
    world = _now()
    result = answered(task, world)
    copied = "" if result.ok else _owner(lessons, world, course, asked["others"])
    return {
        "ok": result.ok,
        "wants": [[want.text, want.ok, want.words] for want in result.wants],
        "trouble": trouble,
        "copied": copied,
        "state": world.to_json(),
    }


def _ticket(asked: dict[str, Any]) -> dict[str, Any]:
    """Replay what mended a ticket: its healthy network tells what is to be there."""
    from netkit.tickets import breaking
    from netkit.tickets import catalogue as tickets
    from netkit.tickets.verdict import answers

    case = tickets.case(asked["lesson"], asked["seed"], breaking.lacking())
    network = case.network(f"{asked['lesson']} {asked['seed']}")
    twin = breaking.build(network, []).twin
    breaking.clear()
    trouble = carry_out(asked["script"], asked.get("seconds", SECONDS_OF_SCRIPT))
    if trouble == LIMIT:
        return {"ok": False, "wants": [], "trouble": LIMIT}
    equal = [network.told(each) for fault in case.faults for each in fault.equal]
    found: list[Answer] = answers(network, twin, _now(), case.faults[0].flow, equal)
    return {
        "ok": all(each.ok for each in found),
        "wants": [[each.text, each.ok, each.words] for each in found],
        "trouble": trouble,
        "copied": "",
    }


def _nothing(asked: dict[str, Any]) -> dict[str, Any]:
    """Carry out an empty script, to find out how long it takes."""
    return {"ok": True, "wants": [], "trouble": carry_out("", asked["seconds"]), "state": _now().to_json()}


_KINDS = {"task": _task, "ticket": _ticket, "nothing": _nothing}


def carry_out(script: str, seconds: float = SECONDS_OF_SCRIPT) -> str:
    """Carry out a script with limits; why it did not get to its end, "" where it did.

    Args:
        script: shell lines.
        seconds: how long it may take.
    """
    with open(_SCRIPT, "w", encoding="utf-8", errors="replace") as file:
        file.write(script)
    command = (
        *_APART,
        "prlimit",
        *_LIMITS,
        f"--cpu={round(seconds)}",
        "unshare",
        "--mount",
        "--propagation",
        "unchanged",
        "sh",
        _SCRIPT,
    )
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd="/", start_new_session=True, env=_environment(), **quiet)
    try:
        status = process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.wait()
        return LIMIT
    return "" if status == 0 else _failing(script)


def _failing(script: str) -> str:
    """That a line fails; why, where it is the kernel that lacks what the script needs."""
    lacking = nft.obstacle() if "nft" in script else ""
    return f"a line of its script fails: {lacking}" if lacking else "a line of its script fails"


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def _now() -> Snapshot:
    """What is there once addresses of IPv6 that somebody gave can be used: the kernel asks first who else has them."""
    _wait_while(_busy, _SECONDS_TO_START)
    settle.wait()
    given = {space.name for space in observe.snapshot() if any(_is_given(address) for address in space.addresses)}
    _wait_while(lambda: _tentative(given), _SECONDS_OF_DETECTION)
    return observe.snapshot()


def _wait_while(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while condition() and time.monotonic() < deadline:
        time.sleep(_SECONDS_BETWEEN_LOOKS)


def _busy() -> bool:
    """Whether a program is busy: on a crowded machine a server may not listen yet when its script has ended."""
    return any(map(_is_busy, filter(str.isdigit, os.listdir("/proc"))))


def _is_busy(process: str) -> bool:
    """Whether another process runs, or waits for a disk (proc_pid_stat(5))."""
    try:
        state = procfs.read(f"/proc/{process}/stat").rpartition(b") ")[2][:1]
    except OSError:  # it has just ended
        return False
    return process != str(os.getpid()) and state in b"RD"


def _tentative(given: set[str]) -> bool:
    """Whether an address is tentative (RFC 4862, 5.4) in namespaces where some were given."""
    places = (place for place in namespaces.find() if place.name in given)
    return any(state == "tentative" for place in places for *_, state in deciders.unready(place.path))


def _is_given(address: str) -> bool:
    return ":" in address and not address.startswith("fe80:") and address != "::1"


def _owner(task: Task, world: Snapshot, course: Course, others: list[str]) -> str:
    """The other learner for whose numbers a network was built; "" for nobody."""
    if not task.own or not course.seed:
        return ""
    for other in others:
        wants = [want for want in personal(task, Mine(other, course)).wants if not want.needs_traffic]
        if wants and all(want.found(world).ok for want in wants):
            return other
    return ""


if __name__ == "__main__":
    sys.exit(main())
