"""The embedded DNS of user-defined networks: names of containers, answered at 127.0.0.11 inside each of them.

The Engine listens at a random port of 127.0.0.11 and leads port 53 there by NAT rules inside the container's
namespace, so that programs in there may use port 53 themselves (docs.docker.com, "DNS services").  Here port 53
of 127.0.0.11 is bound itself: simpler, and the same for whoever asks.  The Engine passes other names on to the
machine's own servers; no internet is reachable here, so there are no other names.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import TYPE_CHECKING, NamedTuple

from netkit.linux.answering import Answering

if TYPE_CHECKING:
    from collections.abc import Callable

    LookUp = Callable[[str], object]

ADDRESS, PORT = "127.0.0.11", 53
TTL = 600
"""Seconds that an answer may be kept; the Engine says the same."""

_HEADER = struct.Struct("!HHHHHH")
_KIND = struct.Struct("!HH")
_A, _PTR, _INTERNET = 1, 12, 1
_IS_ANSWER, _OPERATION, _RECURSION = 0x8000, 0x7800, 0x0100
_RECURSION_AVAILABLE = 0x0080
_MALFORMED, _NO_SUCH_NAME, _NOT_IMPLEMENTED = 1, 3, 4
_POINTER_TO_THE_QUESTION = b"\xc0\x0c"
_REVERSE = ".in-addr.arpa"


class Question(NamedTuple):
    """What is asked: a name in small letters, a type and a class as numbers, and the bytes it is written in."""

    name: str
    kind: int
    family: int
    data: bytes


def serve(path: str, look_up: LookUp, name_of: LookUp | None = None) -> Answering:
    """Answer questions for names inside a namespace, until `.close()`.

    Args:
        path: a file that opens the namespace; its `lo` has to be up.
        look_up: called with a name in small letters; returns its IPv4 address, or None.
        name_of: called with an address; returns its name, or None: for questions the other way round.

    Returns:
        What answers, at 127.0.0.11:53.

    Raises:
        KernelRefused: the port is taken, or `lo` is down.
        NotFound: the namespace is not there.

    Example:
        >>> server = serve(web.namespace.path, {"web": "172.18.0.2"}.get)  # doctest: +SKIP
        >>> web.run("busybox nslookup web")  # doctest: +SKIP
        >>> server.close()  # doctest: +SKIP
    """
    return Answering(path, ADDRESS, PORT, lambda data: answer(data, look_up, name_of))


def answer(data: bytes, look_up: LookUp, name_of: LookUp | None = None) -> bytes | None:
    """The answer to a question (RFC 1035, 4.1): pure.

    A name that is known, asked for another type than A, gets an answer without records: so a program that asks
    for IPv6 as well does not take it for a name that does not exist.

    Args:
        data: the message.
        look_up: as for `serve`.
        name_of: as for `serve`.

    Returns:
        A message; None for what is no question at all.
    """
    if len(data) < _HEADER.size:
        return None
    number, flags, questions, *_ = _HEADER.unpack_from(data)
    if flags & _IS_ANSWER:
        return None
    if flags & _OPERATION:
        return _message(number, flags, _NOT_IMPLEMENTED)
    question = _question(data) if questions == 1 else None
    if question is None:
        return _message(number, flags, _MALFORMED)
    known, record = _found(question, look_up, name_of)
    return _message(number, flags, 0 if known else _NO_SUCH_NAME, question.data, record)


def _found(question: Question, look_up: LookUp, name_of: LookUp | None) -> tuple[bool, bytes]:
    """Whether the name is known, and the record that answers the question, if any."""
    reverse = question.name.endswith(_REVERSE)
    found = _named(question.name, name_of) if reverse else look_up(question.name)
    if found is None:
        return False, b""
    if question.family != _INTERNET or question.kind != (_PTR if reverse else _A):
        return True, b""
    content = _packed(str(found)) if reverse else ipaddress.IPv4Address(str(found)).packed
    head = _POINTER_TO_THE_QUESTION + struct.pack("!HHIH", question.kind, _INTERNET, TTL, len(content))
    return True, head + content


def _named(question: str, name_of: LookUp | None) -> object:
    """The name of an address that is asked for the other way round: "2.0.18.172.in-addr.arpa"."""
    numbers = question.removesuffix(_REVERSE).split(".")
    return name_of(".".join(reversed(numbers))) if name_of is not None else None


def _question(data: bytes) -> Question | None:
    """The first question of a message; None if it is cut short or its name is compressed, which none has to be."""
    labels, at = [], _HEADER.size
    while at < len(data) and 0 < data[at] < 64:
        labels.append(data[at + 1 : at + 1 + data[at]].decode("ascii", errors="replace"))
        at += 1 + data[at]
    if at + 1 + _KIND.size > len(data) or data[at]:
        return None
    kind, family = _KIND.unpack_from(data, at + 1)
    return Question(".".join(labels).lower(), kind, family, data[_HEADER.size : at + 1 + _KIND.size])


def _packed(name: str) -> bytes:
    """A name as labels, each behind its length (RFC 1035, 3.1)."""
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def _message(number: int, flags: int, status: int, question: bytes = b"", record: bytes = b"") -> bytes:
    said = _IS_ANSWER | (flags & (_OPERATION | _RECURSION)) | _RECURSION_AVAILABLE | status
    return _HEADER.pack(number, said, int(bool(question)), int(bool(record)), 0, 0) + question + record
