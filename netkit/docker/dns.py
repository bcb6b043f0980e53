"""The embedded DNS of user-defined networks at 127.0.0.11: names of containers, A, AAAA and the other way round.

The Engine listens at a random port of 127.0.0.11 and leads port 53 there by NAT rules inside the container's
namespace, so that programs in there may use port 53 themselves (docs.docker.com, "DNS services").  Here port 53
of 127.0.0.11 is bound itself: simpler, and the same for whoever asks.  Names that it does not know go on to other
servers, from inside the container's namespace.  The Engine takes the machine's own where none are given; no internet is
reachable here, so there are no other names then.
"""

from __future__ import annotations

import ipaddress
import random
from typing import TYPE_CHECKING

from netkit.linux.probing import probes
from netkit.linux.probing.answering import Answering
from netkit.packets import dns
from netkit.packets.dns import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from netkit.packets.dns import Message, Question

    LookUp = Callable[[str], object]

ADDRESS, PORT = "127.0.0.11", 53
TTL = 600
"""Seconds that an answer may be kept; the Engine says the same."""

_REVERSE, _REVERSE6 = ".in-addr.arpa", ".ip6.arpa"
_DIGITS = 32
_KINDS = {4: dns.A, 6: dns.AAAA}


def serve(path: str, look_up: LookUp, name_of: LookUp | None = None, servers: Sequence[str] = ()) -> Answering:
    """Answer questions for names inside a namespace, until `.close()`.

    Args:
        path: a file that opens the namespace; its `lo` has to be up.
        look_up: called with a name in small letters; returns its address, a list of them, or None.
        name_of: called with an address; returns its name, or None: for questions the other way round.
        servers: addresses of those that are asked for all other names, in this order.

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

    def reply(data: bytes) -> bytes | None:
        own = answer(data, look_up, name_of)
        message = dns.read(own) if own is not None and servers else None
        if message is None or message.flags & dns.STATUS != dns.NO_SUCH_NAME:
            return own
        passed_on = (probes.relayed(path, server, PORT, data) for server in servers)
        return next((found for found in passed_on if found is not None), None) or _failed(data)

    return Answering(path, ADDRESS, PORT, reply)


def _failed(data: bytes) -> bytes | None:
    """What is said when no other server answers: whether there is such a name is not known."""
    message = dns.read(data)
    question = message.question.data if message is not None and message.question is not None else b""
    return _message(message, dns.SERVER_FAILED, question) if message is not None else None


def answer(data: bytes, look_up: LookUp, name_of: LookUp | None = None) -> bytes | None:
    """The answer to a question (RFC 1035, 4.1): pure.

    A name that is known, asked for a type of which it has nothing, gets an answer without records: so a program that
    asks for IPv6 as well does not take it for a name that does not exist.

    Args:
        data: the message.
        look_up: as for `serve`.
        name_of: as for `serve`.

    Returns:
        A message; None for what is no question at all.
    """
    message = dns.read(data)
    if message is None or message.flags & dns.IS_ANSWER:
        return None
    if message.flags & dns.OPERATION:
        return _message(message, dns.NOT_IMPLEMENTED)
    if message.questions != 1 or message.question is None:
        return _message(message, dns.MALFORMED)
    known, records = _found(message.question, look_up, name_of)
    return _message(message, 0 if known else dns.NO_SUCH_NAME, message.question.data, records)


def _found(question: Question, look_up: LookUp, name_of: LookUp | None) -> tuple[bool, list[Record]]:
    """Whether the name is known, and the record that answers the question, if any."""
    name = question.name.lower()
    address = _asked_for(name)
    found = (name_of(address) if name_of is not None else None) if address else look_up(name)
    if found is None or found == []:
        return False, []
    if question.family != dns.INTERNET:
        return True, []
    if address:
        return True, [Record(dns.PTR, dns.packed(str(found)), TTL)] if question.kind == dns.PTR else []
    several = found if isinstance(found, list) else [found]
    addresses = [ipaddress.ip_address(str(each)) for each in several]
    wanted = [each for each in addresses if _KINDS[each.version] == question.kind]
    # As the Engine: who asks for a name that several containers have gets them in another order each time.
    return True, [Record(question.kind, each.packed, TTL) for each in random.sample(wanted, len(wanted))]


def _asked_for(question: str) -> str:
    """The address that a name the other way round asks for, "" for other names (RFC 1035, 3.5; RFC 3596, 2.5).

    Example:
        >>> _asked_for("2.0.18.172.in-addr.arpa")
        '172.18.0.2'
    """
    if question.endswith(_REVERSE):
        return ".".join(reversed(question.removesuffix(_REVERSE).split(".")))
    digits = question.removesuffix(_REVERSE6).replace(".", "") if question.endswith(_REVERSE6) else ""
    if len(digits) != _DIGITS or not set(digits) <= set("0123456789abcdef"):
        return ""
    return str(ipaddress.IPv6Address(int(digits[::-1], 16)))


def _message(asked: Message, status: int, question: bytes = b"", records: Sequence[Record] = ()) -> bytes:
    said = dns.IS_ANSWER | (asked.flags & (dns.OPERATION | dns.RECURSION)) | dns.RECURSION_AVAILABLE | status
    return dns.write(asked.number, said, question, records)
