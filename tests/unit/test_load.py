"""The load script's parts that need no hub."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest

from deploy.load import __main__ as load
from deploy.load import lesson, memory, report
from deploy.load.browser import Browser, HubError
from deploy.load.learner import Learner, Meeting, Workshop, strangers
from netkit.errors import InvalidValue, NotFound
from tests.project import ROOT

NOTEBOOK = ROOT / "notebooks" / "04-build-docker-bridge.ipynb"
REPLACEMENTS = ROOT / "tests" / "notebooks.cfg"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        return opened.getsockname()[1]


def test_help_tells_what_it_does() -> None:
    command = [sys.executable, "-m", "deploy.load", "--help"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "--learners N" in told
    assert load.PASSWORD in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["hub.example.org"], "begins with http:// or https://"),
        (["http://hub.example", "--learners", "0"], "at least one"),
        (["http://hub.example", "--name", "learner"], "each learner needs another name"),
        (["http://hub.example", "--name", "a{}{}"], "one place for a number"),
        (["http://hub.example", "--notebook", "nowhere.ipynb"], "there is no notebook 'nowhere.ipynb'"),
    ],
)
def test_wrong_arguments(
    arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(load.PASSWORD, "anything")
    assert load.main(arguments) == 2
    assert told in capsys.readouterr().err


def test_names() -> None:
    assert load.names("learner-{:02}", 3) == ["learner-01", "learner-02", "learner-03"]
    with pytest.raises(InvalidValue, match="one place"):
        load.names("{name}", 2)


def test_a_hub_that_is_not_there(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(load.PASSWORD, "anything")
    assert load.main([f"http://127.0.0.1:{free_port()}", "--learners", "2"]) == 1
    printed = capsys.readouterr().out
    assert "failures                           2" in printed
    assert printed.count("Connection refused. Look whether a JupyterHub runs there.") == 2


def test_a_browser_keeps_to_its_own_cookies() -> None:
    browser = Browser("http://127.0.0.1:1/", "a b", 1.0)
    with pytest.raises(HubError, match=r"http://127\.0\.0\.1:1/hub/login gives no answer"):
        browser.log_in("anything")
    assert not browser.is_in()
    url, options = browser.channels("ID")
    assert url == "ws://127.0.0.1:1/user/a%20b/api/kernels/ID/channels"
    assert options == {"cookie": "", "origin": "http://127.0.0.1:1"}


def test_the_lesson_is_content_with_its_own_outputs() -> None:
    read = lesson.read(NOTEBOOK, REPLACEMENTS)
    assert len(read.cells) > 20
    assert [list(read.complaints(number, cell.outputs)) for number, cell in enumerate(read.cells)] == [
        [] for _ in read.cells
    ]


def test_the_lesson_sees_a_ping_that_fails_and_an_error() -> None:
    read = lesson.read(NOTEBOOK, REPLACEMENTS)
    number = next(n for n, cell in enumerate(read.cells) if cell.source.startswith("answers = ns1.ping("))
    outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "(✗ ping: 0 of 1 answered)"})]
    (complaint,) = read.complaints(number, outputs)
    assert complaint.endswith("gave another output: (✗ ping: 0 of 1 answered)")
    outputs = [nbformat.v4.new_output("error", ename="NotFound", evalue="there is no ns1")]
    (complaint,) = read.complaints(number, outputs)
    assert complaint.endswith("raised NotFound: there is no ns1")


def test_no_server_waits_for_a_grammar_of_iris() -> None:
    for lock in ("requirements.lock", "tests/test.lock", "deploy/hub.lock"):
        assert "rfc3987-syntax" not in (ROOT / lock).read_text(encoding="utf-8"), "see [tool.uv] in pyproject.toml"


def test_loosely_means_errors_and_pings() -> None:
    read = lesson.read(NOTEBOOK, REPLACEMENTS, loosely=True)
    numbers = {cell.source.splitlines()[0]: number for number, cell in enumerate(read.cells)}
    pings = numbers['answers = ns1.ping("172.17.1.2"), ns2.ping("172.17.1.1")']
    other = [nbformat.v4.new_output("execute_result", {"text/plain": "anything else"})]
    assert list(read.complaints(numbers["nk.commands()"], other)) == []
    assert list(read.complaints(pings, read.cells[pings].outputs)) == []
    assert len(list(read.complaints(pings, other))) == 1
    assert len(list(read.complaints(numbers["with nk.expected(nk.AlreadyExists):"], other))) == 1


def test_a_lesson_that_is_not_there() -> None:
    with pytest.raises(NotFound, match=r"nowhere\.ipynb"):
        lesson.read(ROOT / "nowhere.ipynb", REPLACEMENTS)


def test_strangers_are_named() -> None:
    before = [["host", "ns1"], ["host", "ns1"]]
    own = ["host", "ns1", "own-a"]
    assert strangers(before, [own, own], "own-a") == []
    (complaint,) = strangers(before, [own, [*own, "own-b"]], "own-a")
    assert complaint == "ip netns list shows host, ns1, own-a, own-b; expected were host, ns1, own-a"


def test_a_meeting_waits_for_all() -> None:
    meeting = Meeting(2)
    meeting.arrive("a")
    meeting.arrive("a")
    assert not meeting.wait(0.01)
    threading.Timer(0.05, meeting.arrive, ("b",)).start()
    assert meeting.wait(5)


def test_memory_of_a_learner_counts_what_descends_from_the_server() -> None:
    name = f"load-{os.getpid()}"
    child = "import time; block = bytearray(b'x' * (40 << 20)); print('ready', flush=True); time.sleep(60)"
    server = f"import os, subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], env={{}})"
    with subprocess.Popen(
        [sys.executable, "-c", server],
        env={**os.environ, "JUPYTERHUB_USER": name},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            sizes = memory.of_learners([name, "nobody-of-this-name"])
        finally:
            os.killpg(process.pid, 9)
    assert list(sizes) == [name]
    assert sizes[name] > 40 << 20


def learner(name: str, **facts: Any) -> Learner:
    workshop = Workshop("http://hub.example", "", "netkit", lesson.Lesson("", (), ()), 1.0, Meeting(1), Meeting(1))
    return Learner(name, workshop, **facts)


def test_the_table() -> None:
    learners = [
        learner("a", seconds={"login": 1.0, "notebook": 10.0}),
        learner("b", seconds={"login": 3.0}, complaints=["the kernel died."]),
    ]
    told = report.table(learners, 12.5, {"a": 200 << 20, "b": 300 << 20}).splitlines()
    assert "failures                           1" in told
    assert "  log in                       2.0 s     3.0 s" in told
    assert "  notebook                    10.0 s    10.0 s" in told
    assert "  memory (PSS)               250 MiB   300 MiB" in told
    assert told[-1] == "b: the kernel died."


def test_progress_says_only_what_is_new(capsys: pytest.CaptureFixture[str]) -> None:
    doers = [SimpleNamespace(doing="server"), SimpleNamespace(doing="server")]
    progress = report.Progress(doers)  # type: ignore[arg-type]
    progress.tell()
    progress.tell()
    doers[0].doing = "kernel"
    progress.tell()
    lines = [line.partition(" s  ")[2] for line in capsys.readouterr().out.splitlines()]
    assert lines == ["2 server", "1 kernel, 1 server"]
