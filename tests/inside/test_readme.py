"""The README's program does what it says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.project import ROOT

if TYPE_CHECKING:
    import pytest

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_library_in_ten_lines(capsys: pytest.CaptureFixture[str]) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, Any] = {}
    exec(program, names)  # noqa: S102  (our own README)
    shown = capsys.readouterr().out
    assert "$ ip netns add ns1" in shown
    assert names["ns2"].ping("172.17.1.1").ok
    assert len(names["cap"].packets) >= 2
    for name in ("ns1", "ns2"):
        names[name].delete()
