"""Terminals of `netkit run` and `netkit shell`: the command has one of its own, and keys, size and job control pass."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

import pexpect
import pytest

from tests.outside import sessions
from tests.outside.sessions import NETKIT, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROMPT = "outside> "
SLEEP = f"sleep 1{os.getpid():07}"
"""A program of these tests alone: beside them another user's may run."""


@pytest.fixture
def terminal() -> Iterator[pexpect.spawn]:
    """A shell outside, in a terminal, with `netkit` in its path."""
    path = f"{os.path.dirname(NETKIT)}:{os.environ['PATH']}"
    variables = sessions.environment(PS1=PROMPT, PATH=path, TERM="dumb", HISTFILE="", INPUTRC="/dev/null")
    shell = pexpect.spawn("bash", ["--norc", "--noediting"], env=variables, encoding="utf-8", timeout=30, echo=False)
    shell.expect_exact(PROMPT)
    yield shell
    shell.close(force=True)


def say(shell: pexpect.spawn, line: str, expected: str) -> None:
    """Type a line and wait for a text."""
    shell.sendline(line)
    shell.expect(expected)


def test_shell_has_job_control(terminal: pexpect.spawn) -> None:
    say(terminal, "netkit shell", "netkit.*# ")
    say(terminal, "ip netns add inner && echo made-$((40 + 2))", "made-42")
    terminal.sendline(SLEEP)
    assert eventually(lambda: in_front(SLEEP))
    terminal.sendcontrol("z")
    terminal.expect("Stopped")
    terminal.sendline("fg")
    assert eventually(lambda: in_front(SLEEP))
    terminal.sendcontrol("c")
    terminal.sendline("exit 5")
    terminal.expect_exact(PROMPT)
    say(terminal, "echo status-$?", "status-5")


def in_front(program: str) -> bool:
    """Whether a program waits in the foreground of its terminal: only then do the terminal's keys reach it."""
    states = subprocess.run(["ps", "-o", "stat,args", "-A"], capture_output=True, text=True, check=True).stdout
    return bool(re.search(rf"^S\S*\+ +{program}$", states, re.MULTILINE))


def test_command_stops_continues_and_is_interrupted(terminal: pexpect.spawn) -> None:
    terminal.sendline(f"netkit run -- {SLEEP}")
    assert eventually(lambda: in_front(SLEEP))
    terminal.sendcontrol("z")
    terminal.expect("Stopped")
    terminal.expect_exact(PROMPT)
    say(terminal, "fg", "netkit run")
    assert eventually(lambda: in_front(SLEEP))
    terminal.sendcontrol("c")
    terminal.expect_exact(PROMPT)
    say(terminal, "echo status-$?", "status-130")


DEVICES = "stat -Lc %d-%r /proc/[0-9]*/fd/* 2>/dev/null"
"""Which devices the processes have open that one sees."""


def test_the_terminal_outside_is_out_of_reach(terminal: pexpect.spawn) -> None:
    """No process inside has it, and none has a session with it, in which it could type into it (TIOCSTI)."""
    say(terminal, "stat -Lc device-%d-%r /proc/$$/fd/0", r"device-(\S+)")
    outside = terminal.match[1]
    terminal.expect_exact(PROMPT)
    say(terminal, f"netkit run -- sh -c 'tty; {DEVICES}; echo the-$((40 + 2))-end'", "the-42-end")
    assert terminal.before.split()[0] == "/dev/pts/0"
    assert outside not in terminal.before.split()
    terminal.expect_exact(PROMPT)
    say(terminal, "netkit run -- sh -c '(exec 3</dev/tty) || echo none-$?' | cat", r"none-\d")


TYPED = """
import fcntl, os
for number in (0, 1, 2):
    for letter in b"echo typed-$((40 + 2))\\n":
        try:
            fcntl.ioctl(number, 0x5412, bytes([letter]))
        except OSError as error:
            last = error
print("last-" + last.strerror.partition(" ")[0])
"""


@pytest.mark.parametrize("rest", ["", " | cat"])
def test_nothing_is_typed_for_the_shell_outside(terminal: pexpect.spawn, tmp_path: Path, rest: str) -> None:
    (tmp_path / "press.py").write_text(TYPED, encoding="utf-8")
    say(terminal, f"netkit run -- python {tmp_path}/press.py{rest}", "last-(Operation|Inappropriate)")
    terminal.expect_exact(PROMPT)
    say(terminal, "echo still-$((40 + 2))", "still-42")
    assert "typed-42" not in terminal.before


def test_size_and_its_changes_pass(terminal: pexpect.spawn) -> None:
    terminal.setwinsize(31, 91)
    script = "stty size; trap 'stty size' WINCH; echo ready; sleep 60 & wait; wait"
    say(terminal, f'netkit run -- sh -c "{script}"', "31 91")
    terminal.expect_exact("ready")
    terminal.setwinsize(40, 100)
    terminal.expect_exact("40 100")
    terminal.sendcontrol("c")
    terminal.expect_exact(PROMPT)


def test_all_that_was_written_is_shown(terminal: pexpect.spawn) -> None:
    say(terminal, "netkit run -- seq -s, 1 9999", r"9997,9998,9999\r\n")
    terminal.expect_exact(PROMPT)
    say(terminal, "stty -a", r"\bicanon\b.*\becho\b|-echo\b")


def test_a_command_whose_output_goes_elsewhere_reads_the_keys(terminal: pexpect.spawn) -> None:
    terminal.sendline("netkit run -- head -n 1 | tr a-z A-Z")
    terminal.sendline("some words")
    terminal.expect_exact("SOME WORDS")


def test_a_command_in_the_background_has_no_input(terminal: pexpect.spawn) -> None:
    say(terminal, "netkit run -- cat & wait $!; echo status-$?", "status-0")


def test_a_stopped_command_goes_on_in_the_background_and_comes_back(terminal: pexpect.spawn) -> None:
    terminal.sendline("netkit run -- ping -i 0.2 127.0.0.1")  # no loop of sh: its vfork(2) may be stopped half-way
    terminal.expect_exact("time=")
    terminal.sendcontrol("z")
    terminal.expect("Stopped")
    terminal.expect_exact(PROMPT)
    say(terminal, "bg", "time=")
    say(terminal, "echo shell-$((40 + 2))", "shell-42")
    say(terminal, "fg", "time=")
    assert eventually(lambda: ends_by_control_c(terminal), 20)


def ends_by_control_c(shell: pexpect.spawn) -> bool:
    """Whether the key ends the command; it may not have been looked at yet whether that is in front."""
    shell.sendcontrol("c")
    return shell.expect_exact([PROMPT, pexpect.TIMEOUT], timeout=1) == 0
