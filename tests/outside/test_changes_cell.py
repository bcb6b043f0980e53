"""%%changes in a real kernel: there from the first cell on, with the status and the interrupt of any cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.outside.sessions import PATIENCE, Session, session

if TYPE_CHECKING:
    from collections.abc import Iterator

MADE = "ns1:\n  + namespace ns1\n"


@pytest.fixture(scope="module")
def kernel() -> Iterator[Session]:
    with session() as started:
        yield started


def outputs(kernel: Session, code: str) -> tuple[str, list[str]]:
    """How a cell ends, and the kinds of what it shows, in their order."""
    kinds: list[str] = []

    def note(message: dict[str, Any]) -> None:
        kinds.append(message["msg_type"])

    reply = kernel.client.execute_interactive(code, timeout=PATIENCE, output_hook=note, stop_on_error=False)
    return reply["content"]["status"], [kind for kind in kinds if kind in ("error", "execute_result", "display_data")]


def test_the_first_cell_may_begin_so(kernel: Session) -> None:
    assert kernel.run("%%changes\n!ip netns add ns1\n42") == f"42\n{MADE}"
    assert "already loaded" in kernel.run("%load_ext netkit")
    assert kernel.run("%%changes\nimport asyncio\nawait asyncio.sleep(0)\n!ip netns del ns1") == MADE.replace("+", "-")


def test_an_error_is_the_cells_own(kernel: Session) -> None:
    assert outputs(kernel, "%%changes\n42") == ("ok", ["execute_result", "display_data"])
    assert outputs(kernel, "%%changes\n1 / 0") == ("error", ["error", "display_data"])
    assert outputs(kernel, "%%changes --all\n1") == ("error", ["error"])


def test_an_interrupted_cell_tells_what_it_did_so_far(kernel: Session) -> None:
    code = (
        "%%changes\nimport threading, _thread\n!ip netns add ns1\n_thread.interrupt_main()\nthreading.Event().wait(60)"
    )
    shown = kernel.run(code, stop_on_error=False)
    assert shown.startswith("KeyboardInterrupt")
    assert shown.endswith(MADE)


def test_another_kernel_refuses_it() -> None:
    with session("python3") as plain:
        assert plain.run("%load_ext netkit").startswith("NotInSandbox: This process is not in a sandbox")
