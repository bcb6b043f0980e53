"""How long a kernel takes until it is ready: netkit's beside a plain ipykernel.

    python benchmarks/start.py [--rounds 15] [--json FILE]

Both are started in turn, so that whatever else the machine does hits both alike.  Ready means that the
kernel has answered its first request (kernel_info).
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

from jupyter_client.manager import KernelManager

KERNELS = ("netkit", "python3")
TARGET = 1.3
"""The most that netkit may take, as a multiple of a plain ipykernel's time."""


def seconds_to_ready(kernel_name: str) -> tuple[float, float]:
    """Start a kernel and end it again.

    Args:
        kernel_name: of its kernelspec.

    Returns:
        Seconds from the start to the first answer, and seconds of one `1 + 1` after that.
    """
    manager = KernelManager(kernel_name=kernel_name)
    begun = time.perf_counter()
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    try:
        while True:
            message = client.kernel_info()
            reply = client.get_shell_msg(timeout=60)
            if reply["parent_header"]["msg_id"] == message:
                break
        ready = time.perf_counter()
        client.execute("1 + 1", reply=True, timeout=60)
        return ready - begun, time.perf_counter() - ready
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def measure(rounds: int) -> dict[str, object]:
    """Start both kernels alternately; medians, all times in seconds, and their ratio."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in KERNELS}
    for _ in range(rounds):
        for name in KERNELS:
            times[name].append(seconds_to_ready(name))
    ready = {name: statistics.median(first for first, _ in pairs) for name, pairs in times.items()}
    answer = {name: statistics.median(second for _, second in pairs) for name, pairs in times.items()}
    ratio = ready["netkit"] / ready["python3"]
    return {"rounds": rounds, "ready": ready, "first_cell": answer, "ratio": ratio, "target": TARGET, "times": times}


def main() -> None:
    """Measure, print, and write the figures to a file if one is named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15, help="how often each kernel is started (default: 15)")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    options = parser.parse_args()
    result = measure(options.rounds)
    ready, first = result["ready"], result["first_cell"]
    for name in KERNELS:
        print(f"{name:<8}  ready after {ready[name] * 1000:6.0f} ms, first cell {first[name] * 1000:5.1f} ms")
    print(f"ratio     {result['ratio']:.2f} (target: at most {TARGET})")
    if options.json:
        options.json.write_text(json.dumps(result, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
