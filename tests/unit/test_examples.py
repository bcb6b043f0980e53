"""The examples in the docstrings of the pure modules are true."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest

from tests.unit.test_floors import FLOORS

PURE = [name for name, floor in FLOORS.items() if floor == 0]


@pytest.mark.parametrize("module", PURE)
def test_examples(module: str) -> None:
    assert doctest.testmod(import_module(module)).failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    assert sum(len(test.examples) for module in PURE for test in finder.find(import_module(module))) > 0
