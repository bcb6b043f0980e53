"""The doctor's report: legible at 80 columns and in a notebook, and honest about what a remedy costs."""

from __future__ import annotations

import errno
import json

import pytest

from netkit.sandbox import problems
from netkit.sandbox.doctor.report import HERE, LESSONS, WIDTH, Finding, Report, html, text

LONG = "because of something that takes many words to say, among them <b>these</b> & some more that follow"
LINE = (
    "sudo sh -c 'this is one line to copy; it is never cut, since a line that was cut in two would do something else'"
)
FINDINGS = (
    Finding(HERE, "Jupyter knows the kernel", works=True, needed=True),
    Finding("user world", "user namespace", works=True),
    Finding("user world", "pid namespace", works=False, cause=LONG, remedy=LONG, line=LINE),
    Finding(LESSONS, "ping", works=False, needed=True, cause="no ping", remedy="Install it"),
)


def report(world: str | None = "user") -> Report:
    return Report(world, "the reason", FINDINGS, "somewhere/netkit.log")


def test_text() -> None:
    lines = text(report()).splitlines()
    assert lines[:2] == ["This machine", "works    Jupyter knows the kernel"]
    assert "works    user namespace" in lines
    assert "missing  pid namespace" in lines
    assert "MISSING  ping" in lines
    assert f"         $ {LINE}" in lines
    assert all(len(line) <= WIDTH for line in lines if LINE not in line)
    assert " ".join(lines[-3:-1]).startswith("Notebooks will use the user world: the reason. What is marked MISSING")


def test_html_escapes_and_holds_every_word() -> None:
    shown = html(report())
    assert "<b>these</b>" not in shown
    assert "&lt;b&gt;these&lt;/b&gt; &amp; some more" in shown
    assert "<code>sudo sh -c &#x27;this is one line" in shown
    assert shown.count("<tr>") == shown.count("</tr>") == 3 + len(FINDINGS)
    assert report()._repr_html_() == shown


def test_no_world() -> None:
    words = " ".join(str(report(None)).split())
    assert "No sandbox can be made here (the reason): notebooks answer with the reason and run nothing." in words


def test_what_is_needed_and_missing_is_not_healthy() -> None:
    assert not report().healthy
    assert not report(None)._replace(findings=FINDINGS[:3]).healthy
    assert report()._replace(findings=FINDINGS[:3]).healthy
    told = json.loads(report().to_json())
    assert (told["world"], told["healthy"], told["findings"][2]["line"]) == ("user", False, LINE)


STAGES = (
    "user namespace",
    "second user namespace",
    "mount namespace",
    "pid namespace",
    "network namespace",
    "own /proc",
)
SWITCHES = ("kernel.unprivileged_userns_clone", "kernel.apparmor_restrict_unprivileged_userns")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("number", [errno.EPERM, errno.EACCES, errno.ENOSPC, errno.EINVAL, errno.ENOSYS])
def test_whoever_is_told_to_change_the_machine_is_told_the_cost(
    monkeypatch: pytest.MonkeyPatch, stage: str, number: int
) -> None:
    monkeypatch.setattr(problems.os, "geteuid", lambda: 1000)
    for switch, value in ((None, ""), (SWITCHES[0], "0"), (SWITCHES[1], "1")):
        files = {f"/proc/sys/{switch.replace('.', '/')}": value} if switch else {}
        monkeypatch.setattr(problems, "_read", lambda path, files=files: files.get(path, ""))
        problem = problems.explain("user", stage, number, "the kernel's words")
        if "sysctl" in problem.line:
            assert "every program of every user" in problem.remedy
        if "unconfined" in problem.line:
            assert "its root could change the machine's settings" in problem.remedy
        assert "apparmor_restrict" not in problem.line
        assert "privileged" not in problem.line.replace("unprivileged", "")
