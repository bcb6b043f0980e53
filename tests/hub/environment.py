"""Makes what a hub needs: a copy of the tree that all users can read, its packages, JupyterHub, and the proxy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests import ordinary

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
STAMP = "hub-is-complete"
SKELETON = "skeleton"
"""Folder in the environment: what a new user's home holds."""


@contextmanager
def environment(folder: Path | None = None) -> Iterator[Path]:
    """The folder of a copy of the project with .venv and node_modules, both with what a hub needs.

    Args:
        folder: make it there and keep it, or use what an earlier run has made there; else it is temporary.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="netkit-hub-") as name:
            yield _made(Path(name))
    else:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder if (folder / STAMP).exists() else _made(folder)


def _made(folder: Path) -> Path:
    folder.chmod(0o755)
    ordinary.copy_tree(folder, ordinary.interpreter())
    _install_hub(folder)
    _list_fonts(folder)
    _install_proxy(folder)
    (folder / STAMP).touch()
    return folder


def _install_hub(folder: Path) -> None:
    """JupyterHub goes into the learners' environment too, since it holds the program that they run."""
    options = ["--disable-pip-version-check", "-qq", "--no-deps", "--require-hashes"]
    pip = [sys.executable, "-m", "pip", "--python", str(folder / ".venv" / "bin" / "python")]
    subprocess.run([*pip, "install", *options, "-r", str(folder / "deploy" / "hub.lock")], check=True)


def _list_fonts(folder: Path) -> None:
    """Into the home that new users get, as deploy/littlest-jupyterhub/README.md advises."""
    fonts = folder / SKELETON / ".cache" / "matplotlib"
    fonts.mkdir(parents=True)
    command = [str(folder / ".venv" / "bin" / "python"), "-c", "import matplotlib.font_manager"]
    subprocess.run(command, env={**os.environ, "MPLCONFIGDIR": str(fonts)}, check=True)


def _install_proxy(folder: Path) -> None:
    if shutil.which("npm") is None:
        raise RuntimeError("There is no npm, which installs the hub's proxy: install Node.js 20 or newer, with npm.")
    for name in ("package.json", "package-lock.json"):
        shutil.copy2(HERE / name, folder / name)
    npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--no-update-notifier"]
    subprocess.run(npm, cwd=folder, check=True)
