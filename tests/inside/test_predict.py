"""%%predict: its cell waits for a choice where somebody can answer, and the kernel's own answer follows it."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

import pytest
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import netkit as nk
from netkit.lessons import diary
from netkit.lessons.prediction import Way

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.usefixtures("fresh"), pytest.mark.once]

BRIDGE = """
ns1, ns2 = nk.Namespace("ns1"), nk.Namespace("ns2")
for number, ns in enumerate((ns1, ns2), start=1):
    veth, eth1 = nk.veth(f"veth{number}", "eth1", peer_namespace=ns)
    eth1.add_address(f"172.17.1.{number}/24")
    eth1.up()
"""
ASKS = "%%predict 04.4\nns1.ping('172.17.1.2', timeout=0.1)"
NO_CARRIER = "eth1 of ns1 has no carrier"


class Learner:
    """Types answers, and remembers what was asked."""

    def __init__(self, *answers: str | type[BaseException]) -> None:
        self.answers, self.asked = list(answers), []

    def __call__(self, prompt: str = "") -> str:
        self.asked.append(prompt)
        answer = self.answers.pop(0)
        if not isinstance(answer, str):
            raise answer
        return answer


@pytest.fixture
def shell(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    shell = InteractiveShell.instance()
    shell.extension_manager.load_extension("netkit")
    shell.user_ns["nk"] = nk
    shell.run_cell(BRIDGE)
    yield shell
    shell.run_cell("%predict on")
    InteractiveShell.clear_instance()


@pytest.fixture
def learner(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Learner]:
    def sits_down(*answers: str | type[BaseException]) -> Learner:
        somebody = Learner(*answers)
        monkeypatch.setattr(builtins, "input", somebody)
        return somebody

    return sits_down


def run(shell: InteractiveShell, cell: str) -> tuple[str, Any]:
    """What the cell shows after its own result, and how it ended."""
    with capture_output() as captured:
        result = shell.run_cell(cell)
    failed = str(result.error_in_exec or "")
    return "\n".join(output.data["text/plain"] for output in captured.outputs) + captured.stderr + failed, result


def test_a_right_choice(shell: InteractiveShell, learner: Callable[..., Learner]) -> None:
    somebody = learner("2")
    shown, result = run(shell, ASKS)
    assert "1  yes\n  2  no\n" in somebody.asked[0]
    assert shown.startswith("✓ you: no · the kernel: no")
    assert NO_CARRIER in shown
    assert not result.result.ok, "the cell's own value"
    assert [(event.kind, event.id, event.ok) for event in diary.events()] == [("predict", "04.4", True)]


def test_a_wrong_choice(shell: InteractiveShell, learner: Callable[..., Learner]) -> None:
    learner("1")
    shown, _ = run(shell, ASKS)
    assert shown.startswith("✗ you: yes · the kernel: no")
    assert [event.ok for event in diary.events()] == [False]


def test_a_changed_mind_is_a_choice_of_its_own(shell: InteractiveShell, learner: Callable[..., Learner]) -> None:
    learner("1", "2")
    assert [run(shell, ASKS)[0].partition("\n")[0] for _ in range(2)] == [
        "✗ you: yes · the kernel: no",
        "✓ you: no · the kernel: no",
    ]
    assert [event.ok for event in diary.events()] == [False, True]


def test_the_cell_waits_for_a_choice_that_is_one(shell: InteractiveShell, learner: Callable[..., Learner]) -> None:
    somebody = learner("perhaps", "3", "", "2")
    shown, _ = run(shell, ASKS)
    assert len(somebody.asked) == 4
    assert "'3' is none of the options" in somebody.asked[2]
    assert shown.startswith("✓")


@pytest.mark.parametrize("nobody", ["?", StdinNotImplementedError, EOFError])
def test_nobody_answers_and_the_cell_just_runs(
    shell: InteractiveShell, learner: Callable[..., Learner], nobody: str | type[BaseException]
) -> None:
    learner(nobody)
    shown, result = run(shell, ASKS)
    assert shown.startswith("the kernel: no\n")
    assert result.success
    assert diary.events() == []


def test_switched_off_it_does_not_ask(shell: InteractiveShell, learner: Callable[..., Learner]) -> None:
    somebody = learner()
    run(shell, "%predict off")
    shown, _ = run(shell, ASKS)
    assert shown.startswith("the kernel: no\n")
    assert somebody.asked == []


def test_interrupted_while_it_waits_the_cell_does_not_run(
    shell: InteractiveShell, learner: Callable[..., Learner]
) -> None:
    learner(KeyboardInterrupt)
    shown, result = run(shell, "%%predict 04.4\nran = True")
    assert not result.success
    assert "ran" not in shell.user_ns
    assert "the kernel" not in shown
    assert run(shell, "1 + 1")[0] == "", "and the next cell is none of its business"


def test_a_cell_that_fails_is_not_explained(shell: InteractiveShell, learner: Callable[..., Learner]) -> None:
    learner("2")
    shown, result = run(shell, "%%predict 04.4\n1 / 0")
    assert isinstance(result.error_in_exec, ZeroDivisionError)
    assert "the kernel" not in shown


def test_a_number_with_changes_in_the_same_cell(shell: InteractiveShell, learner: Callable[..., Learner]) -> None:
    learner("two", "2")
    run(shell, "brtest = nk.Bridge('brtest')\nbrtest.up()\nnk.host['veth1'].up(); brtest.attach(nk.host['veth1'])")
    shown, _ = run(shell, "%%predict 04.6\n%%changes\nbrtest.add_address('172.17.1.254/24')")
    assert "+ address 172.17.1.254/24 on brtest" in shown
    assert "✓ you: 2 · the kernel: 2" in shown
    assert shown.index("+ address") < shown.index("you: 2")


def test_what_is_asked_about_is_not_there(
    shell: InteractiveShell, learner: Callable[..., Learner], capsys: pytest.CaptureFixture[str]
) -> None:
    learner("1")
    shell.run_cell("%%predict 03.3\n'another cell'")
    out = capsys.readouterr().out
    assert "What 03.3 asks about is not there after this cell." in out
    assert "Traceback" not in out
    assert diary.events() == []


def test_a_host_without_routes(shell: InteractiveShell, learner: Callable[..., Learner]) -> None:
    learner("0", "0")
    assert run(shell, "%%predict 03.5\nNone")[0] == (
        "✓ you: 0 · the kernel: 0\nThe host has none: a route comes with an address, once its interface is on."
    )
    assert run(shell, "%%predict 04.6\nNone")[0] == "✓ you: 0 · the kernel: 0\nNothing has changed."


def test_the_value_of_a_cell_with_changes_is_shown_once(
    shell: InteractiveShell, learner: Callable[..., Learner], capsys: pytest.CaptureFixture[str]
) -> None:
    learner("2")
    result = shell.run_cell("%%predict 04.6\n\n%%changes --only rules\n'once and no more'")
    assert result.result == "once and no more"
    assert capsys.readouterr().out.count("'once and no more'") == 1


def test_the_way_of_a_packet(shell: InteractiveShell, learner: Callable[..., Learner]) -> None:
    run(shell, "brtest = nk.Bridge('brtest')\nfor n in (1, 2): brtest.attach(nk.host[f'veth{n}'])")
    run(shell, "for link in (*nk.host, *ns1, *ns2): link.up()\nns1.ping('172.17.1.2')")
    world = nk.snapshot()
    menu = Way().menu(world)
    way = ("ns1:eth1", "host:veth1", "host:veth2", "ns2:eth1")
    learner(" ".join(str(menu.index(place) + 1) for place in way))
    shown, result = run(shell, "%%predict 04.7\nwith nk.xray() as x:\n    ns1.ping('172.17.1.2', timeout=1)")
    assert result.success
    assert "✓ you: ns1:eth1 → host:veth1 → host:veth2 → ns2:eth1" in shown


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("%%predict\n1", "nothing called ''"),
        ("%%predict 04.1\n1", "nk.check"),
        ("%%predict 9\n1", "a lesson's number: 00"),
        ("%predict maybe", "%predict off"),
    ],
)
def test_wrong_ids_are_told(shell: InteractiveShell, cell: str, words: str) -> None:
    shown, result = run(shell, cell)
    assert words in shown
    assert not result.success
