"""README's way on other distributions: `make env`, the demo, the doctor, every lesson's outputs, and the library."""

from __future__ import annotations

import os
import subprocess
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.distributions.distribution import RELEASES, Release, Unavailable
from tests.notebooks.facts import FACTS
from tests.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.long,
    pytest.mark.once,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a distribution's tree"),
]

PYTEST = (".venv/bin/python", "-m", "pytest", "-q", "-p", "no:cacheprovider")
NBVAL = (*PYTEST, "--nbval", "--nbval-sanitize-with", "tests/notebooks.cfg", "--nbval-cell-timeout", "120")
INSIDE = (".venv/bin/netkit", "run", "--", *PYTEST)
LESSONS, LIBRARY = (
    sorted(str(path.relative_to(ROOT)) for path in ROOT.glob(pattern))
    for pattern in ("notebooks/[0-9]*.ipynb", "tests/inside/test_*.py")
)
WITH_ENGINE = [path for path in LESSONS if '"engine"' in (ROOT / path).read_text(encoding="utf-8")]
NOTICED = [f"tests/notebooks/test_facts.py::test_it_is_noticed[{fact}]" for fact in FACTS]
SIDE_BY_SIDE = 4
Run = tuple[tuple[str, ...], dict[str, str]]


def parts(name: str, number: int, before: tuple[str, ...], after: list[str], **how: str) -> dict[str, Run]:
    """A long run in parts of about the same length."""
    return {f"{name} {part}": ((*before, *after[part::number]), how) for part in range(number)}


EVERYWHERE: dict[str, Run] = {
    **parts("library", 8, INSIDE, LIBRARY),
    **parts("lessons", 3, NBVAL, LESSONS),
    **parts("lessons without the Engine", 2, NBVAL, WITH_ENGINE, without="dockerd"),
}
"""Every lesson shows what is committed, by a strict comparison; the library does what its tests say."""
AS_ROOT = parts("lessons as root", 3, NBVAL, LESSONS, who="root")
CHANGED_FACTS = parts("changed facts", 4, (*PYTEST, "-m", "long or not long"), NOTICED)
RUNS: dict[str, dict[str, Run]] = {
    "bookworm": EVERYWHERE | AS_ROOT,
    "trixie": EVERYWHERE | AS_ROOT | CHANGED_FACTS,
    "noble": EVERYWHERE,
}
"""Of each release, the longest first."""


@pytest.fixture(scope="module", params=RELEASES, ids=lambda release: release.suite)
def release(request: pytest.FixtureRequest) -> Release:
    """A release with the project's environment, made there as README says."""
    try:
        request.param.make()
    except Unavailable as error:
        pytest.skip(str(error))
    passed(request.param.run("make", "env"))
    return request.param


def passed(done: subprocess.CompletedProcess[str]) -> str:
    """What a command said that has succeeded."""
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    return done.stdout


def test_what_does_not_end_is_ended(release: Release) -> None:
    started = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        release.run("sleep", "300", seconds=1)
    assert time.monotonic() - started < 100


def test_the_demo(release: Release) -> None:
    assert passed(release.run(".venv/bin/netkit", "demo")).count("1 of 1 answered") == 3


def test_the_doctor(release: Release) -> None:
    said = release.run(".venv/bin/netkit", "doctor").stdout
    assert "Notebooks will use the user world" in said
    assert "MISSING" not in said.partition("What is marked")[0]


def offline(release: Release) -> str:
    """A folder that was made here installs where there is no network; what the demo says then."""
    passed(release.run("make", "offline", "PACKAGES=no"))
    alone = ("unshare", "--map-root-user", "--net")
    said = passed(release.run(*alone, "sh", "offline/install.sh", "../kit"))
    assert said.endswith("Next: ../kit/bin/netkit lab\n")
    return passed(release.run("../kit/bin/netkit", "demo"))


@pytest.fixture(scope="module")
def runs(release: Release) -> Iterator[dict[str, Future[str]]]:
    """The long ones, several side by side: most of their time is waiting."""
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        yield {
            "offline": pool.submit(offline, release),
            **{
                name: pool.submit(lambda words=words, how=how: passed(release.run(*words, **how)))
                for name, (words, how) in RUNS[release.suite].items()
            },
        }


@pytest.mark.parametrize("what", RUNS["trixie"])
def test_it_is_as_it_is_here(what: str, runs: dict[str, Future[str]]) -> None:
    if what not in runs:
        pytest.skip("root goes through the lessons on Debian alone, changed facts are tried on Debian 13 alone")
    runs[what].result()


def test_a_folder_installs_where_there_is_no_network(runs: dict[str, Future[str]]) -> None:
    assert runs["offline"].result().count("1 of 1 answered") == 3
