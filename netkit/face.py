"""What a learner calls: its arguments are checked before anything is done, in one place for all functions.

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
from netkit.spelling import nearest, shown

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
        plan = plan or _plan(function)
        return function(*_taken(plan, given, named), **named)

    return checked


class _Bare(str):
    """An annotation as it is written: help shows it without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def _bare(kind: Any) -> Any:
    return _Bare(kind) if isinstance(kind, str) else kind


def _taken(plan: _Plan, given: tuple[Any, ...], named: dict[str, Any]) -> list[Any]:
    """The arguments that are given by their place, checked; those that are given by name are checked in place."""
    count, most = len(given), len(plan.checks)
    if count > most and plan.rest is None:
        raise _surplus(plan, given)
    if count < plan.needed or (plan.demanded and not named):
        _insist(plan, count, named)
    values = [check(value) if check else value for check, value in zip(plan.checks, given, strict=False)]
    if count > most:
        values += map(plan.rest, given[most:])
    for name, value in named.items():
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
        checks: of the parameters that may be given by their place, in their order.
        needed: how many of those have to be given, by place or by name.
        demanded: whether others have to be given by name.
        required: the names of all that have to be given.
        rest: the check of further ones, None if none are taken.
        named: place and check of what may be given by name; the last place of all for what only a name gives.
    """

    form: str
    checks: tuple[Check | None, ...]
    needed: int
    demanded: bool
    required: tuple[str, ...]
    rest: Check | None
    named: dict[str, tuple[int, Check | None]]


def _plan(function: Callable[..., Any]) -> _Plan:
    parameters = list(inspect.signature(function).parameters.values())
    checks = {parameter.name: _check(function, parameter) for parameter in parameters}
    by_place = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    by_name = [p for p in parameters if p.kind == p.KEYWORD_ONLY]
    required = [p for p in (*by_place, *by_name) if p.default is p.empty]
    own = by_place[:1] if by_place and by_place[0].name in _OWN else []
    rest = next((p for p in parameters if p.kind == p.VAR_POSITIONAL), None)
    named = {p.name: (place, checks[p.name]) for place, p in enumerate(by_place) if p not in own}
    return _Plan(
        f"{_called(function)}({', '.join(_told(p) for p in parameters if p not in own)})",
        tuple(checks[p.name] for p in by_place),
        sum(p in required for p in by_place),
        any(p in required for p in by_name),
        tuple(p.name for p in required if p not in own),
        None if rest is None else checks[rest.name] or _as_it_is,
        named | {p.name: (sys.maxsize, checks[p.name]) for p in by_name},
    )


def _check(function: Callable[..., Any], parameter: inspect.Parameter) -> Check | None:
    """What checks an argument, None where the function itself does."""
    kind = parameter.annotation
    if parameter.name in _OWN or kind is parameter.empty:
        return None
    kind = eval(kind, inspect.unwrap(function).__globals__) if isinstance(kind, str) else kind  # noqa: S307  (our own source)
    choices = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    check = next((c.__metadata__[0] for c in choices if hasattr(c, "__metadata__")), None)
    if check is None:
        return None
    if "name" in inspect.signature(check).parameters:
        check = partial(check, name=parameter.name)
    spared = [parameter.default] if parameter.default is not parameter.empty else []
    spared += [None] if types.NoneType in choices else []
    return _sparing(check, spared) if spared else check


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


def _told(parameter: inspect.Parameter) -> str:
    if parameter.kind == parameter.VAR_POSITIONAL:
        return f"*{parameter.name}"
    optional = parameter.default is not parameter.empty or parameter.kind == parameter.KEYWORD_ONLY
    return f"{parameter.name}=…" if optional else parameter.name


def _rule(plan: _Plan) -> str:
    return f"it is {plan.form}"


def _surplus(plan: _Plan, given: tuple[Any, ...]) -> WrongCall:
    name, most = plan.form.partition("(")[0], len(plan.checks)
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
    meant = nearest(name, plan.named)
    remedy = f"Did you mean {meant}=…?" if meant else "Leave it out" if not plan.named else "Take one of these"
    problem = f"{plan.form.partition('(')[0]}() has no parameter {name}={shown(value)}"
    raise WrongCall(problem, _rule(plan), remedy)


def _twice(plan: _Plan, name: str) -> WrongCall:
    problem = f"{plan.form.partition('(')[0]}() gets {name} twice, by its place and by its name"
    return WrongCall(problem, _rule(plan), "Give it once")


NetkitError.__init__ = face(NetkitError.__init__)  # type: ignore[method-assign]  (it stands below this module)
