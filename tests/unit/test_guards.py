"""The guards of conftest.py and machine.py notice what they are there for."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests import machine
from tests.project import ROOT

STILL = {"links": ["lo"], "sysctls": ["net/ipv4/ip_forward = 0"]}


def run_pytest(*arguments: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "nbval.plugin", *arguments]
    variables = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(words, cwd=ROOT, env=variables, capture_output=True, text=True, check=False, timeout=240)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--nbval", "--nbval-current-env", "notebooks"), "--nbval-current-env runs the notebooks outside the sandbox"),
        (("--nbval", "--nbval-kernel-name=python3", "notebooks"), "--nbval-kernel-name=python3 runs the notebooks"),
        (("tests/inside/test_place.py",), "netkit run -- python -m pytest tests/inside"),
    ],
)
def test_leaving_the_sandbox_is_refused(arguments: tuple[str, ...], sentence: str) -> None:
    run = run_pytest(*arguments)
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert sentence in run.stderr + run.stdout


@pytest.mark.parametrize(
    ("after", "sentences"),
    [
        (STILL, []),
        ({**STILL, "links": []}, ["links: gone: lo"]),
        ({**STILL, "links": ["lo", "veth1"]}, ["links: new: veth1"]),
        (
            {**STILL, "sysctls": ["net/ipv4/ip_forward = 1"]},
            ["sysctls: gone: net/ipv4/ip_forward = 0", "sysctls: new: net/ipv4/ip_forward = 1"],
        ),
        ({**STILL, "sysctls": [*STILL["sysctls"], "net/bridge/bridge-nf-call-iptables = 1"]}, []),
    ],
)
def test_differences_are_told(after: machine.Picture, sentences: list[str]) -> None:
    assert machine.differences(STILL, after) == sentences


def test_a_picture_has_facts_and_does_not_change_by_itself() -> None:
    one = machine.picture()
    assert all(one[aspect] for aspect in ("links", "addresses", "sysctls", "mounts", "/run"))
    assert not machine.differences(one, machine.picture())


def test_a_process_left_running_is_found_by_its_mark() -> None:
    mark = f"NETKIT_GUARD_{os.getpid()}=1"
    name, _, value = mark.partition("=")
    pipe = subprocess.PIPE
    with subprocess.Popen(["cat"], env={**os.environ, name: value}, stdin=pipe, stdout=pipe, text=True) as process:
        print(file=process.stdin, flush=True)
        process.stdout.readline()  # from here on it is `cat`, with the environment that it was given
        found = machine.marked_processes(mark)
        process.kill()
    assert found == [f"{process.pid} cat"]
    assert machine.marked_processes(mark) == []
