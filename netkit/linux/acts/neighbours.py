"""Make and remove neighbour (ARP) entries, and FDB entries of VXLAN devices (rtnetlink(7), RTM_NEWNEIGH).

The kernel keeps both in records of one form: an address or a MAC, and where it is to be found.
"""

from __future__ import annotations

import errno
import socket
import struct
from typing import TYPE_CHECKING

from netkit.errors import KernelRefused
from netkit.linux.netlink import protocol, sockets

if TYPE_CHECKING:
    from netkit.validation import IPAddress

_RTM_NEWNEIGH, _RTM_DELNEIGH, _RTM_GETNEIGH = 28, 29, 30
_HEADER = struct.Struct("=BxxxiHBB")
_NDA_DST, _NDA_LLADDR = 1, 2
_NUD_INCOMPLETE, _NUD_PERMANENT, _NTF_SELF = 1, 0x80, 2
_VERBS = {
    "add": protocol.NEW,
    "append": protocol.NLM_F_CREATE | protocol.NLM_F_APPEND,
    "replace": protocol.NLM_F_CREATE | protocol.NLM_F_REPLACE,
}


def add(path: str, name: str, address: IPAddress, mac: str) -> None:
    """`ip neigh add ADDRESS lladdr MAC dev NAME nud permanent` (ip-neighbour(8)).

    Args:
        path: the namespace.
        name: the interface.
        address: the neighbour's.
        mac: where it is.

    Raises:
        KernelRefused: with the kernel's own reason; EEXIST if there is an entry.
        NotFound: the interface or the namespace is not there.
    """
    facts = _destination(address) + _hardware(mac)
    sockets.send(
        path,
        _RTM_NEWNEIGH,
        protocol.NEW,
        lambda talk: _HEADER.pack(_family(address), talk.index_of(name), _NUD_PERMANENT, 0, 0) + facts,
    )


def delete(path: str, name: str, address: IPAddress) -> None:
    """`ip neigh del ADDRESS dev NAME` (ip-neighbour(8)).

    Args:
        path: the namespace.
        name: the interface.
        address: the neighbour's.

    Raises:
        KernelRefused: with the kernel's own reason; ENOENT if there is no entry.
        NotFound: the interface or the namespace is not there.
    """
    sockets.send(
        path,
        _RTM_DELNEIGH,
        0,
        lambda talk: _HEADER.pack(_family(address), talk.index_of(name), 0, 0, 0) + _destination(address),
    )


def give_up(path: str) -> None:
    """Forget the neighbours that are asked for just now; the packets that wait for an answer are dropped.

    Args:
        path: the namespace.

    Raises:
        NotFound: there is no such namespace.
    """
    sockets.use(path, _give_up)


def _give_up(talk: protocol.Talk) -> None:
    for body in list(talk.dump(_RTM_GETNEIGH, _HEADER.pack(0, 0, 0, 0, 0))):
        family, index, state, _, _ = _HEADER.unpack_from(body)
        address = protocol.attributes(body[_HEADER.size :]).get(_NDA_DST)
        if state != _NUD_INCOMPLETE or address is None:
            continue
        entry = _HEADER.pack(family, index, 0, 0, 0) + protocol.attribute(_NDA_DST, bytes(address))
        try:
            talk.request(_RTM_DELNEIGH, 0, entry)
        except KernelRefused as error:
            if error.errno != errno.ENOENT:  # else it was answered, or given up, meanwhile
                raise


def forward(path: str, name: str, mac: str, remote: IPAddress, verb: str) -> None:
    """`bridge fdb VERB MAC dev NAME dst REMOTE`: frames for this MAC go to that VTEP (bridge(8)).

    Args:
        path: the namespace.
        name: the VXLAN device.
        mac: whose frames; all zeros for those whose way is not known, which may go to several VTEPs.
        remote: the other VTEP.
        verb: "add", "append" or "replace".

    Raises:
        KernelRefused: with the kernel's own reason.
        NotFound: the device or the namespace is not there.
    """
    facts = _hardware(mac) + _destination(remote)
    sockets.send(path, _RTM_NEWNEIGH, _VERBS[verb], lambda talk: _forwarding(talk.index_of(name)) + facts)


def forget(path: str, name: str, mac: str, remote: IPAddress) -> None:
    """`bridge fdb del MAC dev NAME dst REMOTE` (bridge(8)).

    Args:
        path: the namespace.
        name: the VXLAN device.
        mac: whose frames.
        remote: the other VTEP.

    Raises:
        KernelRefused: with the kernel's own reason; ENOENT if there is no such entry.
        NotFound: the device or the namespace is not there.
    """
    facts = _hardware(mac) + _destination(remote)
    sockets.send(path, _RTM_DELNEIGH, 0, lambda talk: _forwarding(talk.index_of(name)) + facts)


def _forwarding(index: int) -> bytes:
    """The header of an entry in a device's own table, which stays until it is removed."""
    return _HEADER.pack(socket.AF_BRIDGE, index, _NUD_PERMANENT, _NTF_SELF, 0)


def _family(address: IPAddress) -> int:
    return socket.AF_INET if address.version == 4 else socket.AF_INET6


def _destination(address: IPAddress) -> bytes:
    return protocol.attribute(_NDA_DST, address.packed)


def _hardware(mac: str) -> bytes:
    return protocol.attribute(_NDA_LLADDR, bytes.fromhex(mac.replace(":", "")))
