"""The error tree: its shape, and the sentences that its errors are."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest

from netkit import errors
from netkit.errors import InvalidName, KernelRefused, NetkitError, NotFound

TREE = {name: kind for name, kind in vars(errors).items() if inspect.isclass(kind)}


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        (("'a b' has a space",), "'a b' has a space."),
        (("'a b' has a space", "names are one word"), "'a b' has a space; names are one word."),
        (("'a b' has a space", "names are one word", "Try 'a-b'"), "'a b' has a space; names are one word. Try 'a-b'."),
        (("'a b' has a space", "", "Try 'a-b'"), "'a b' has a space. Try 'a-b'."),
        (("It ends.", "So does this.", "And this."), "It ends; So does this. And this."),
    ],
)
def test_says_problem_rule_and_remedy(parts: tuple[str, ...], sentence: str) -> None:
    assert str(NetkitError(*parts)) == sentence


@pytest.mark.parametrize("kind", TREE.values(), ids=TREE)
def test_all_are_netkit_errors_and_keep_their_parts(kind: type[NetkitError]) -> None:
    error = kind("problem", "rule", "remedy")
    assert isinstance(error, NetkitError)
    assert (error.problem, error.rule, error.remedy) == ("problem", "rule", "remedy")


def test_the_docstring_draws_the_tree() -> None:
    drawn: dict[str, str] = {}
    parents: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"[\s│├└─]*\b([A-Z]\w+)(?=  |$)", line):
            depth, name = found.start(1), found[1]
            parents = [(column, parent) for column, parent in parents if column < depth]
            drawn[name] = parents[-1][1] if parents else "Exception"
            parents.append((depth, name))
    assert drawn == {name: kind.__bases__[0].__name__ for name, kind in TREE.items()}


def test_python_code_may_catch_them_by_their_usual_names() -> None:
    assert issubclass(InvalidName, ValueError)
    assert issubclass(NotFound, LookupError)


def test_a_notebook_shows_the_sentence_only() -> None:
    assert NotFound("no 'ns1'")._render_traceback_() == ["NotFound: no 'ns1'."]


def test_survives_pickling() -> None:
    """nbval, multiprocessing and hypothesis all move errors between processes."""
    error = pickle.loads(pickle.dumps(KernelRefused("no", "rule", "remedy", errno=17)))  # noqa: S301  (our own bytes)
    assert (str(error), error.errno) == ("no; rule. remedy.", 17)
