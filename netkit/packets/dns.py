"""DNS messages as values, and as bytes (RFC 1035, 4.1): the one place that reads and writes them."""

from __future__ import annotations

import ipaddress
import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

A, CNAME, PTR, AAAA, SRV = 1, 5, 12, 28, 33
"""Types of records."""
INTERNET = 1
"""The class of all records here."""
IS_ANSWER, OPERATION, RECURSION, RECURSION_AVAILABLE, STATUS = 0x8000, 0x7800, 0x0100, 0x0080, 0x000F
"""Bits of the flags."""
MALFORMED, SERVER_FAILED, NO_SUCH_NAME, NOT_IMPLEMENTED = 1, 2, 3, 4
"""What the status says."""

_HEADER = struct.Struct("!HHHHHH")
_KIND = struct.Struct("!HH")
_RECORD = struct.Struct("!HHIH")
_TO_THE_QUESTION = b"\xc0\x0c"  # a pointer (4.1.4)
_POINTER, _LONGEST_LABEL = 0xC0, 63
_SIZES = {A: 4, AAAA: 16}
_CUT = (struct.error, IndexError, ValueError)


class Question(NamedTuple):
    """What is asked: a name, a type and a class as numbers, and the bytes it is written in."""

    name: str
    kind: int
    family: int
    data: bytes


class Record(NamedTuple):
    """An answer: its type, its content, and for how many seconds it may be kept."""

    kind: int
    content: bytes
    seconds: int = 0

    @property
    def address(self) -> str | None:
        """The address that it holds, None where it holds none."""
        return str(ipaddress.ip_address(self.content)) if _SIZES.get(self.kind) == len(self.content) else None


class Message(NamedTuple):
    """A message.

    Attributes:
        number: it is the same in a question and its answer.
        flags: see the bits above.
        questions: how many it announces.
        question: the first of them; None if there is none, or it makes no sense.
        records: the answers, as far as they are whole.
        whole: whether questions and answers are all there.
    """

    number: int
    flags: int
    questions: int
    question: Question | None
    records: tuple[Record, ...]
    whole: bool


def read(data: bytes) -> Message | None:
    """What a message says; None if it has no whole header.

    Args:
        data: any bytes.
    """
    if len(data) < _HEADER.size:
        return None
    number, flags, questions, answers, _, _ = _HEADER.unpack_from(data)
    asked: list[Question] = []
    records: list[Record] = []
    whole, at = True, _HEADER.size
    try:
        for _ in range(questions):
            asked.append(_question(data, at))
            at += len(asked[-1].data)
        for _ in range(answers):
            _, at = _name(data, at)
            kind, _, seconds, length = _RECORD.unpack_from(data, at)
            at += _RECORD.size + length
            if at > len(data):
                raise IndexError(at)
            records.append(Record(kind, data[at - length : at], seconds))
    except _CUT:
        whole = False
    return Message(number, flags, questions, asked[0] if asked else None, tuple(records), whole)


def write(number: int, flags: int, question: bytes, records: Sequence[Record] = ()) -> bytes:
    """A message with one question, or none, and the records that answer it.

    Args:
        number: of the message.
        flags: see the bits above.
        question: its bytes; b"" for none.
        records: all of them for the name that is asked for.
    """
    listed = (_RECORD.pack(r.kind, INTERNET, r.seconds, len(r.content)) + r.content for r in records)
    header = _HEADER.pack(number, flags, int(bool(question)), len(records), 0, 0)
    return header + question + b"".join(_TO_THE_QUESTION + record for record in listed)


def question(name: str, kind: int = A) -> bytes:
    """The bytes of a question.

    Args:
        name: "web", "example.org".
        kind: the type of record that is wanted.
    """
    return packed(name) + _KIND.pack(kind, INTERNET)


def packed(name: str) -> bytes:
    """A name as labels, each behind its length (RFC 1035, 3.1)."""
    labels = [label.encode() if label.isascii() else label.encode("idna") for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _question(data: bytes, at: int) -> Question:
    """A question; its name is never compressed, as nothing stands before it."""
    name, end = _name(data, at)
    if data[end - 1]:
        raise ValueError(name)
    kind, family = _KIND.unpack_from(data, end)
    return Question(name, kind, family, data[at : end + _KIND.size])


def _name(data: bytes, at: int) -> tuple[str, int]:
    """A domain name and where the data goes on after it; a pointer ends it."""
    labels = []
    while length := data[at]:
        if length >= _POINTER:
            return ".".join(labels), at + 2
        if length > _LONGEST_LABEL or at + length >= len(data):
            raise IndexError(at)
        labels.append(data[at + 1 : at + 1 + length].decode("ascii", "backslashreplace"))
        at += 1 + length
    return ".".join(labels) or ".", at + 1
