"""The embedded DNS's answers, read by scapy, which knows DNS independently."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dns import DNS, DNSQR

from netkit.docker.dns import TTL, answer

ADDRESSES = {"web": "172.18.0.2", "db.net1": "172.18.0.3"}
NAMES = {"172.18.0.2": "web.net1"}
NO_SUCH_NAME, NO_ERROR, MALFORMED, NOT_IMPLEMENTED = 3, 0, 1, 4


def asked(name: str, kind: str = "A", **header: int) -> DNS:
    question = DNS(id=4711, rd=1, qd=DNSQR(qname=name, qtype=kind), **header)
    reply = answer(bytes(question), ADDRESSES.get, NAMES.get)
    assert reply is not None
    return DNS(reply)


@pytest.mark.parametrize(
    ("name", "address"), [("web", "172.18.0.2"), ("WEB.", "172.18.0.2"), ("db.net1", "172.18.0.3")]
)
def test_a_name_has_an_address(name: str, address: str) -> None:
    reply = asked(name)
    assert (reply.id, reply.qr, reply.rd, reply.ra, reply.rcode) == (4711, 1, 1, 1, NO_ERROR)
    [record] = reply.an
    assert (record.rdata, record.ttl, record.type) == (address, TTL, 1)
    assert record.rrname.decode().rstrip(".").lower() == name.rstrip(".").lower()


def test_an_address_has_a_name() -> None:
    [record] = asked("2.0.18.172.in-addr.arpa", "PTR").an
    assert record.rdata == b"web.net1."
    assert asked("9.0.18.172.in-addr.arpa", "PTR").rcode == NO_SUCH_NAME
    only_forward = answer(bytes(DNS(qd=DNSQR(qname="2.0.18.172.in-addr.arpa", qtype="PTR"))), ADDRESSES.get)
    assert DNS(only_forward).rcode == NO_SUCH_NAME


def test_an_unknown_name_does_not_exist() -> None:
    reply = asked("example.org")
    assert (reply.rcode, reply.ancount, reply.qd[0].qname) == (NO_SUCH_NAME, 0, b"example.org.")


@pytest.mark.parametrize("kind", ["AAAA", "MX", "TXT"])
def test_a_known_name_has_nothing_of_another_type(kind: str) -> None:
    reply = asked("web", kind)
    assert (reply.rcode, reply.ancount) == (NO_ERROR, 0)


def test_what_is_no_question() -> None:
    assert asked("web", opcode=5).rcode == NOT_IMPLEMENTED
    assert answer(b"short", ADDRESSES.get) is None
    assert answer(bytes(DNS(qr=1, qd=DNSQR(qname="web"))), ADDRESSES.get) is None
    assert DNS(answer(bytes(DNS(qd=[])), ADDRESSES.get)).rcode == MALFORMED
    cut = bytes(DNS(qd=DNSQR(qname="web")))[:-3]
    assert DNS(answer(cut, ADDRESSES.get)).rcode == MALFORMED


@given(st.binary(max_size=64))
def test_no_bytes_upset_it(data: bytes) -> None:
    whole = b"\0\1\1\0\0\1\0\0\0\0\0\0" + data
    for message in (data, whole):
        reply = answer(message, ADDRESSES.get, NAMES.get)
        assert reply is None or reply[:2] == message[:2]
