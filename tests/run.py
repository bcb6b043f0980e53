"""Runs every suite of tests, as root also as an ordinary user, and sums up: this is `make test`.

    python tests/run.py                  everything
    python tests/run.py unit notebooks   only these suites, as whoever runs it
    python tests/run.py netkit-tester    only as the ordinary user (suites may follow)

The exit status is 0 only if nothing failed, every suite ran at least one test, the machine is as it was
before, and nothing is left behind.  Where few tests of a suite fail they are repeated at once: those that pass
then are named as unsteady below the table, since they tell of a busy machine, or of a test to mend.
"""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

import pytest
from jupyter_core.paths import jupyter_runtime_dir

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests import machine, ordinary
from tests.project import ROOT, SECOND_LANE
from tests.suites import LANES, SUITES, Suite

ARTIFACTS = ROOT / "artifacts"
MARK = "NETKIT_TEST_RUN"
SECONDS_TO_END = 10.0

AGAIN, RUNTIME = "-again", "run"
FEW = 3
"""So many failed tests of a suite are repeated: more are no accident of a busy machine."""


@dataclass(frozen=True)
class Result:
    """How one suite ended.

    Attributes:
        faults: a line for each test that failed.
        unsteady: a line for each test that failed and, repeated at once, passed: those do not fail the run.
    """

    name: str
    who: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    faults: tuple[str, ...] = ()
    unsteady: tuple[str, ...] = ()

    def __str__(self) -> str:
        counts = f"{self.passed:8}{self.failed:8}{self.skipped:9}"
        return f"{self.name:<18}{self.who:<16}{counts}{self.seconds:9.1f}"


Lane = Callable[[IO[str] | None], list[Result]]
"""Runs suites one after the other, with their output to a file, or to the terminal."""


def run_suite(suite: Suite, place: ordinary.Place, output: IO[str] | None = None) -> Result:
    """Run one suite, its output going straight to the terminal, or to a file; repeat the few tests that fail."""
    first, status = _run_once(suite, place, output)
    if not suite.reports or status != pytest.ExitCode.TESTS_FAILED or len(first.faults) > FEW:
        return first
    print(f"\nOnce more, to tell what is unsteady from what is broken: {len(first.faults)}", file=output, flush=True)
    again = replace(suite, name=suite.name + AGAIN, command=suite.command + suite.again)
    second, _ = _run_once(again, place, output)
    if second.failed or not second.passed:
        return first
    passed, seconds = first.passed + first.failed, first.seconds + second.seconds
    return replace(first, passed=passed, failed=0, seconds=seconds, faults=(), unsteady=first.faults)


def _run_once(suite: Suite, place: ordinary.Place, output: IO[str] | None) -> tuple[Result, int | str]:
    """How it ended, and its exit status."""
    print(f"\n===== {suite.name}, as {place.who} =====", file=output, flush=True)
    report = ARTIFACTS / f"{suite.name}-{place.who}.xml"
    written = place.root / "artifacts" / report.name
    known = f"cache_dir=.pytest_cache/{suite.name.removesuffix(AGAIN)}"  # what failed, of this suite alone
    words = [*suite.command, f"--junitxml={written}", "-o", known] if suite.reports else [*suite.command]
    started = time.monotonic()
    status = _status(place, words, suite.limit, output)
    if written.exists() and written != report:
        shutil.copyfile(written, report)
    result = _reported(suite.name, place.who, written) if suite.reports else Result(suite.name, place.who)
    if status == 0 and not suite.reports:
        result = replace(result, passed=1)
    elif status != 0 and not result.failed:
        fault = f"{suite.name} ended with status {status}"
        print(fault, file=output, flush=True)
        result = replace(result, failed=1, faults=(fault,))
    return replace(result, seconds=time.monotonic() - started), status


def _status(place: ordinary.Place, words: list[str], limit: float, output: IO[str] | None) -> int | str:
    program = place.root / ".venv" / "bin" / words[0]
    process = subprocess.Popen(
        [*place.prefix, str(program), *words[1:]],
        cwd=place.root,
        env=place.environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        start_new_session=True,
    )
    try:
        return process.wait(limit)
    except BaseException as reason:
        os.killpg(process.pid, 9)
        process.wait()
        if isinstance(reason, subprocess.TimeoutExpired):
            return f"'not ended after {limit:.0f} s'"
        raise


