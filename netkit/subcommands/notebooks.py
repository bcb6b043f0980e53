"""`netkit notebooks`: run them, --update or --check their outputs; what of an output is compared; 60 s for a cell."""

from __future__ import annotations

import asyncio
import configparser
import copy
import fcntl
import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from netkit.errors import InvalidValue, NotFound
from netkit.lessons.needs import ENGINE_TAG, NFTABLES_TAG, obstacle
from netkit.visible import visible

if TYPE_CHECKING:
    import argparse

HELP = "run the notebooks: write their outputs anew, or check them"

DESCRIPTION = """\
Run each notebook from top to bottom, in a sandbox of its own.

--update writes the outputs into the file. An output that differs only in what the kernel draws at random
or in measured times (the replacements of --sanitize-with) keeps its text, so that a run that changes nothing
leaves every byte as it was. Cells tagged "engine" need the real Docker Engine, those tagged "nftables" need
nftables for IP in the kernel; where that is not there they are left out, and their outputs stay.
--check writes nothing, says which cells differ, and exits with 1 if any does."""

EXAMPLES = """\
examples:
  netkit notebooks --check
  netkit notebooks --update notebooks/04-build-docker-bridge.ipynb"""

_FOLDER = Path("notebooks")
_REPLACEMENTS = Path("tests/notebooks.cfg")
_MOST_REPLACEMENTS = 1_000_000
"""Letters of that file which are read; a device may have no end."""
_WANTED = "Name the file of replacements that nbval uses"
_LONGEST_REASON = 200
_SECONDS_PER_CELL = 60
_WIDGET = "application/vnd.jupyter.widget-view+json"
_KERNEL = {"display_name": "netkit (sandboxed Python)", "language": "python", "name": "netkit"}
_LANGUAGE = {
    "name": "python",
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}


def add(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--update", action="store_true", help="write the outputs into the notebooks")
    way.add_argument("--check", action="store_true", help="compare the outputs with those in the notebooks")
    parser.add_argument("--sanitize-with", type=Path, metavar="FILE", help=f"replacements (default: {_REPLACEMENTS})")
    every = f"files (default: all in {_FOLDER}/)"
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help=every)


def main(options: argparse.Namespace) -> int:
    """Run them; 0 if all is well, 1 if --check found a difference or a cell failed."""
    replacements = read_replacements(options.sanitize_with)
    bad = 0
    for path in options.notebooks or _every():
        start = time.monotonic()
        complaints = _treat(path, replacements, update=options.update)
        bad += bool(complaints)
        told = f"{path}: {'differs' if complaints else 'ok'} ({time.monotonic() - start:.1f} s)"
        sys.stdout.writelines(visible(f"{line}\n") for line in (told, *(f"  {each}" for each in complaints)))
    return 1 if bad else 0


def _every() -> list[Path]:
    found = sorted(_FOLDER.glob("[0-9]*.ipynb"))
    if not found:
        raise NotFound(f"there are no notebooks in '{_FOLDER}/'", remedy="Name files, or stand in the project's folder")
    return found


def _treat(path: Path, replacements: list[tuple[re.Pattern[str], str]], *, update: bool) -> list[str]:
    """Run one notebook; what is wrong with it, a sentence each."""
    if not os.path.exists(path):
        raise NotFound(f"there is no notebook '{path}'", remedy="Name a file, or stand in the project's folder")
    if not os.path.isfile(path):  # a device may have no end
        raise InvalidValue(f"'{path}' is no notebook", "a notebook is a plain file", "Name one that ends in .ipynb")
    # The file that was read is written, whatever has come into its place meanwhile.
    with path.open("r+" if update else "r", encoding="utf-8") as file:
        old = _parsed(path, text := _text(path, file))
        if not update and not any(cell.get("outputs") for cell in old.cells):
            return ["no cell has an output, so there is nothing to compare"]
        new, complaints = _run(old, path, replacements, update=update)
        if new:
            _write(file, text, _tidied(new))
    return complaints


def _text(path: Path, file: TextIO) -> str:
    try:
        return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidValue(f"'{path}' cannot be read", str(error), "Give a notebook, which is text") from None


def _parsed(path: Path, text: str) -> Any:
    """The notebook that a text is.

    Raises:
        InvalidValue: it is none.
    """
    import nbformat

    try:
        found = nbformat.reads(text, as_version=4)
        nbformat.validate(found)
    except Exception as error:  # noqa: BLE001  (nbformat fails in many ways where the text is something else)
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise InvalidValue(
            f"'{path}' is no notebook", reason[0][:_LONGEST_REASON], "Open and save it in JupyterLab"
        ) from None
    return found


def _run(
    old: Any, path: Path, replacements: list[tuple[re.Pattern[str], str]], *, update: bool
) -> tuple[Any, list[str]]:
    """The notebook with new outputs, None if it is not to be written, and what is wrong, a sentence each."""
    new = copy.deepcopy(old)
    tags = {tag for cell in old.cells for tag in cell.metadata.get("tags", [])}
    missing = next((tag for tag in (ENGINE_TAG, NFTABLES_TAG) if tag in tags and obstacle(tag)), None)
    if missing:
        sys.stdout.write(visible(f'{path}: cells tagged "{missing}" are left out: {obstacle(missing)}\n'))
    failure = _execute(new, path, missing)
    complaints = [failure] if failure else []
    for number, (before, after) in enumerate(zip(old.cells, new.cells, strict=True), 1):
        if before.cell_type != "code":
            continue
        same = comparable(before.outputs, replacements) == comparable(after.outputs, replacements)
        if same:
            after.outputs = before.outputs
        elif not update:
            first, *_ = (before.source.strip() or "(empty)").splitlines()
            complaints.append(f"cell {number} gives another output: {first}")
    return new if update and not failure else None, complaints


