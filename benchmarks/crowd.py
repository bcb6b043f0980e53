"""How long a crowd of kernels takes until all are ready: netkit's beside as many plain ipykernels, all started at once.

    python benchmarks/crowd.py [--kernels 60] [--rounds 3] [--json FILE]

Rounds alternate between the two, so that whatever else the machine does hits both alike.  Ready means that a kernel
has answered its first request (kernel_info); the time is that of the last one.  Then every kernel runs a cell.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any, NamedTuple

from jupyter_client.manager import KernelManager

sys.path.insert(0, str(Path(__file__).parents[1]))
from netkit.sandbox.worlds import VARIABLE

if TYPE_CHECKING:
    from jupyter_client.blocking.client import BlockingKernelClient

KINDS = ("python3", "netkit")
TARGET = 1.3
"""The most that a crowd of netkit's kernels may take, as a multiple of as many plain ones' time."""

SECONDS = 600


class Crowd(NamedTuple):
    """One round with one kind of kernel.

    Attributes:
        ready: seconds until the last kernel had answered.
        cell: seconds until every kernel had run a cell after that.
        failures: kernels that did not come, or whose cell failed.
    """

    ready: float
    cell: float
    failures: int


def crowd(kind: str, number: int) -> Crowd:
    """Start many kernels at once, let each run a cell, and end them.

    Args:
        kind: name of the kernelspec.
        number: of kernels.
    """
    with ExitStack() as stack:
        begun = time.perf_counter()
        started = [_started(kind, stack) for _ in range(number)]
        came = [one for one in started if _reply(*one)]
        ready = time.perf_counter() - begun
        for _, client in came:
            client.execute("1 + 1")
        ran = [one for one in came if _reply(*one).get("status") == "ok"]
        cell = time.perf_counter() - begun - ready
    return Crowd(ready, cell, number - len(ran))


def _started(kind: str, stack: ExitStack) -> tuple[KernelManager, BlockingKernelClient]:
    """A kernel that has been started and is not waited for, and its client; the stack ends both.

    Over unix sockets, since sixty plain kernels take one another's ports away before they listen at them.
    """
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="nk-crowd-"))
    manager = KernelManager(kernel_name=kind, transport="ipc", connection_file=f"{folder}/kernel.json")
    # Compiled modules are kept, as on any learner's machine: else sixty launchers compile the same.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    manager.start_kernel(env={**kept, VARIABLE: "user"}, stderr=subprocess.DEVNULL)
    stack.callback(manager.cleanup_resources)
    stack.callback(manager.shutdown_kernel, now=True)
    client = manager.blocking_client()
    client.start_channels(hb=False)
    stack.callback(client.stop_channels)
    client.kernel_info()
    return manager, client


def _reply(manager: KernelManager, client: BlockingKernelClient) -> dict[str, Any]:
    """What a kernel answers; nothing if it has died."""
    deadline = time.monotonic() + SECONDS
    while manager.is_alive() and time.monotonic() < deadline:
        with suppress(Empty):
            return client.get_shell_msg(timeout=1)["content"]
    return {}


def measure(number: int, rounds: int) -> dict[str, object]:
    """All rounds in turn; medians in seconds, and their ratio."""
    crowds: dict[str, list[Crowd]] = {kind: [] for kind in KINDS}
    for _ in range(rounds):
        for kind in KINDS:
            crowds[kind].append(crowd(kind, number))
    ready = {kind: statistics.median(one.ready for one in all_) for kind, all_ in crowds.items()}
    return {
        "kernels": number,
        "ready": ready,
        "cell": {kind: statistics.median(one.cell for one in all_) for kind, all_ in crowds.items()},
        "ratio": ready["netkit"] / ready["python3"],
        "target": TARGET,
        "failures": {kind: sum(one.failures for one in all_) for kind, all_ in crowds.items()},
        "rounds": {kind: [one._asdict() for one in all_] for kind, all_ in crowds.items()},
    }


def main() -> None:
    """Measure, print, and write the figures to a file if one is named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kernels", type=int, default=60, help="how many are started at once (default: 60)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds with each kind (default: 3)")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    options = parser.parse_args()
    result = measure(options.kernels, options.rounds)
    for kind in KINDS:
        said = f"{options.kernels} of {kind:<8} ready after {result['ready'][kind]:5.1f} s, a cell of each"
        print(f"{said} {result['cell'][kind]:5.2f} s, failures {result['failures'][kind]}")
    print(f"ratio {result['ratio']:.2f} (target: at most {TARGET})")
    if options.json:
        options.json.write_text(json.dumps(result, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
