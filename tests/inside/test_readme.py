"""The README's program does what it says."""

from __future__ import annotations

import re
from typing import Any

import pytest

import netkit as nk
from tests.project import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_library_in_ten_lines(capsys: pytest.CaptureFixture[str]) -> None:
    program, _ = PROGRAMS
    names: dict[str, Any] = {}
    exec(program, names)  # noqa: S102  (our own README)
    shown = capsys.readouterr().out
    assert "$ ip netns add ns1" in shown
    assert names["ns2"].ping("172.17.1.1").ok
    assert all(journey.delivered for journey in names["x"].find("icmp"))
    assert "✓ ns1 reaches 172.17.1.2" in shown
    assert "The FDB of brtest says" in shown
    for name in ("ns1", "ns2"):
        names[name].delete()


@pytest.mark.usefixtures("fresh")
def test_by_hand_and_by_docker(capsys: pytest.CaptureFixture[str]) -> None:
    by_hand, by_docker = PROGRAMS[1].split("\n\n")
    names: dict[str, Any] = {"nk": nk}
    exec(by_hand, names)  # noqa: S102
    assert names["by_hand"]["host"].interfaces["docker0"].addresses[0] == "172.17.0.1/16"
    if why_not := nk.engine.available():
        pytest.skip(why_not)
    try:
        exec(by_docker, names)  # noqa: S102
    finally:
        names["engine"].stop()
    assert "same network" in capsys.readouterr().out
