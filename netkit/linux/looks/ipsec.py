"""Look at the policies of IPsec, and whether there are keys for them (ip-xfrm(8), linux/xfrm.h)."""

from __future__ import annotations

import socket
import struct
from functools import cache
from typing import TYPE_CHECKING

from netkit.diagnosis.answers import Policy
from netkit.errors import KernelRefused
from netkit.linux.entering import inside
from netkit.linux.netlink.protocol import Talk, attributes
from netkit.model.listed import POLICIES, STATES, Listed

if TYPE_CHECKING:
    from collections.abc import Iterator


_NETLINK_XFRM, _GET_STATE, _GET_POLICY = 6, 0x12, 0x15
_SELECTOR = struct.Struct("=16s16s2s2s2s2sHBBBxxxiI")
_POLICY = struct.Struct("=56x96xIIBBBx4x")
_STATE, _ENDS = struct.Struct("=56x16s4xB"), struct.Struct("=56x16s4sBxxx16s")
_MODE = struct.Struct("=208xI2xB")
_MODES = ("transport", "tunnel", "ro", "in_trigger", "beet")
_TEMPLATE = struct.Struct("=16s4xB3xHxx16sIBBBx12x")
_TEMPLATES, _MARK, _KIND, _INTERFACE = 5, 21, 16, 31
_DIRECTIONS = ("in", "out", "fwd")
_PROTOCOLS = {50: "esp", 51: "ah", 108: "comp"}
_TRANSPORT = 0


def policies(path: str) -> tuple[Policy, ...]:
    """The policies of a namespace: `ip xfrm policy`; none where the kernel knows no IPsec.

    Args:
        path: a file that opens the namespace.
    """
    return inside(path, _policies_here)


def _policies_here() -> tuple[Policy, ...]:
    """The policies of the namespace that the calling thread is in."""
    return _policies(*_bodies())


def lines_here() -> list[Listed]:
    """Policies and states, these without keys, of the namespace that the calling thread is in."""
    policies, states = _bodies()
    return [
        *(Listed(POLICIES, policy.words) for policy in _policies(policies, states)),
        *(Listed(STATES, _words(body)) for body in states),
    ]


def _policies(bodies: list[bytes], states: list[bytes]) -> tuple[Policy, ...]:
    ends = {_STATE.unpack_from(body)[:2] for body in states}
    return tuple(policy for body in bodies for policy in _policy(body, ends))


def _bodies() -> tuple[list[bytes], list[bytes]]:
    """All policies and all states; none of a kernel without IPsec."""
    if not _is_there():
        return [], []
    try:
        with Talk(_NETLINK_XFRM) as talk:
            asked = [talk.dump(_GET_POLICY, b""), talk.dump(_GET_STATE, bytes(64))]
    except (OSError, KernelRefused):
        return [], []
    policies, states = ([bytes(body) for body in bodies] for bodies in asked)
    return policies, states


@cache
def _is_there() -> bool:
    """Whether the kernel has IPsec: where it has not, each question would make it look for a module."""
    try:
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_XFRM).close()
    except OSError:
        return False
    return True


def _words(body: bytes) -> tuple[tuple[str, str], ...]:
    """A state as `ip xfrm state` begins it."""
    to, spi, protocol, of = _ENDS.unpack_from(body)
    request, mode = _MODE.unpack_from(body)
    family = socket.AF_INET6 if any(to[4:]) else socket.AF_INET
    ends = ("src", _address(family, of)), ("dst", _address(family, to))
    key = ("proto", str(_PROTOCOLS.get(protocol, protocol))), ("spi", f"0x{spi.hex()}")
    wanted = (("reqid", str(request)),) if request else ()
    return (*ends, *key, *wanted, ("mode", _MODES[mode] if mode < len(_MODES) else str(mode)))


def _policy(body: bytes, states: set[tuple[bytes, int]]) -> Iterator[Policy]:
    """A policy; none of a socket's own, which has another direction."""
    to, of, dport, dmask, sport, smask, family, d_length, s_length, protocol, index, _ = _SELECTOR.unpack_from(body)
    priority, _, direction, action, _ = _POLICY.unpack_from(body)
    facts = attributes(memoryview(body)[_POLICY.size :])
    if direction >= len(_DIRECTIONS):
        return
    templates = _templates(facts.get(_TEMPLATES, memoryview(b"")))
    goals = [(goal if mode != _TRANSPORT else to, proto) for goal, _, _, proto, mode in templates]
    ports = tuple(
        (int.from_bytes(port, "big"), int.from_bytes(mask, "big")) for port, mask in ((sport, smask), (dport, dmask))
    )
    yield Policy(
        _DIRECTIONS[direction],
        f"{_address(family, of)}/{s_length}",
        f"{_address(family, to)}/{d_length}",
        blocks=bool(action),
        protocol=protocol,
        ports=ports,  # type: ignore[arg-type]
        priority=priority,
        sealing=", ".join(_sealing(each) for each in templates),
        keyed=all(goal in states for goal in goals),
        further=bool(index or any(any(facts[each]) for each in (_MARK, _KIND, _INTERFACE) if each in facts)),
    )


def _templates(value: memoryview) -> list[tuple[bytes, bytes, int, int, int]]:
    """Destination, source, family, protocol and mode of each way to encrypt that is no offer only."""
    found = []
    for place in range(0, len(value), _TEMPLATE.size):
        goal, protocol, family, source, _, mode, _, optional = _TEMPLATE.unpack_from(value, place)
        found += [] if optional else [(goal, source, family, protocol, mode)]
    return found


def _sealing(template: tuple[bytes, bytes, int, int, int]) -> str:
    goal, source, family, protocol, _ = template
    return f"{_address(family, source)} → {_address(family, goal)} by {_PROTOCOLS.get(protocol, protocol)}"


def _address(family: int, data: bytes) -> str:
    return socket.inet_ntop(family, data[:4] if family == socket.AF_INET else data)
