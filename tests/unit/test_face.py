"""The face: arguments are checked by their kinds, quickly, and a function still looks like itself."""

from __future__ import annotations

import copy
import inspect
import pickle
import time
import timeit
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import pytest

import netkit
from netkit.errors import InvalidValue, NetkitError, ReadOnly, UnknownName, WrongCall
from netkit.face import _plan, face
from netkit.handles import Several, guarded, keep
from netkit.kinds import Flag, Port, Timeout
from netkit.model import Interface
from tests.unit.source import PACKAGE, module_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@face
def listen(port: Port, *rest: Port, quietly: Flag = False, timeout: Timeout | None = 5.0) -> tuple[Any, ...]:
    """Wait for a caller."""
    return port, rest, quietly, timeout


def test_right_arguments_arrive() -> None:
    assert listen(80) == (80, (), False, 5.0)
    assert listen(80, 81, 82, quietly=True, timeout=None) == (80, (81, 82), True, None)
    assert listen(port=80, timeout=1) == (80, (), False, 1.0)


@pytest.mark.parametrize(
    ("given", "named", "words"),
    [
        ((), {}, "listen() lacks port; it is listen(port, *rest, quietly=…, timeout=…). Add port=…"),
        ((80,), {"quitely": True}, "listen() has no parameter quitely=True; "),
        ((80,), {"quitely": True}, "Did you mean quietly=…?"),
        ((), {"prot": 80}, "Did you mean port=…?"),
        ((80,), {"port": 81}, "gets port twice"),
        (("80",), {}, "'80' is not a port"),
        ((80, 81, 0), {}, "0 is not a port"),
        ((80,), {"quietly": "no"}, "quietly='no' is not True or False; it is on or off. Try quietly=True."),
        ((10**5000,), {}, "a value of the type int is not a port"),
    ],
)
def test_wrong_arguments_are_told(given: tuple[Any, ...], named: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        listen(*given, **named)
    assert words in str(caught.value)
    assert all((caught.value.problem, caught.value.rule, caught.value.remedy))


def test_python_code_may_catch_a_wrong_call_as_usual() -> None:
    with pytest.raises(TypeError):
        listen()
    assert issubclass(WrongCall, NetkitError)


def test_a_function_still_looks_like_itself() -> None:
    assert str(inspect.signature(listen)).startswith("(port: Port, *rest: Port, quietly: Flag = False")
    assert (listen.__name__, listen.__doc__) == ("listen", "Wait for a caller.")


def test_a_check_costs_little() -> None:
    """Some three microseconds for a call with three arguments; here with much to spare, for a slow machine."""
    call = timeit.Timer(lambda: listen(80, quietly=True, timeout=1), timer=time.thread_time)
    assert min(call.repeat(5, 2000)) / 2000 < 20e-6


def faces() -> Iterator[Any]:
    """All functions and methods of the package that are faces."""
    for name, path in module_files().items():
        if "@face" in path.read_text(encoding="utf-8"):
            for owner in vars(import_module(name)).values():
                for member in (owner, *(vars(owner).values() if inspect.isclass(owner) else ())):
                    function = getattr(member, "__func__", member)
                    if getattr(getattr(function, "__code__", None), "co_filename", "") == str(PACKAGE / "face.py"):
                        yield function


def test_every_kind_can_be_read() -> None:
    plans = [_plan(function.__wrapped__) for function in faces() if hasattr(function, "__wrapped__")]
    assert len(plans) > 80


def test_every_function_of_the_face_is_one() -> None:
    known = {id(function) for function in faces()}
    functions = [getattr(netkit, name) for name in netkit.__all__]
    plain = [each.__name__ for each in functions if inspect.isfunction(each) and id(each) not in known]
    assert set(plain) <= {"require_sandbox"}, "decorate them with @face"


@guarded({"size": ".grow(…)"})
class Thing:
    """A handle."""

    def __init__(self) -> None:
        keep(self, size=1)

    def grow(self) -> None:
        keep(self, size=2)


@pytest.mark.parametrize(
    ("act", "kind", "words"),
    [
        (lambda thing: setattr(thing, "size", 3), ReadOnly, "Try .grow(…)"),
        (lambda thing: setattr(thing, "colour", 3), UnknownName, "there are: grow, size"),
        (lambda thing: delattr(thing, "size"), ReadOnly, "cannot be deleted"),
        (lambda thing: thing.grwo(), UnknownName, "Did you mean 'grow'?"),
        (lambda thing: thing(), WrongCall, "Thing(…) means nothing"),
        (len, WrongCall, "len(Thing) means nothing"),
        (lambda thing: thing[0], WrongCall, "Thing[…] means nothing"),
        (list, WrongCall, "for … in Thing means nothing"),
        (lambda thing: thing < 5, WrongCall, "means nothing"),
        (lambda thing: thing + 1, WrongCall, "means nothing"),
        (lambda thing: thing.__enter__(), WrongCall, "with Thing means nothing"),
    ],
)
def test_what_one_cannot_do_with_a_handle(act: Any, kind: type[NetkitError], words: str) -> None:
    with pytest.raises(kind) as caught:
        act(Thing())
    assert words in str(caught.value)


def test_a_handle_is_true_and_its_own_methods_set_it() -> None:
    thing = Thing()
    thing.grow()
    assert (bool(thing), thing.size) == (True, 2)


def test_values_are_guarded_too() -> None:
    with pytest.raises(ReadOnly):
        Interface("eth1", "veth").mtu = 5  # type: ignore[misc]
    with pytest.raises(UnknownName, match="Did you mean 'mtu'"):
        Interface("eth1", "veth").mtuu  # noqa: B018  (reading it is the test)


def test_several_things_are_a_tuple() -> None:
    several = Several(("b", "a"), "br.names")
    assert (several, repr(several), hash(several)) == (("b", "a"), "('b', 'a')", hash(("b", "a")))
    assert ([*several], several[0], several[-1:], len(several)) == (["b", "a"], "b", ("a",), 2)
    assert (several + ("c",), ("c",) + several) == (("b", "a", "c"), ("c", "b", "a"))  # noqa: RUF005  (signs are tried)
    assert copy.copy(several) == pickle.loads(pickle.dumps(several)) == several  # noqa: S301  (our own)
    assert not Several()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda it: it.append(1), "br.names has no 'append'; there are: count, index. Try br.add(…)."),
        (lambda it: it.upper(), "br.names has no 'upper'; there are: count, index. Try [0].upper: each"),
        (lambda it: it.cont, "Did you mean 'count'"),
        (lambda it: it[2], "there is no 2 in br.names; it has 2, counted from 0"),
        (lambda it: it["b"], "there is no 'b' in br.names"),
        (lambda it: setattr(it, "count", 2), "'count' of br.names cannot be set"),
        (lambda it: it.__setitem__(0, 2), "br.names[…] = … means nothing"),
    ],
)
def test_several_things_refuse_in_words(wrong: Callable[[Any], Any], told: str) -> None:
    with pytest.raises(NetkitError) as refused:
        wrong(Several(("b", "a"), "br.names", add="br.add(…)"))
    assert told in str(refused.value)


def test_the_names_of_netkit_cannot_be_set() -> None:
    with pytest.raises(ReadOnly, match="'host' of netkit cannot be set to 5"):
        netkit.host = 5


def test_numpys_numbers_are_numbers() -> None:
    numpy = pytest.importorskip("numpy")
    assert listen(numpy.int64(80), quietly=numpy.bool_(True), timeout=numpy.float32(1)) == (80, (), True, 1.0)  # noqa: FBT003


def test_a_kind_in_a_union_lets_none_pass() -> None:
    @face
    def wait(limit: Annotated[int, Decimal] | None) -> Any:
        return limit

    assert (wait(None), wait("5")) == (None, Decimal(5))
