"""What a learner calls: `@face` checks the arguments first, and refuses those that are missing, surplus or unknown.

A parameter says in its annotation of what kind it is, and a kind is a type with a function that checks it:

    Port = Annotated[int, port]

    @face
    def publish(self, port: Port, *, quietly: Flag = False) -> None: ...

The function gets what the check returns. A default is not checked. A check that wants to say the parameter's name
takes it as `name`.
"""

from __future__ import annotations

import inspect
import sys
import types
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, TypeVar, Union, get_args, get_origin

from netkit.errors import NetkitError, WrongCall
from netkit.spelling import proposal, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[[Any], Any]

Given = ParamSpec("Given")
Result = TypeVar("Result")
_OWN = ("self", "cls")


def face(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Check the arguments of a function whenever it is called.

    Args:
        function: one whose parameters are annotated with kinds; its annotations are read at the first call.

    Returns:
        The same function in front of which the checks are.

    Raises:
        WrongCall: when it is called: with too many arguments, too few, or with names that it does not know.
        InvalidValue: when it is called: an argument is not of its kind.

    Example:
        >>> @face
        ... def twice(number: int) -> int:
        ...     return 2 * number
        >>> twice(nmber=2)
        Traceback (most recent call last):
        netkit.errors.WrongCall: twice() has no parameter nmber=2; it is twice(number). Did you mean number=…?
    """
    plan: _Plan | None = None
    function.__annotations__ = {name: _bare(kind) for name, kind in function.__annotations__.items()}

    @wraps(function)
    def checked(*given: Given.args, **named: Given.kwargs) -> Result:
        nonlocal plan
        if plan is None:
            plan = _plan(function)
        return function(*_taken(plan, given, named), **named)

    return checked


class _Bare(str):
    """An annotation as it is written: help shows it without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def _bare(kind: Any) -> Any:
    return _Bare(kind) if isinstance(kind, str) else kind


def _taken(plan: _Plan, given: tuple[Any, ...], named: dict[str, Any]) -> list[Any] | tuple[Any, ...]:
    """The arguments that are given by their place, checked; those that are given by name are checked in place."""
    count, most = len(given), plan.most
    if count > most and plan.rest is None:
        raise _surplus(plan, given)
    if count < plan.needed or (plan.demanded and not named):
        _insist(plan, count, named)
    values: list[Any] | tuple[Any, ...] = given
    if plan.checks or count > most:
        values = list(given[:most])
        for place, check in plan.checks:
            if place < count:
                values[place] = check(values[place])
        values += map(plan.rest, given[most:])
    for name, value in named.items() if named else ():
        place, check = plan.named.get(name) or _refuse(plan, name, value)
        if place < count:
            raise _twice(plan, name)
        if check:
            named[name] = check(value)
    return values


class _Plan(NamedTuple):
    """What a function takes.

    Attributes:
        form: how it is called, in words: "add_route(destination, *, via=…)".
        most: how many may be given by their place.
        checks: place and check of those that have one.
        needed: how many of those have to be given, by place or by name.
        demanded: whether others have to be given by name.
        required: the names of all that have to be given.
        rest: the check of further ones, None if none are taken.
        named: place and check of what may be given by name; the last place of all for what only a name gives.
    """

    form: str
    most: int
    checks: tuple[tuple[int, Check], ...]
    needed: int
    demanded: bool
    required: tuple[str, ...]
    rest: Check | None
    named: dict[str, tuple[int, Check | None]]


def _plan(function: Callable[..., Any]) -> _Plan:
    plain = inspect.unwrap(function)
    by_place, rest, by_name = _parameters(plain.__code__)
    given = plain.__defaults__ or ()
    defaults = {**dict(zip(by_place[len(by_place) - len(given) :], given, strict=True)), **(plain.__kwdefaults__ or {})}
    checks = {name: _check(plain, name, defaults) for name in (*by_place, *rest, *by_name)}
    own = by_place[:1] if by_place and by_place[0] in _OWN else ()
    required = tuple(name for name in (*by_place, *by_name) if name not in defaults)
    named = {name: (place, checks[name]) for place, name in enumerate(by_place) if name not in own}
    told = (
        *(f"{name}=…" if name in defaults else name for name in by_place if name not in own),
        *(f"*{name}" for name in rest),
        *(f"{name}=…" for name in by_name),
    )
    return _Plan(
        f"{_called(function)}({', '.join(told)})",
        len(by_place),
        tuple((place, check) for place, name in enumerate(by_place) if (check := checks[name]) is not None),
        sum(name in required for name in by_place),
        any(name in required for name in by_name),
        tuple(name for name in required if name not in own),
        next((checks[name] or _as_it_is for name in rest), None),
        named | {name: (sys.maxsize, checks[name]) for name in by_name},
    )


def _parameters(code: types.CodeType) -> tuple[tuple[str, ...], ...]:
    """The names of parameters that may be given by their place, of that for further ones, and of those by name alone.

    As `inspect.signature` tells them, in a hundredth of its time: this is done while a learner waits.
    """
    first, last = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    further = code.co_varnames[last : last + bool(code.co_flags & inspect.CO_VARARGS)]
    return code.co_varnames[:first], further, code.co_varnames[first:last]


def _check(function: Callable[..., Any], name: str, defaults: dict[str, Any]) -> Check | None:
    """What checks an argument, None where the function itself does."""
    kind = function.__annotations__.get(name)
    if name in _OWN or kind is None:
        return None
    kind = eval(kind, function.__globals__) if isinstance(kind, str) else kind  # noqa: S307  (our own source)
    choices = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    check = next((c.__metadata__[0] for c in choices if hasattr(c, "__metadata__")), None)
    if check is None:
        return None
    if _wants_name(check):
        check = partial(check, name=name)
    spared = [defaults[name]] if name in defaults else []
    spared += [None] if types.NoneType in choices else []
    return _sparing(check, spared) if spared else check


def _wants_name(check: Check) -> bool:
    """Whether a check says the parameter's name."""
    plain = check.func if isinstance(check, partial) else inspect.unwrap(check)
    if not hasattr(plain, "__code__"):  # a class of Python's own
        return False
    by_place, _, by_name = _parameters(plain.__code__)
    return "name" in (*by_place, *by_name)


def _sparing(check: Check, spared: list[Any]) -> Check:
    """A check that lets some values pass: a default, and None where it means that nothing is given."""
    known = {id(value) for value in spared}
    return lambda value: value if id(value) in known else check(value)


def _as_it_is(value: Any) -> Any:
    return value


def _called(function: Callable[..., Any]) -> str:
    """How one calls it: `Bridge` for what makes one."""
    owner, _, name = function.__qualname__.rpartition(".")
    return owner.rpartition(".")[2] if name in ("__init__", "__new__") else name


def _rule(plan: _Plan) -> str:
    return f"it is {plan.form}"


def _surplus(plan: _Plan, given: tuple[Any, ...]) -> WrongCall:
    name, most = plan.form.partition("(")[0], plan.most
    left = [name for name, (place, _) in plan.named.items() if place >= most]
    remedy = f"Say its name: {', '.join(f'{each}=…' for each in left)}" if left else "Leave it out"
    return WrongCall(f"{name}() has no place for {shown(given[most])}", _rule(plan), remedy)


def _insist(plan: _Plan, count: int, named: dict[str, Any]) -> None:
    """Refuse a call that lacks an argument, by what it has in its stead if that is a slip."""
    places = {name: place for name, (place, _) in plan.named.items()}
    missing = [name for name in plan.required if name not in named and places[name] >= count]
    for name in named if missing else ():
        if name not in plan.named:
            _refuse(plan, name, named[name])
    if missing:
        name = plan.form.partition("(")[0]
        raise WrongCall(f"{name}() lacks {' and '.join(missing)}", _rule(plan), f"Add {missing[0]}=…")


def _refuse(plan: _Plan, name: str, value: Any) -> Any:
    remedy = proposal(name, plan.named, "{}=…") if plan.named else "Leave it out"
    problem = f"{plan.form.partition('(')[0]}() has no parameter {name}={shown(value)}"
    raise WrongCall(problem, _rule(plan), remedy)


def _twice(plan: _Plan, name: str) -> WrongCall:
    problem = f"{plan.form.partition('(')[0]}() gets {name} twice, by its place and by its name"
    return WrongCall(problem, _rule(plan), "Give it once")


NetkitError.__init__ = face(NetkitError.__init__)  # type: ignore[method-assign]  (it stands below this module)
