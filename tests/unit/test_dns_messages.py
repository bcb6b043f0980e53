"""DNS messages: what is written is read again, and no bytes raise an error."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netkit.packets import dns

NAMES = st.from_regex(r"[a-z0-9-]{1,20}(\.[a-z0-9-]{1,20}){0,3}", fullmatch=True)
RECORDS = st.lists(
    st.builds(dns.Record, st.integers(0, 0xFFFF), st.binary(max_size=40), st.integers(0, 99)), max_size=4
)


@given(NAMES, st.sampled_from([dns.A, dns.AAAA, dns.PTR]), RECORDS)
def test_what_is_written_is_read(name: str, kind: int, records: list[dns.Record]) -> None:
    message = dns.read(dns.write(7, dns.IS_ANSWER | dns.RECURSION, dns.question(name, kind), records))
    assert message is not None
    assert (message.number, message.flags, message.questions, message.whole) == (7, 0x8100, 1, True)
    assert message.question == dns.Question(name, kind, dns.INTERNET, dns.question(name, kind))
    assert list(message.records) == records


@given(st.binary(max_size=80))
def test_any_bytes_are_read(data: bytes) -> None:
    message = dns.read(data)
    assert (message is None) == (len(data) < 12)


@given(NAMES, RECORDS, st.integers(0, 300))
def test_a_message_that_is_cut_short_says_so(name: str, records: list[dns.Record], size: int) -> None:
    whole = dns.write(7, dns.IS_ANSWER, dns.question(name), records)
    message = dns.read(whole[:size])
    assert message is None or message.whole == (size >= len(whole))


def test_a_compressed_name_of_a_question_makes_no_sense() -> None:
    message = dns.read(dns.write(7, 0, b"\xc0\x0c\0\1\0\1"))
    assert message is not None
    assert message.question is None


def test_addresses() -> None:
    assert dns.Record(dns.A, bytes([172, 18, 0, 2])).address == "172.18.0.2"
    assert dns.Record(dns.AAAA, bytes(15) + b"\1").address == "::1"
    assert dns.Record(dns.A, b"short").address is None
    assert dns.packed("bücher.example") == b"\x0dxn--bcher-kva\x07example\0"
