"""One world tried out, in a process of its own: `python -m netkit.sandbox.doctor.trial WORLD`.

It makes a real sandbox.  It prints two lines of JSON, which `doctor` reads: how the sandbox was made, and what works
in it; the second one when a line of its standard input asks for it, since lessons are tried in one world only.
When its standard input ends, it ends too, with all that it made.
"""

import contextlib
import json
import os
import select
import subprocess
import sys
from typing import Any

from netkit.sandbox import worlds
from netkit.sandbox.job import here, python
from netkit.sandbox.line import Message
from netkit.sandbox.problems import Problem, WorldFailed

_LESSONS = "lessons"
_PROGRAM = (
    f'read -r wanted; [ "$wanted" = {_LESSONS} ] && exec "$0" -P -m netkit.sandbox.doctor.features; '
    """echo '{"features": []}'"""
)
"""What the sandbox runs; it has the trial's standard input."""


class Trial:
    """A world that is being tried out; it begins at once.

    Args:
        world: a key of WORLDS.
    """

    def __init__(self, world: str) -> None:
        self.world = world
        self._process = subprocess.Popen(
            python("-P", "-m", __name__, world),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # an interrupt of the doctor must not keep it from taking away what it made
        )

    def made(self, within: float | None = None) -> dict[str, Any] | None:
        """How the sandbox was made.

        Args:
            within: seconds to wait; by default as long as it takes.

        Returns:
            "passed": names of the stages that worked; "notes": sentences about what could not be had;
            "problem": None, or the fields of a Problem.  None if there is no answer in that time.
        """
        assert self._process.stdout  # noqa: S101 - for the type checker
        if within is not None and not select.select([self._process.stdout], [], [], within)[0]:
            return None
        return self._line() or {"passed": [], "notes": [], "problem": self._broken()._asdict()}

    def features(self, *, lessons: bool) -> list[dict[str, Any]]:
        """What works in it: for each feature "name", "needed", and the fields of a Cure.

        Args:
            lessons: whether to try what lessons do, or only that a program runs and is heard.
        """
        assert self._process.stdin  # noqa: S101 - for the type checker
        with contextlib.suppress(BrokenPipeError):  # it broke off: the answer says so
            self._process.stdin.write(f"{_LESSONS if lessons else 'nothing'}\n".encode())
            self._process.stdin.flush()
        answer = self._line()
        return (
            answer["features"]
            if "features" in answer
            else [{"name": "lessons", "needed": True, **self._broken()._asdict()}]
        )

    def end(self) -> None:
        """End it, and wait until nothing of it is left."""
        self._process.communicate()

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout  # noqa: S101 - for the type checker
        return json.loads(self._process.stdout.readline() or b"{}")

    def _broken(self) -> Problem:
        _, said = self._process.communicate()
        last = (said.decode(errors="replace").strip().splitlines() or ["it was killed"])[-1]
        return Problem(
            self.world, "trial", 0, f"the trial broke off: {last}", "Please report this as a fault of netkit"
        )


def attempt(world: str) -> None:
    """Try a world out and print both lines.

    Args:
        world: a key of WORLDS.
    """
    told = os.fdopen(os.dup(1), "w")
    # In memory: there may be no folder for temporary files, and the doctor is to say so.
    with os.fdopen(os.memfd_create("answer"), "w+") as answer:
        os.dup2(answer.fileno(), 1)
        try:
            sandbox = worlds.load(world).start(here(("sh", "-c", _PROGRAM, sys.executable)))
        except WorldFailed as failure:
            problem = failure.problem._asdict()
            print(json.dumps({"passed": failure.passed, "notes": (), "problem": problem}), file=told)
            return
        made = {"passed": sandbox.passed, "notes": sandbox.notes, "problem": None}
        print(json.dumps(made), file=told, flush=True)
        try:
            while (event := _event(sandbox)).word == "stopped":
                continue
        finally:
            sandbox.end()
        if (event.word, event.text) == ("exit", "0"):
            answer.seek(0)
            print(answer.read(), file=told, flush=True)


def _event(sandbox: worlds.Sandbox) -> worlds.Event:
    """The next event of the sandbox, or "unasked" when nobody waits for it any more: standard input is hung up."""
    poll = select.poll()
    poll.register(sandbox, select.POLLIN)
    poll.register(0, 0)
    heard = {file for file, _ in poll.poll()}
    return sandbox.receive() if sandbox.fileno() in heard else Message("unasked")


if __name__ == "__main__":
    attempt(sys.argv[1])
