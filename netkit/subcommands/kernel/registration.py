"""Where Jupyter finds the kernel.json of a kernel that belongs to no environment: put there, listed, taken back."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_core import paths

from netkit.errors import InvalidValue, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

_NAME = "netkit"
_FILE = "kernel.json"
_MODULE = "netkit.kernel"
_OWN = Path(sys.prefix, "share", "jupyter", "kernels", _NAME)
"""Where the wheel puts the specification."""


def install(*, user: bool) -> Path:
    """Register the kernel, with this environment's Python in the place of whichever Jupyter would take.

    Args:
        user: for this user alone, not for everybody on this machine.

    Returns:
        The folder of the registration.

    Raises:
        NotFound: this environment has no specification.
        InvalidValue: the place cannot be written, or another program's kernel is there.
    """
    if not (_OWN / _FILE).exists():
        raise NotFound(f"there is no '{_OWN / _FILE}'", "netkit's wheel brings it", "Install netkit anew")
    specification = json.loads((_OWN / _FILE).read_text(encoding="utf-8"))
    specification["argv"][0] = sys.executable
    return _changed(lambda folder: _put(specification, folder), user=user)


def remove(*, user: bool) -> Path:
    """Take the registration back.

    Args:
        user: that of this user, not that for everybody on this machine.

    Returns:
        The folder that it had.

    Raises:
        NotFound: there is none.
        InvalidValue: the place cannot be written, or another program's kernel is there.
    """
    return _changed(_delete, user=user)


def listed() -> list[str]:
    """A line for each specification that Jupyter finds, in the order in which it looks."""
    lines = []
    for folder in _everywhere():
        own, (python, *_) = folder == _OWN, _argv(folder)
        note = "this environment's own" if own else "" if os.access(python, os.X_OK) else "its Python is gone"
        lines.append("\t".join(filter(None, (str(folder), sys.executable if own else str(python), note))))
    return lines


def _changed(change: Callable[[Path], None], *, user: bool) -> Path:
    """Change a registration; its folder."""
    folder = Path(paths.jupyter_data_dir() if user else paths.SYSTEM_JUPYTER_PATH[0], "kernels", _NAME)
    try:
        change(folder)
    except OSError as error:
        remedy = "Choose another place by JUPYTER_DATA_DIR" if user else "Add --user, for yourself alone"
        raise InvalidValue(f"'{folder}' cannot be written", error.strerror or str(error), remedy) from None
    return folder


def _put(specification: dict[str, Any], folder: Path) -> None:
    if folder.exists():
        _delete(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Made beside its place, so that no Jupyter meets half of it.
    unfinished = Path(tempfile.mkdtemp(prefix=f".{_NAME}-", dir=folder.parent))
    try:
        (unfinished / _FILE).write_text(json.dumps(specification, indent=1) + "\n", encoding="utf-8")
        unfinished.chmod(0o755)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _delete(folder: Path) -> None:
    if not folder.exists():
        others = ", ".join(f"'{place}'" for place in _everywhere()) or "nowhere"
        raise NotFound(f"no kernel is registered at '{folder}'", f"it is at: {others}", "Try with or without --user")
    if _MODULE not in _argv(folder):
        raise InvalidValue(f"'{folder}' is not netkit's", f"its command is not {_MODULE}", "Look at its kernel.json")
    shutil.rmtree(folder)


def _everywhere() -> list[Path]:
    """Every folder with netkit's specification, in the order in which Jupyter looks."""
    folders = [Path(place, _NAME) for place in dict.fromkeys(paths.jupyter_path("kernels"))]
    return [folder for folder in folders if _MODULE in _argv(folder)]


def _argv(folder: Path) -> list[Any]:
    """The command in a specification, empty if there is none."""
    try:
        return json.loads((folder / _FILE).read_text(encoding="utf-8"))["argv"]
    except (OSError, ValueError, LookupError, TypeError):
        return []
