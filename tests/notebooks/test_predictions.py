"""Every prediction of every lesson, answered by somebody: what the kernel did is what the lesson shows, in each world.

Every other one is answered as the lesson shows it, where that can be typed, and the rest otherwise.
"""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING, Any, NamedTuple

import nbformat
import pytest

from netkit.sandbox.worlds import VARIABLE
from netkit.subcommands import notebooks
from tests.outside.sessions import session, text_of
from tests.project import ASKS, ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.outside.sessions import Session

LESSONS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
LEFT_OUT = {"user": {"engine"}, "uml": {"engine", "nftables"}}
"""Cells by their tags that need what a world does not have, or what takes long."""

BY_DEFAULT = ("00", "user")
SECONDS_FOR_A_CELL = 300.0

OPTION = re.compile(r"^  (?P<number>\d+)  (?P<words>.+)$", re.MULTILINE)
TOLD = re.compile(r"(?:(?P<mark>[✓✗]) you: (?P<chosen>.*) · )?the kernel: (?P<truth>.*)")


class Asked(NamedTuple):
    """A cell that asks first.

    Attributes:
        id: of the prediction.
        truth: what the lesson shows that the kernel did.
    """

    id: str
    truth: str


class Learner:
    """Answers what is asked.

    Args:
        kernel: that asks.
    """

    def __init__(self, kernel: Session) -> None:
        self._kernel = kernel
        self.prompts: list[str] = []

    def run(self, source: str, wanted: str) -> str:
        """What a cell shows, once it was answered with what is wanted, or with something else where that is not there.

        Args:
            source: the cell.
            wanted: a choice in words; "" for any other.
        """
        shown: list[str] = []

        def answer(message: dict[str, Any]) -> None:
            prompt = message["content"]["prompt"]
            self.prompts.append(prompt)
            self._kernel.client.input(typed(prompt, wanted))

        self._kernel.client.execute_interactive(
            source,
            timeout=SECONDS_FOR_A_CELL,
            output_hook=lambda message: shown.append(text_of(message)),
            stdin_hook=answer,
            allow_stdin=True,
            stop_on_error=False,
        )
        return "\n".join(shown)


def typed(prompt: str, wanted: str) -> str:
    """What somebody types who wants something, or anything else."""
    numbers = {option["words"]: option["number"] for option in OPTION.finditer(prompt)}
    words = wanted.split(" → ")
    if wanted and not numbers:
        return wanted
    if wanted and set(words) <= set(numbers):
        return " ".join(numbers[word] for word in words)
    if "The address" in prompt:
        return "192.0.2.1"
    return "1 1" if "Two numbers" in prompt else "1" if numbers else "99"


def asked(cell: Any, replacements: Any) -> Asked | None:
    """What a cell of a lesson's file asks first; None for one that does not."""
    match = ASKS.match(cell.source)
    if match is None:
        return None
    texts = [output.get("data", {}).get("text/plain", "") for output in cell.outputs]
    told = next(found for text in texts if (found := TOLD.match(text)))
    return Asked(match["id"], plain(told["truth"], replacements))


def plain(text: str, replacements: Any) -> str:
    """A text without what the kernel draws at random."""
    for pattern, replacement in replacements:
        text = re.sub(pattern, replacement, text)
    return text


def cases() -> list[Any]:
    """Each lesson in each world; one by default."""
    lacks = pytest.mark.skipif(shutil.which("linux.uml") is None, reason="User-Mode Linux is not installed")
    return [
        pytest.param(
            path,
            world,
            id=f"{path.stem}-{world}",
            marks=[
                *([] if (path.name[:2], world) == BY_DEFAULT else [pytest.mark.long]),
                *([lacks] * (world == "uml")),
            ],
        )
        for path in LESSONS
        for world in ("user", "uml")
    ]


@pytest.mark.parametrize(("path", "world"), cases())
def test_what_the_kernel_does_is_what_the_lesson_shows(path: Path, world: str, tmp_path: Path) -> None:
    replacements = notebooks.read_replacements(ROOT / "tests" / "notebooks.cfg")
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    cells = [cell for cell in cells if not LEFT_OUT[world] & set(cell.metadata.get("tags", []))]
    last = max((place for place, cell in enumerate(cells) if ASKS.match(cell.source)), default=None)
    if last is None:
        pytest.skip(f"{world} has not what these predictions need")
    number = 0
    with session(env={**os.environ, VARIABLE: world, "XDG_DATA_HOME": str(tmp_path)}) as kernel:
        learner = Learner(kernel)
        for cell in cells[: last + 1]:
            question = asked(cell, replacements)
            right = question is not None and number % 2 == 0
            shown = learner.run(cell.source, question.truth if question and right else "")
            if question is None:
                continue
            number += 1
            assert len(learner.prompts) == number, f"{question.id} asks once: {learner.prompts[-1:]}"
            told = next((found for line in shown.splitlines() if (found := TOLD.match(line))), None)
            assert told, f"{question.id} says nothing of the kernel's answer:\n{shown}"
            assert plain(told["truth"], replacements) == question.truth, question.id
            assert (told["mark"] == "✓") == (told["chosen"] == told["truth"]), question.id
            assert told["mark"], "it was answered"
    assert number >= 3