def _execute(notebook: Any, path: Path, missing: str | None) -> str:
    """Run it in place; the failure in one sentence, empty if there is none."""
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    client = _client()(
        notebook,
        kernel_name=_KERNEL["name"],
        timeout=_SECONDS_PER_CELL,
        record_timing=False,
        skip_cells_with_tag=missing or "skip-execution",
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, RuntimeError, asyncio.CancelledError) as error:
        if client.is_interrupted:
            raise KeyboardInterrupt from None
        return str(error).strip().splitlines()[-1]
    return ""


def _client() -> type:
    """The class of the client, which hears of Control-C; nbclient's own takes it for the kernel's death."""
    from jupyter_core.paths import jupyter_runtime_dir
    from nbclient import NotebookClient

    class Client(NotebookClient):
        is_interrupted = False

        async def async_start_new_kernel(self, **options: Any) -> None:
            def interrupt() -> None:
                self.is_interrupted = True
                self.shutdown_kernel = "immediate"  # else the kernel shows on its standard error how it is interrupted
                task.cancel()

            task = asyncio.current_task()
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGINT, interrupt)
            loop.remove_signal_handler(signal.SIGTERM)  # ends this process, and a sandbox ends with its client
            # Kernels of one user begin in turn: each draws ports that are free, and takes them a moment later.
            os.makedirs(jupyter_runtime_dir(), exist_ok=True)
            self.turn = open(os.path.join(jupyter_runtime_dir(), "netkit-starts.lock"), "wb")  # noqa: SIM115
            await asyncio.to_thread(fcntl.flock, self.turn, fcntl.LOCK_EX)
            await super().async_start_new_kernel(**options)

        async def async_start_new_kernel_client(self) -> Any:
            with self.turn:
                return await super().async_start_new_kernel_client()

    return Client


def _tidied(notebook: Any) -> Any:
    """Without what differs between machines: versions, times, the states of widgets."""
    notebook.metadata = {"kernelspec": _KERNEL, "language_info": _LANGUAGE}
    for number, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), 1):
        cell.execution_count = number
        cell.metadata.pop("execution", None)
        cell.outputs = _merged(cell.outputs)
        for output in cell.outputs:
            if "execution_count" in output:
                output["execution_count"] = number
    return notebook


def _merged(outputs: list[Any]) -> list[Any]:
    """The outputs with neighbours of one stream joined: how a kernel's text is cut into messages is chance.

    Widgets, which nobody can move without their kernel, are left out: their static twins follow them.
    """
    import nbformat

    merged: list[Any] = []
    for output in outputs:
        if list(output.get("data", ())) == [_WIDGET]:
            continue
        if merged and output.output_type == "stream" and merged[-1].get("name") == output.name:
            merged[-1] = nbformat.from_dict({**merged[-1], "text": merged[-1]["text"] + output.text})
        else:
            merged.append(output)
    return merged


def _write(file: TextIO, text: str, notebook: Any) -> None:
    """Write it over the text that the file has, unless that would change nothing."""
    import nbformat

    new = nbformat.writes(notebook, version=4) + "\n"
    if new != text:
        file.seek(0)
        file.write(new)
        file.truncate()


def comparable(outputs: list[Any], replacements: list[tuple[re.Pattern[str], str]]) -> list[Any]:
    """What counts of a cell's outputs: texts after the replacements, joined by stream; no PNG, no traceback.

    Args:
        outputs: as nbformat holds them.
        replacements: what `read_replacements` gives.
    """
    found: list[Any] = []
    for output in _merged(outputs):
        if output.output_type == "stream":
            found.append((output.name, output.text))
        elif output.output_type == "error":
            found.append((output.ename, output.evalue))
        else:
            found += [(kind, str(value)) for kind, value in sorted(output.data.items()) if kind != "image/png"]
    return [(kind, _replaced(value, replacements)) for kind, value in found]


def _replaced(text: str, replacements: list[tuple[re.Pattern[str], str]]) -> str:
    for pattern, replacement in replacements:
        text = pattern.sub(replacement, text)
    return text


def read_replacements(path: Path | None) -> list[tuple[re.Pattern[str], str]]:
    """Read the file that nbval reads too: sections with `regex` and `replace`.

    Args:
        path: of the file; None for the project's, if there is one.

    Raises:
        NotFound: there is no such file.
        InvalidValue: it cannot be read, or has another form.
    """
    if path is None and not _REPLACEMENTS.exists():
        return []
    name = path or _REPLACEMENTS
    parser = configparser.RawConfigParser()
    try:
        with open(name, encoding="utf-8") as file:
            parser.read_string(file.read(_MOST_REPLACEMENTS), str(name))
        found = [(re.compile(section["regex"]), section["replace"]) for _, section in list(parser.items())[1:]]
        for pattern, replacement in found:
            pattern.sub(replacement, "")  # raises an error if it names a group that is not there
    except FileNotFoundError:
        raise NotFound(f"there is no file '{name}'", remedy=_WANTED) from None
    except OSError as error:
        raise InvalidValue(f"'{name}' cannot be read", error.strerror or "", _WANTED) from None
    except (KeyError, IndexError, re.error, configparser.Error, ValueError, OverflowError, RecursionError) as error:
        rule = f"each section has 'regex' and 'replace' ({' '.join(str(error).split())[:_LONGEST_REASON]})"
        raise InvalidValue(f"'{name}' cannot be used", rule, "Correct it") from None
    return found
