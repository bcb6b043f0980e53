"""Knows the suites of `make test`, and which of them run side by side."""

from __future__ import annotations

from dataclasses import dataclass

from tests.project import ROOT

PYTEST = ("python", "-m", "pytest")
INSIDE = ("netkit", "run", "--", *PYTEST)
VIEW = "tests/notebooks/test_user_view.py"
NBVAL = ("--nbval", "--nbval-sanitize-with", "tests/notebooks.cfg", "--nbval-cell-timeout", "60")
ONLY_FAILED = ("--last-failed", "--last-failed-no-failures=none")

LANES = ("kernels", "inside", "answers")
"""Suites of one lane run one after the other, lanes side by side; the first one's output is seen while it runs."""


@dataclass(frozen=True)
class Suite:
    """One command that tests something; programs are those of .venv/bin.

    Attributes:
        name: what the table calls it.
        command: the words; a pytest also writes its counts to artifacts/.
        lane: one of LANES. Jupyter kernels see one another's files: each lane keeps them in a folder of its own.
        ordinary: whether it runs as an ordinary user as well when root runs the tests.
        limit: seconds after which it is ended and has failed.
        again: the words to add that repeat what failed; without any, all of it is repeated.
    """

    name: str
    command: tuple[str, ...]
    lane: str = "inside"
    ordinary: bool = False
    limit: float = 1200
    again: tuple[str, ...] = ONLY_FAILED

    @property
    def reports(self) -> bool:
        """Whether it is a pytest, which writes what passed and failed."""
        return "pytest" in self.command


ANSWERS = sorted(
    str(path.relative_to(ROOT))
    for kind in ("why", "xray", "lessons", "tickets", "hints", "questions", "compare", "changes")
    for path in (ROOT / "tests" / "inside").glob(f"test_{kind}*.py")
)
"""Of tests/inside those of what answers a learner: half of the time, most of it waiting for the kernel."""

SUITES = (
    Suite("style", ("ruff", "check", "--output-format=concise", ".")),
    Suite("format", ("ruff", "format", "--check", ".")),
    Suite("inside", (*INSIDE, "tests/inside", *(f"--ignore={path}" for path in ANSWERS)), ordinary=True),
    Suite("answers", (*INSIDE, *ANSWERS), lane="answers", ordinary=True),
    Suite("unit", (*PYTEST, "tests/unit"), lane="answers"),
    Suite("lessons", (*PYTEST, "tests/notebooks", "--ignore", VIEW), lane="answers"),
    Suite("outside", (*PYTEST, "tests/outside"), lane="kernels", ordinary=True),
    # A cell needs those before it.
    Suite("notebooks", (*PYTEST, *NBVAL, "notebooks"), lane="kernels", ordinary=True, again=()),
    Suite("view", (*PYTEST, VIEW)),
)
