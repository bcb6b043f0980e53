"""The page about what a snapshot leaves out says what the code leaves out."""

from __future__ import annotations

import re

import pytest

from netkit.linux import sysctls
from netkit.model.switches import FORGOTTEN
from tests.inside import kernel_says
from tests.project import ROOT

PAGE = (ROOT / "docs/what-a-snapshot-leaves-out.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def named(section: str) -> set[str]:
    """What stands between backticks, but for netkit's own calls."""
    return {word for word in re.findall(r"`([^`]+)`", SECTIONS[section]) if not word.startswith(("nk.", "%%"))}


@pytest.mark.parametrize(
    ("section", "left_out"),
    [
        ("What is counted", kernel_says.COUNTED),
        ("Moments and times", kernel_says.TIMED),
        ("What the kernel chooses by itself", kernel_says.CHOSEN_BY_THE_KERNEL),
        ("What another fact tells already", kernel_says.TWICE | kernel_says.SHADOWS),
        ("What is the same for all interfaces of a kind", kernel_says.FIXED),
        ("Switches", {*sysctls.LEFT_OUT, *FORGOTTEN}),
    ],
)
def test_each_list_is_that_of_the_code(section: str, left_out: set[str]) -> None:
    assert named(section) == left_out


def test_why_a_switch_is_not_read() -> None:
    rows = dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", SECTIONS["Switches"], re.MULTILINE))
    assert rows == sysctls.LEFT_OUT
