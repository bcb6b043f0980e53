"""Wrong calls of `netkit`, and what comes in its way: a sentence and an exit status, never a traceback."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from netkit import cli
from tests.outside.sessions import NETKIT, environment, eventually
from tests.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONG = "a" * 5000
ESCAPE = "\x1b[31m"
NO_UTF8 = "\udcff"
"""A byte that is no text, as Python has it in an argument."""

FILES = {
    "empty.ipynb": b"",
    "binary.ipynb": b"\xf2\x00\xff",
    "cut.ipynb": b'{"cells": [',
    "list.ipynb": b"[]",
    "null.ipynb": b"null",
    "later.ipynb": b'{"cells": [], "metadata": {}, "nbformat": 99999999999999999999, "nbformat_minor": 1}',
    "old.ipynb": b'{"cells": [], "metadata": {}, "nbformat": 3, "nbformat_minor": "x"}',
    "deep.ipynb": b"[" * 200_000,
    "number.ipynb": b'{"nbformat": ' + b"9" * 10_000 + b"}",
    "\udcff.ipynb": b"x",
    "pattern.cfg": b"[a]\nregex: (\nreplace: x\n",
    "half.cfg": b"[a]\nregex: a\n",
    "plain.cfg": b"x\n",
    "group.cfg": b"[a]\nregex: a\nreplace: \\9\n",
    "name.cfg": b"[a]\nregex: a\nreplace: \\g<no>\n",
    "count.cfg": b"[a]\nregex: a{99999999999999999999}\nreplace: x\n",
    "nested.cfg": b"[a]\nregex: " + b"(" * 5000 + b")" * 5000 + b"\nreplace: x\n",
    "twice.cfg": b"[a]\nregex: a\nreplace: x\n[a]\n",
}

CHECK, UPDATE, WITH = ("notebooks", "--check"), ("notebooks", "--update"), ("notebooks", "--check", "--sanitize-with")

WRONG = [
    (),
    *((word,) for word in ("foo", "--foo", "-x", "--", "", " ", ESCAPE, "a\nb", NO_UTF8, LONG, "9" * 5000)),
    *(("lab", word) for word in ("", "none.ipynb", f"{ESCAPE}.ipynb", "\udcfe.ipynb", "plain.cfg", LONG)),
    ("run",),
    *(("run", *words) for words in (("--",), ("--", ""), ("",), ("-x",), ("--foo", "ls"), (f"--{ESCAPE}",))),
    *(("shell", word) for word in ("", " ", "none", "-x", ESCAPE, NO_UTF8, LONG, "9" * 30, "plain.cfg", "--list=1")),
    *(("shell", *words) for words in (("a", "b"), ("--list", "x"), ("x", "--list"))),
    *(("demo", word) for word in ("x", "--foo", "-x", "", ESCAPE, NO_UTF8)),
    *(("doctor", word) for word in ("x", "--jsn", "--json=3", "", ESCAPE, NO_UTF8, "--worlds=user")),
    *(("drill", *words) for words in (("x",), ("--lesson",), ("--level", "0"), ("--level", "x"), ("--level", ""))),
    *(("drill", *words) for words in (("--seed", ""), ("--seed", "x"), ("--seed", ESCAPE), ("--seed", NO_UTF8))),
    *(("handout", *words) for words in ((), ("a", "b"), ("",), ("--foo",), ("plain.cfg",), ("/proc/x",), (LONG,))),
    *(("notebooks", *words) for words in ((), ("--foo",), ("--check", "--update"), ("--check=1",), ("a.ipynb",))),
    CHECK,
    *((*CHECK, word) for word in FILES if word.endswith(".ipynb")),
    *((*CHECK, word) for word in ("none", "folder", "", "plain.cfg/x", "/proc/self/mem", "/dev/zero", LONG, ESCAPE)),
    *((*UPDATE, word) for word in ("none", "folder", "/dev/full", "/dev/null", "binary.ipynb", "cut.ipynb")),
    WITH,
    *((*WITH, word) for word in FILES if word.endswith(".cfg")),
    *((*WITH, word) for word in ("none", "folder", "", "/proc/self/mem", "/dev/zero", "binary.ipynb", LONG, ESCAPE)),
]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with wrong files, to work in; what `netkit` sets for its own process is set back."""
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.unraisablehook", sys.unraisablehook)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGCHLD)}
    yield tmp_path
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.once
@pytest.mark.parametrize("words", WRONG, ids=lambda words: " ".join(words)[:40].encode("unicode_escape").decode())
def test_a_wrong_call_gets_a_sentence(words: tuple[str, ...], place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in place.iterdir()}
    assert cli.main([*words]) == 2
    told, shown = capfd.readouterr()
    assert "Traceback" not in told + shown
    assert "\x1b" not in told + shown
    if words:
        assert "netkit" in shown
        assert shown.count("\n") <= 4
    assert {path.name: path.stat().st_mtime_ns for path in place.iterdir()} == before


