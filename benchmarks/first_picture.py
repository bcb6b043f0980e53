"""How long a newcomer waits: from `git clone` to the first picture of notebook 00, with every message on the way.

    python3 benchmarks/first_picture.py [CHECKOUT]

It uses the standard library only, so that any user of a fresh machine can run it; all is made in a temporary folder.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 900
"""A step that takes longer has failed."""

UNTIL_PICTURE = """
import nbformat
from nbclient import NotebookClient
notebook = nbformat.read("notebooks/00-start-here.ipynb", as_version=4)
client = NotebookClient(notebook, kernel_name="netkit", resources={"metadata": {"path": "notebooks"}})
with client.setup_kernel():
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            client.execute_cell(cell, number)
            if any("<img" in str(output.get("data", {})) for output in cell.outputs):
                break
    else:
        raise SystemExit("notebook 00 has no picture")
"""
"""Runs the cells in order, as a reader does, and ends at the first picture."""


@contextmanager
def step(name: str) -> Iterator[None]:
    """Tell how long something took."""
    print(f"--- {name}", flush=True)
    started = time.monotonic()
    yield
    print(f"--- {name}: {time.monotonic() - started:.1f} s", flush=True)


def answers(port: int) -> bool:
    """Whether a Jupyter server answers there."""
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=5).status == 200
    except (urllib.error.URLError, ConnectionError):
        return False


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def open_lab(checkout: Path) -> subprocess.Popen[bytes]:
    """Run `make lab` until JupyterLab answers."""
    port = free_port()
    lab = subprocess.Popen(["make", "lab", f"LAB=--no-browser --port={port}"], cwd=checkout, start_new_session=True)
    deadline = time.monotonic() + SECONDS
    while not answers(port):
        if lab.poll() is not None or time.monotonic() > deadline:
            sys.exit("JupyterLab did not start")
        time.sleep(0.1)
    return lab


def main(source: str) -> None:
    """Do what a newcomer does, in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="netkit-first-") as folder, step(f"all, as {os.getuid()}"):
        checkout = Path(folder, "netkit")
        with step("git clone"):
            subprocess.run(["git", "clone", "-q", source, checkout], check=True)
        with step("make lab"):
            lab = open_lab(checkout)
        try:
            with step("the first picture"):
                python = checkout / ".venv" / "bin" / "python"
                subprocess.run([python, "-c", UNTIL_PICTURE], cwd=checkout, check=True, timeout=SECONDS)
        finally:
            os.killpg(lab.pid, signal.SIGTERM)
            lab.wait()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).resolve().parents[1]))
