"""The order of the modules: imports go downward only, and files, functions and names keep their form.

The floors are those of CONTRIBUTING.md.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path
from statistics import median

import pytest

from tests.project import ROOT, files
from tests.unit.source import Function, functions, imported_modules, module_files, tree

FLOORS = {
    "netkit.visible": -1,
    "netkit.errors": 0,
    "netkit.configured": 0,
    "netkit.ending": 1,
    "netkit.files": 1,
    "netkit.spelling": 1,
    "netkit.face": 2,
    "netkit.handles": 2,
    "netkit.plain": 2,
    "netkit.netfilter": 3,
    "netkit.outcomes": 3,
    "netkit.validation": 3,
    "netkit.model": 4,
    "netkit.names": 5,
    "netkit.markup": 5,
    "netkit.shell": 5,
    "netkit.kinds": 6,
    "netkit.packets": 7,
    "netkit.diagnosis": 7,
    "netkit.journey": 8,
    "netkit.linux": 8,
    "netkit.sandbox": 8,
    "netkit.changes": 10,
    "netkit.comparison": 10,
    "netkit.rebuilding": 10,
    "netkit.sundries": 9,
    "netkit.tunnelling": 9,
    "netkit.pictures": 9,
    "netkit.lab": 11,
    "netkit.reviving": 11,
    "netkit.docker": 12,
    "netkit.dockerd": 12,
    "netkit.lessons": 12,
    "netkit.widgets": 13,
    "netkit.clearing": 13,
    "netkit.saving": 14,
    "netkit.tickets": 14,
    "netkit.journeys": 14,
    "netkit.magics": 14,
    "netkit.xrays": 15,
    "netkit.kernel": 15,
    "netkit.server": 15,
    "netkit.classroom": 15,
    "netkit.subcommands": 16,
    "netkit": 17,
    "netkit.arguments": 17,
    "netkit.counter": 17,
    "netkit.cli": 18,
    "netkit.demo": 18,
    "netkit.drilling": 18,
    "netkit.examining": 18,
    "netkit.solving": 18,
}
ROOMS = {
    "netkit.journey": ("joining", "shown", "telling"),
    "netkit.linux": ("netlink", "looks", "events", "acts", "capturing", "tracing", "probing"),
    "netkit.pictures": ("network", "journey", "ink"),
    "netkit.sandbox": ("user", "uml", "worlds", "relaying", "doctor"),
}
"""The rooms of the large parts, in their order: each knows those before it."""

STRANGERS = ("netkit.linux", "netkit.pictures", "netkit.sandbox")
MODULES = module_files()
"""File names that stand in more than two packages: the list only gets shorter."""

LONGEST_FILE, LONGEST_FUNCTION, USUAL_FUNCTION = 300, 40, 10


def part_of(module: str) -> str:
    """The entry of FLOORS that a module belongs to: itself or the package that holds it."""
    while module not in FLOORS and "." in module:
        module = module.rpartition(".")[0]
    return module


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_a_floor(module: str) -> None:
    assert module == "netkit" or part_of(module) != "netkit", f"give {module} a floor in {Path(__file__).name}"


def test_contributing_tells_the_floors() -> None:
    rows = re.findall(r"^\| (-?\d+) \| (.*?) \| ", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.MULTILINE)
    told = {(int(floor), name) for floor, names in rows for name in re.findall(r"`(\w+)`", names)}
    assert not {(floor, module.rpartition(".")[2]) for module, floor in FLOORS.items()} - told


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_downward(module: str) -> None:
    here = part_of(module)
    upward = [
        f"line {node.lineno}: {module} (floor {FLOORS[here]}) imports {other} (floor {FLOORS[part_of(other)]})"
        for other, node in imported_modules(module, MODULES[module])
        if part_of(other) != here and FLOORS[part_of(other)] >= FLOORS[here]
    ]
    assert not upward


@pytest.mark.parametrize("module", [name for name in MODULES if part_of(name) in STRANGERS])
def test_linux_pictures_and_sandbox_do_not_know_one_another(module: str) -> None:
    imported = {part_of(other) for other, _ in imported_modules(module, MODULES[module])}
    assert not imported.intersection(STRANGERS) - {part_of(module)}


def test_the_map_leads_to_files_that_are_there() -> None:
    """The questions of CONTRIBUTING.md: where would I change …?"""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    answers = re.findall(r"^\| … (.+?)\? \| `(netkit/[^`]+)` \|$", text, re.MULTILINE)
    assert len(answers) >= 12
    assert not [path for _, path in answers if not (ROOT / path).is_file()]


def test_a_test_is_called_after_what_it_tests() -> None:
    """By its first or last words after a module or a folder of netkit; CONTRIBUTING.md lists the others alone."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([^`]+)` \| ((?:`\w+`(?:, )?)+) \|$", text, re.MULTILINE)
    parts = {part for module in MODULES for part in module.split(".")[1:]}
    files = (path for room in ("unit", "inside", "outside") for path in (ROOT / "tests" / room).glob("test_*.py"))
    others = {name for path in files if not parts & _ends(name := path.stem.removeprefix("test_"))}
    assert sorted(name for _, names in rows for name in re.findall(r"\w+", names)) == sorted(others)
    assert not [place for place, _ in rows if not (ROOT / place).exists()]