def _reported(name: str, who: str, written: Path) -> Result:
    """What pytest's report says; nothing passed and nothing failed in a run that wrote none."""
    if not written.exists():
        return Result(name, who)
    suite = ElementTree.parse(written).getroot().find("testsuite")
    every, failures, errors, skipped = (int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped"))
    failed = failures + errors
    faults = tuple(
        f"{name}, as {who}: {case.get('classname')}::{case.get('name')}: {_shortly(fault.get('message', ''))}"
        for case in suite.iter("testcase")
        for fault in case
        if fault.tag in ("failure", "error")
    )
    return Result(name, who, max(every - failed - skipped, 0), failed, skipped, faults=faults)


def _shortly(message: str) -> str:
    return " ".join(message.split())[:300]


def files_of_netkit(temporary: Path) -> set[Path]:
    """What sandboxes and kernels keep in files while they run."""
    temporaries = {path for path in temporary.iterdir() if path.name.startswith("netkit")}
    runtimes = (Path(jupyter_runtime_dir()), *temporary.glob(f"{RUNTIME}-*"))
    return temporaries.union(*(runtime.glob("kernel-*") for runtime in runtimes))


def check_machine(before: machine.Picture, files: set[Path], mark: str, temporary: Path) -> Result:
    """Compare the machine with how it was, and look for what the suites have left behind."""
    deadline = time.monotonic() + SECONDS_TO_END
    while (running := machine.marked_processes(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    faults = machine.differences(before, machine.picture())
    faults += [f"left running: {process}" for process in running]
    faults += [f"left behind: {path}" for path in sorted(files_of_netkit(temporary) - files)]
    for fault in faults:
        print(fault, flush=True)
    return Result("machine untouched", "", passed=int(not faults), failed=int(bool(faults)), faults=tuple(faults))


def run_all(names: list[str], mark: str, temporary: Path) -> list[Result]:
    """Run the chosen suites here and, as root, beside them those that an ordinary user runs as well."""
    marks = {MARK: mark.partition("=")[2], "TMPDIR": str(temporary)}
    chosen = [suite for suite in SUITES if suite.name in names] or list(SUITES)
    lanes: list[tuple[str, Lane]] = []
    if ordinary.NAME not in names:
        lanes += _lanes(chosen, ordinary.here(marks), temporary)
    if ordinary.NAME in names or (os.geteuid() == 0 and not names):
        lanes.append((ordinary.NAME, partial(_as_ordinary_user, chosen, marks, temporary)))
    return _side_by_side(lanes)


def _lanes(suites: list[Suite], place: ordinary.Place, temporary: Path) -> list[tuple[str, Lane]]:
    """The lanes of some suites; those beside the first one keep the files of Jupyter's kernels apart."""
    found: list[tuple[str, Lane]] = []
    for lane in LANES:
        runtime = {"JUPYTER_RUNTIME_DIR": str(temporary / f"{RUNTIME}-{place.who}-{lane}")}
        apart = replace(place, environment={**place.environment, **(runtime if lane != LANES[0] else {})})
        if part := [suite for suite in suites if suite.lane == lane]:
            found.append((f"{place.who}-{lane}", partial(_one_by_one, part, apart)))
    return found


def _side_by_side(lanes: list[tuple[str, Lane]], terminal: IO[str] | None = None) -> list[Result]:
    """Run named lanes at once, since half of their time is waiting; the first one's output is seen while it runs."""
    (_, first), *others = lanes
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(len(lanes)))
        outputs = [stack.enter_context((ARTIFACTS / f"{name}.log").open("w+")) for name, _ in others]
        running = [pool.submit(lane, output) for (_, lane), output in zip(others, outputs, strict=True)]
        results = first(terminal)
        for lane, output in zip(running, outputs, strict=True):
            results += lane.result()
            output.seek(0)
            print(output.read(), file=terminal, flush=True)
    return results


def _one_by_one(suites: list[Suite], place: ordinary.Place, output: IO[str] | None) -> list[Result]:
    return [run_suite(suite, place, output) for suite in suites]


def _as_ordinary_user(
    chosen: list[Suite], marks: dict[str, str], temporary: Path, output: IO[str] | None
) -> list[Result]:
    """Make the ordinary user, and run the suites that it runs as well."""
    results: list[Result] = []
    try:
        with ordinary.user({**marks, SECOND_LANE: "1"}) as place:
            suites = [suite for suite in chosen if suite.ordinary]
            results += _side_by_side(_lanes(suites, place, temporary), output)
    except (OSError, RuntimeError, subprocess.CalledProcessError) as reason:
        print(f"The tests as an ordinary user did not come to their end: {reason}", file=output, flush=True)
        results.append(Result("ordinary user", ordinary.NAME, failed=1, faults=(str(reason),)))
    return results


def main(names: list[str]) -> int:
    """Run, print the table, and return the exit status."""
    known = {ordinary.NAME, *(suite.name for suite in SUITES)}
    if unknown := set(names) - known:
        sys.exit(f"There is no suite {', '.join(unknown)}; there are {', '.join(sorted(known))}.")
    if not os.access(ROOT, os.W_OK):
        sys.exit(f"{ROOT} is not writable for {getpass.getuser()}: copy the checkout to a folder of your own.")
    ARTIFACTS.mkdir(exist_ok=True)
    for old in ARTIFACTS.glob("*.xml"):
        old.unlink()
    mark = f"{MARK}={uuid.uuid4()}"
    before = machine.picture()
    with tempfile.TemporaryDirectory(prefix="netkit-test-", ignore_cleanup_errors=True) as temporary:
        Path(temporary).chmod(0o1777)
        files = files_of_netkit(Path(temporary))
        results = run_all(names, mark, Path(temporary))
        results.append(check_machine(before, files, mark, Path(temporary)))
    print(f"\n{'suite':<18}{'as':<16}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}")
    print(*results, sep="\n")
    for result in results:
        for line in result.unsteady:
            print(f"\nunsteady: {line}")
        for line in result.faults:
            print(f"\nfailed: {line}")
    passed, failed, skipped = (sum(getattr(r, key) for r in results) for key in ("passed", "failed", "skipped"))
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