def test_there_are_many_wrong_calls() -> None:
    assert len(set(WRONG)) >= 70


@pytest.mark.parametrize("word", ["foo", "--foo", "-x", "none.ipynb"])
def test_it_names_the_value(word: str, place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert place.is_dir()
    assert cli.main([word]) == 2
    assert word in capfd.readouterr().err


def odd(line: str, *statuses: int, long: bool = False) -> object:
    """A call in odd surroundings, for bash, and the exit statuses that it may have."""
    return pytest.param(line, statuses, id=line, marks=pytest.mark.long if long else ())


ODD = [
    odd("netkit --help >/dev/full", 2),
    odd("netkit --version >/dev/full", 2),
    odd("netkit --help >&-", 0),
    odd("netkit foo 2>/dev/full", 2),
    odd("netkit --foo <&- >&- 2>&-", 2),
    odd("netkit doctor --apparmor | true", 0, 141),
    odd("LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 PYTHONIOENCODING=ascii netkit é", 2),
    odd("NETKIT_WORLD=nonsense netkit run -- true", 2),
    odd("mkdir gone; cd gone; rmdir ../gone; netkit lab", 2),
    odd("netkit run -- $'\\e[31m'", 127),
    odd("netkit drill --lesson 99", 2),
    odd("netkit drill --lesson $'\\e[31m'", 2, long=True),
    odd("netkit drill --lesson $'\\xff'", 2, long=True),
    odd("netkit drill --seed 99999999999999999999999", 2, long=True),
    odd("netkit handout $'\\e[31m' | head -1 >/dev/null", 0, 141, long=True),
    odd("netkit handout '~nosuchuser/x'", 0, long=True),
    odd("netkit run -- $'\\xff'", 127, long=True),
    odd("netkit run -- ./folder", 126, long=True),
    odd("netkit run -- ./binary.ipynb", 126, long=True),
    odd("netkit --help | true", 0, 141, long=True),
    odd("netkit demo >/dev/full", 2, long=True),
    odd("netkit demo | head -1 >/dev/null", 0, 141, long=True),
    odd("netkit demo <&- >&- 2>&-", 0, long=True),
    odd("LC_ALL=C PYTHONUTF8=0 PYTHONIOENCODING=ascii netkit demo", 0, long=True),
    odd("HOME=/nonexistent netkit demo", 0, long=True),
    odd("env -u HOME -u PATH $(command -v netkit) demo", 0, long=True),
    odd("NETKIT_WORLD=nonsense netkit demo", 2, long=True),
    odd("NETKIT_WORLD=nonsense netkit shell", 2, long=True),
    odd("NETKIT_WORLD=nonsense netkit doctor --worlds", 1, long=True),
    odd("mkdir gone; cd gone; rmdir ../gone; netkit demo", 0, long=True),
    odd("mkdir gone; cd gone; rmdir ../gone; netkit notebooks --check", 2, long=True),
    odd(f"timeout 5 netkit notebooks --check '{ROOT}/notebooks/04-build-docker-bridge.ipynb'", 124, long=True),
    odd("netkit doctor --worlds >/dev/full", 2, long=True),
]


@pytest.mark.once
@pytest.mark.parametrize(("line", "statuses"), ODD)
def test_odd_surroundings(line: str, statuses: tuple[int, ...], place: Path) -> None:
    path = f"{os.path.dirname(NETKIT)}:{os.environ['PATH']}"
    # Python writes as it does for a user: in blocks.
    variables = {**environment(PATH=path), "PYTHONUNBUFFERED": ""}
    done = subprocess.run(
        ["bash", "-c", f"{line}\nexit ${{PIPESTATUS[0]}}"],
        cwd=place,
        env=variables,
        capture_output=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    told = done.stderr.splitlines()
    assert done.returncode in statuses, told
    assert len(told) <= 3
    assert not any(word in done.stderr for word in (b"Traceback", b"Exception ignored", b"\x1b"))


HEEDING = ("env", "--default-signal=INT")
"""Begins a command that heeds Control-C also where a shell runs these tests in the background, and so ignores it."""


def interrupted(words: tuple[str, ...], seconds: float) -> tuple[int, str]:
    """Exit status and standard error of a command that gets Control-C some time after it began to heed it."""
    process = subprocess.Popen(
        [*HEEDING, sys.executable, "-c", f"{_BEGIN}\nsys.exit(main({list(words)!r}))"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "begun\n"
    time.sleep(seconds)  # the moment is what is tried
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert eventually(lambda: not _in_group(process.pid)), "something is left"
    return process.returncode, told


_BEGIN = "import sys\nfrom netkit.cli import main\nprint('begun', flush=True)"


def _in_group(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


MOMENTS = [0.02, 0.1, 0.3]


@pytest.mark.parametrize("seconds", MOMENTS)
@pytest.mark.parametrize(
    "words",
    [
        ("run", "--", "sleep", "100"),
        pytest.param(("demo",), marks=pytest.mark.long),
        pytest.param(("doctor",), marks=pytest.mark.long),
        pytest.param(("shell", "--list"), marks=pytest.mark.long),
    ],
    ids=" ".join,
)
def test_control_c(words: tuple[str, ...], seconds: float) -> None:
    status, told = interrupted(words, seconds)
    if words == ("demo",) and "/netkit/" not in told.replace("/netkit/__init__.py", ""):
        told = ""  # the Python inside was just starting, and it was that which said so
        status = 130 if status == 1 else status
    endless = words[0] in ("run", "doctor")
    assert status in {130, -signal.SIGINT} | (set() if endless else {0})
    assert told in ("", "netkit: Interrupted.\n")


PRESSES = """#!{python} -IS
import os, signal, subprocess, sys
def press():
    os.killpg(os.getpgid(os.getppid()), signal.SIGINT)
if "{moment}" == "before":
    press()
status = subprocess.run(["{program}", *sys.argv[1:]]).returncode
if "{moment}" == "after":
    press()
sys.exit(status)
"""
"""A set-uid program's stand-in: somebody presses Control-C while the real one works."""


@pytest.mark.skipif(os.geteuid() == 0, reason="root needs no program to have ids")
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("name", ["newuidmap", "newgidmap"])
def test_control_c_while_ids_are_given(name: str, moment: str, tmp_path: Path) -> None:
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed")
    (tmp_path / name).write_text(PRESSES.format(python=sys.executable, program=program, moment=moment))
    (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        [*HEEDING, NETKIT, "run", "--", "sleep", "100"],
        env=environment(PATH=f"{tmp_path}:{os.environ['PATH']}", NETKIT_WORLD="user"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        start_new_session=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


@pytest.mark.long
@pytest.mark.parametrize("seconds", [0.5, 1.5, 2.5])
def test_control_c_ends_notebooks(seconds: float) -> None:
    notebook = str(next((ROOT / "notebooks").glob("00-*.ipynb")))
    assert interrupted(("notebooks", "--check", notebook, notebook), seconds) == (130, "netkit: Interrupted.\n")
