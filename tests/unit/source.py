"""Knows the project's source files as syntax trees, for the tests that read them."""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING

from tests.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGE = ROOT / "netkit"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def module_files() -> dict[str, Path]:
    """The modules of the package: "netkit.linux" -> netkit/linux/__init__.py."""
    return {_module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def _module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def functions(path: Path) -> tuple[Function, ...]:
    return tuple(node for node in ast.walk(tree(path)) if isinstance(node, Function))


@cache
def imported_modules(name: str, path: Path) -> tuple[tuple[str, ast.stmt], ...]:
    """The netkit modules that a module imports, anywhere in it, with the statements that do so."""
    return tuple(_imported_modules(name, path))


def _imported_modules(name: str, path: Path) -> Iterator[tuple[str, ast.stmt]]:
    known = module_files()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names if alias.name.split(".")[0] == "netkit")
        if isinstance(node, ast.ImportFrom):
            origin = _origin(name, path, node)
            if origin.split(".")[0] == "netkit":
                for alias in node.names:
                    inner = f"{origin}.{alias.name}"
                    yield (inner if inner in known else origin), node


def _origin(name: str, path: Path, node: ast.ImportFrom) -> str:
    """The absolute name of what `from … import` names, which may be relative."""
    if not node.level:
        return node.module or ""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    base = package[: len(package) - node.level + 1]
    return ".".join([*base, *((node.module or "").split(".") if node.module else [])])