def _ends(name: str) -> set[str]:
    """The name why_filters begins with why and ends with filters."""
    words = name.split("_")
    return {"_".join(part) for cut in range(len(words) + 1) for part in (words[:cut], words[cut:])}


def imports_among_modules() -> set[tuple[str, str]]:
    """Who imports whom, for types alone too."""
    return {
        (module, other)
        for module, path in MODULES.items()
        for other, _ in imported_modules(module, path)
        if other != module and other in MODULES
    }


def test_no_module_imports_itself_in_a_circle() -> None:
    circles = TopologicalSorter[str]()
    for module, other in imports_among_modules():
        circles.add(module, other)
    circles.prepare()  # raises a CycleError that names a circle


def test_a_file_name_says_where_it_is() -> None:
    """No more than two packages have a file of the same name."""
    names = Counter(path.name for path in MODULES.values() if path.name != "__init__.py")
    assert not [name for name, packages in names.items() if packages > 2]


@pytest.mark.parametrize(("part", "room"), [(part, room) for part, rooms in ROOMS.items() for room in rooms])
def test_rooms_of_a_part_know_only_those_before_them(part: str, room: str) -> None:
    later = ROOMS[part][ROOMS[part].index(room) + 1 :]
    inside = {module: path for module, path in MODULES.items() if module.startswith(f"{part}.{room}.")}
    assert inside, f"there is no room {room}"
    wrong = [
        f"{module} imports {other}"
        for module, path in inside.items()
        for other, _ in imported_modules(module, path)
        if any(f"{other}.".startswith(f"{part}.{name}.") for name in later)
    ]
    assert not wrong


def python_files() -> list[Path]:
    return [path for path in files() if path.suffix == ".py"]


@pytest.mark.parametrize("path", python_files(), ids=str)
def test_files_and_functions_are_short(path: Path) -> None:
    lines = (ROOT / path).read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST_FILE, f"{path} has {lines} lines: split it"
    too_long = [f"{f.name}: {_length(f)} lines" for f in functions(ROOT / path) if _length(f) > LONGEST_FUNCTION]
    assert not too_long, f"in {path}"


def test_functions_are_mostly_very_short() -> None:
    assert median(_length(function) for path in MODULES.values() for function in functions(path)) <= USUAL_FUNCTION


def _length(function: Function) -> int:
    return (function.end_lineno or 0) - function.lineno + 1


@pytest.mark.parametrize("module", MODULES)
def test_public_names_are_documented_and_typed(module: str) -> None:
    syntax = tree(MODULES[module])
    faults = [] if ast.get_docstring(syntax) else ["the module has no docstring"]
    if not any(part.startswith("_") for part in module.split(".")):
        faults += [fault for node in syntax.body for fault in _faults(node)]
    assert not faults, f"in {module}"


def _faults(node: ast.stmt, owner: str = "") -> list[str]:
    """What the definition of a public name lacks."""
    if not isinstance(node, ast.ClassDef | Function) or (node.name.startswith("_") and node.name != "__init__"):
        return []
    name = owner + node.name
    faults = [] if ast.get_docstring(node) or node.name == "__init__" else [f"{name} has no docstring"]
    if isinstance(node, ast.ClassDef):
        return faults + [fault for inner in node.body for fault in _faults(inner, f"{name}.")]
    return faults + [f"{name}: {what} has no type" for what in _untyped(node, method=bool(owner))]


def _untyped(function: Function, *, method: bool) -> list[str]:
    arguments = function.args
    static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in function.decorator_list)
    positional = [*arguments.posonlyargs, *arguments.args][1 if method and not static else 0 :]
    every = [*positional, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    untyped = [argument.arg for argument in every if argument and argument.annotation is None]
    return untyped + ([] if function.returns else ["the result"])
