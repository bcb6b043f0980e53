"""README's way on other distributions: `make env`, the demo, the doctor, every lesson's outputs, and the library."""

from __future__ import annotations

import os
import subprocess
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.distributions.distribution import RELEASES, Release, Unavailable
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
SIDE_BY_SIDE = 4
RUNS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    **{f"lessons {part}": ((*NBVAL, *LESSONS[part::2]), {}) for part in range(2)},
    **{f"lessons {part} as root": ((*NBVAL, *LESSONS[part::2]), {"who": "root"}) for part in range(2)},
    "lessons without the Engine": ((*NBVAL, *WITH_ENGINE), {"without": "dockerd"}),
    **{f"library {part}": ((*INSIDE, *LIBRARY[part::8]), {}) for part in range(8)},
}
"""Every lesson shows what is committed, by a strict comparison; the library does what its tests say."""


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


@pytest.fixture(scope="module")
def runs(release: Release) -> Iterator[dict[str, Future[subprocess.CompletedProcess[str]]]]:
    """The long ones, several side by side: most of their time is waiting."""
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        yield {name: pool.submit(release.run, *words, **how) for name, (words, how) in RUNS.items()}


@pytest.mark.parametrize("what", RUNS)
def test_it_is_as_it_is_here(what: str, runs: dict[str, Future[subprocess.CompletedProcess[str]]]) -> None:
    passed(runs[what].result())


@pytest.mark.parametrize("release", RELEASES[1:2], ids=["trixie"], indirect=True)
def test_changed_facts_are_noticed(release: Release) -> None:
    passed(release.run(*PYTEST, "-m", "long or not long", "tests/notebooks/test_facts.py", seconds=1800))


def test_a_folder_installs_where_there_is_no_network(release: Release) -> None:
    passed(release.run("make", "offline", "PACKAGES=no"))
    alone = ("unshare", "--map-root-user", "--net")
    said = passed(release.run(*alone, "sh", "offline/install.sh", "../kit"))
    assert said.endswith("Next: ../kit/bin/netkit lab\n")
    assert passed(release.run("../kit/bin/netkit", "demo")).count("1 of 1 answered") == 3
