"""What handles and values have in common: setting an attribute, an unknown one, `len()`, `+` or `[0]` is refused.

A handle says what the kernel says, so its attributes are not set; a method changes what they tell.  Python's own
signs (`handle[0]`, `len(handle)` …) are refused in words where a handle gives them no meaning.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from netkit.errors import NotFound, ReadOnly, WrongCall
from netkit.spelling import shown, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Kind = TypeVar("Kind", bound=type)
Thing = TypeVar("Thing")

_SIGNS = {
    "__call__": "{}(…)",
    "__len__": "len({})",
    "__iter__": "for … in {}",
    "__getitem__": "{}[…]",
    "__setitem__": "{}[…] = …",
    "__delitem__": "del {}[…]",
    "__enter__": "with {}",
    "__lt__": "{} < …",
    "__le__": "{} <= …",
    "__gt__": "{} > …",
    "__ge__": "{} >= …",
    "__add__": "{} + …",
    "__radd__": "… + {}",
    "__sub__": "{} - …",
    "__or__": "{} | …",
    "__and__": "{} & …",
}


def guarded(instead: Mapping[str, str] | None = None) -> Callable[[Kind], Kind]:
    """A decorator for the class of a handle or a value: what one cannot do with it is refused in words.

    Its own methods set public attributes by `keep`.

    Args:
        instead: what to type in place of an attribute that is set, or that other tools have: {"kill": ".stop()"}.

    Returns:
        The decorator.

    Example:
        >>> @guarded({"size": ".grow()"})
        ... class Thing:
        ...     size = 1
        >>> Thing().size = 2
        Traceback (most recent call last):
        netkit.errors.ReadOnly: 'size' of Thing cannot be set to 2; an attribute says what is there. Try .grow().
    """
    words = dict(instead or {})

    def decorated(kind: Kind) -> Kind:
        kind._instead = {**getattr(kind, "_instead", {}), **words}  # type: ignore[attr-defined]
        _refuse_signs(kind)
        _refuse_attributes(kind)
        return kind

    return decorated


def keep(handle: Any, **attributes: Any) -> None:
    """Set public attributes of a handle, which its own methods alone may do."""
    for name, value in attributes.items():
        object.__setattr__(handle, name, value)


def called(handle: Any) -> str:
    """What an error calls a handle or a value: by its name, if it has one."""
    name = vars(handle).get("name") or vars(handle).get("__name__")
    return name if isinstance(name, str) else type(handle).__name__


def _refuse_signs(kind: type) -> None:
    """Give a class a refusal for each of Python's signs that it does not know."""
    for name, form in _SIGNS.items():
        if not hasattr(kind, name) or name == "__call__" or getattr(kind, name, None) is getattr(object, name, ""):
            setattr(kind, name, _refusal(form))
    if not hasattr(kind, "__exit__"):
        kind.__exit__ = lambda *_: None  # type: ignore[attr-defined]  (`with` asks for both)
    if not hasattr(kind, "__bool__"):
        kind.__bool__ = lambda _: True  # type: ignore[attr-defined]  (else Python would ask for the length)


def _refusal(form: str) -> Callable[..., Any]:
    def refused(self: Any, *_: Any) -> Any:
        name = type(self).__name__
        rule = f"{'an' if name[0] in 'AEIOUX' else 'a'} {name} has no such sign"
        there = ", ".join(sorted(name for name in dir(type(self)) if not name.startswith("_")))
        raise WrongCall(f"{form.format(called(self))} means nothing", rule, f"Take one of its attributes: {there}")

    refused.__doc__ = None
    return refused


def _refuse_attributes(kind: type) -> None:
    def set_(self: Any, name: str, value: Any) -> None:
        if name.startswith("_"):
            object.__setattr__(self, name, value)
            return
        raise read_only(self, name, value)

    def delete(self: Any, name: str) -> None:
        raise read_only(self, name)

    kind.__setattr__, kind.__delattr__ = set_, delete  # type: ignore[method-assign,assignment]
    if not hasattr(kind, "__getattr__"):
        kind.__getattr__ = absent  # type: ignore[attr-defined]


def absent(self: Any, name: str) -> Any:
    """Refuse an attribute that is not there, with the one that was probably meant."""
    if name.startswith("_"):
        raise AttributeError(name)
    raise unknown(called(self), name, {*dir(type(self)), *vars(self)}, self._instead)


_GONE = object()


def read_only(owner: Any, name: str, value: Any = _GONE) -> ReadOnly | AttributeError:
    """The error for an attribute that was to be set, or deleted.

    Args:
        owner: a handle, a value, or the module netkit.
        name: the attribute.
        value: what it was to become; without it, it was to be deleted.
    """
    instead = getattr(type(owner), "_instead", {})
    known = {*dir(owner), *instead} if isinstance(owner, ModuleType) else {*dir(type(owner)), *vars(owner)}
    if name not in known:
        return unknown(called(owner), name, known, instead)
    told = instead.get(name) or (f".set_{name}(…)" if f"set_{name}" in known else "")
    remedy = f"Try {told}" if told else "Take another name for it, or change the network itself"
    what = "cannot be deleted" if value is _GONE else f"cannot be set to {shown(value)}"
    return ReadOnly(f"{name!r} of {called(owner)} {what}", "an attribute says what is there", remedy)


@guarded()
class Several(tuple[Thing, ...]):
    """The things that a handle tells of when there may be many: a tuple that refuses in words what it cannot do.

    Args:
        things: the things.
        told: how one asks for them: "br.ports".
        add: what to type to have one more of them.
        delete: what to type to have one less.

    Example:
        >>> Several(["10.0.0.1/24"], "eth1.addresses", add="eth1.add_address(…)").append("10.0.0.2/24")
        Traceback (most recent call last):
        netkit.errors.UnknownName: eth1.addresses has no 'append'; there are: count, index. Try eth1.add_address(…).
    """

    def __new__(cls, things: Iterable[Thing] = (), told: str = "", *, add: str = "", delete: str = "") -> Self:
        """Make the tuple; words for no `add` and no `delete` are left out."""
        several = super().__new__(cls, things)
        words = dict.fromkeys(("add", "append", "insert", "extend"), add) if add else {}
        words |= dict.fromkeys(("delete", "remove", "pop", "clear"), delete) if delete else {}
        keep(several, __name__=told, _instead=words)
        return several

    def __getattr__(self, name: str) -> Any:
        for thing in self[:1]:
            if name in dir(thing) and not name.startswith("_"):
                raise unknown(called(self), name, dir(type(self)), {name: f"[0].{name}: each of them has its own"})
        return absent(self, name)

    def __getitem__(self, place: Any) -> Any:
        try:
            return super().__getitem__(place)
        except (IndexError, TypeError):
            problem, rule = f"there is no {shown(place)} in {called(self)}", f"it has {len(self)}, counted from 0"
            raise NotFound(problem, rule, "Take one of these, or go through all: for each in …") from None

    def __bool__(self) -> bool:
        return len(self) > 0

    def __add__(self, other: Any) -> Any:
        return tuple(self) + other

    def __radd__(self, other: Any) -> Any:
        return other + tuple(self)
