"""Has the packets of one network namespace traced, and hears what the kernel reports of them (nft(8), nftrace)."""

from __future__ import annotations

import errno
import os
import socket
import struct
import time
from typing import TYPE_CHECKING, NamedTuple

from netkit.errors import KernelRefused, NotFound
from netkit.linux.entering import inside
from netkit.linux.netlink import nftables
from netkit.linux.netlink.protocol import Talk, attribute
from netkit.linux.tracing.rulebook import Rulebook
from netkit.netfilter import TRACE_TABLE

if TYPE_CHECKING:
    from netkit.linux.namespaces import Place

_SOL_NETLINK, _ADD_MEMBERSHIP, _DROP_MEMBERSHIP = 270, 1, 2
_SO_RCVBUFFORCE = 33
_BUFFER = 64 << 20  # bytes; without rights on the machine the kernel gives at most net.core.rmem_max
_LONGEST = 1 << 14  # bytes; a report has some 300
_AT_ONCE = 4096
_ERROR, _MESSAGE, _CODE = 2, struct.Struct("=IHHII"), struct.Struct("=i")
_OURS = struct.pack("=H", 1) + TRACE_TABLE.encode()  # NFTA_TRACE_TABLE with the beginning of its value
_MARKS = tuple(attribute(2, hook + b"\0") for hook in (b"prerouting", b"input", b"output"))  # NFTA_TRACE_CHAIN
_MOST_TABLES = 9
_BELOW_IP = {"bridge": ("prerouting", "output"), "arp": ("input", "output")}
"""Where packets are first seen in other families than those of IP; in "netdev", at each interface."""

_NO_SUCH_FAMILY = (errno.EAFNOSUPPORT, errno.EOPNOTSUPP, errno.ENOENT, errno.EPROTONOSUPPORT)


class Heard(NamedTuple):
    """What one call of `hear` brought.

    Attributes:
        kept: how many bytes were kept.
        changed: whether rules have changed, or may have.
        rest: whether there may be more to hear.
    """

    kept: int
    changed: bool
    rest: bool


class Listener:
    """A netlink socket that owns the table which switches the tracing of a namespace on; both end together.

    The kernel takes the table away when the socket is closed, however that comes about (NFT_TABLE_F_OWNER).

    Args:
        place: the namespace.

    Attributes:
        place: the same.
        rules: the rules that it has had so far.
        heard: (nanoseconds since the epoch at which it was read, message) of each report; of an x-ray's table those
            that tell of a packet that came to prerouting or output, or to the end of input.
        lost: whether the kernel had to drop reports.

    Raises:
        KernelRefused: this kernel cannot trace, or this process may not have it do so.
        NotFound: the namespace is not there.
        OSError: there is no such socket, or no descriptor left.
    """

    def __init__(self, place: Place) -> None:
        self.place, self.rules = place, Rulebook()
        self.heard: list[tuple[int, bytes]] = []
        self.lost = False
        self._now = 0
        self._socket, names = inside(place.path, _listening)
        self._own = tuple(attribute(1, name.encode() + b"\0") for name in names)  # NFTA_TRACE_TABLE
        try:
            inside(place.path, self.rules.read_here)
        except BaseException:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """The descriptor to poll."""
        return self._socket.fileno()

    def hear(self, room: int) -> Heard:
        """Take what has come; never waits.

        Args:
            room: how many bytes may be kept; what comes beyond is lost.
        """
        used, changed, now = 0, False, time.time_ns()
        self._now = now = max(self._now, now)  # a clock may be set back
        for _ in range(_AT_ONCE):
            try:
                data = self._socket.recv(_LONGEST)
            except BlockingIOError:
                return Heard(used, changed, rest=False)
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                self.lost = changed = True  # the notice of a change may be among what was dropped
                continue
            if _MESSAGE.unpack_from(data)[1] != nftables.TRACED:
                changed = True
            elif _OURS in data and not (any(own in data for own in self._own) and any(at in data for at in _MARKS)):
                continue
            elif used + len(data) > room:
                self.lost = True
            else:
                self.heard.append((now, data))
                used += len(data)
        return Heard(used, changed, rest=True)

    def forget(self) -> None:
        """Forget what was heard until now."""
        self.heard.clear()

    def read_rules(self) -> None:
        """Note the rules that are there now; a namespace that has ended has none."""
        try:
            inside(self.place.path, self._read_rules_here)
        except (NotFound, KernelRefused):
            return

    def _read_rules_here(self) -> None:
        if os.stat("/proc/thread-self/ns/net").st_ino == self.place.inode:  # its name may be another's by now
            self.rules.read_here()

    def shut(self) -> None:
        """Hear nothing more."""
        for group in (nftables.TRACE_GROUP, nftables.RULES_GROUP):
            self._socket.setsockopt(_SOL_NETLINK, _DROP_MEMBERSHIP, group)

    def close(self) -> None:
        """Let go of the namespace; its table is gone when this returns."""
        self._socket.close()


def _listening() -> tuple[socket.socket, set[str]]:
    """A socket that owns a table and hears the reports of the namespace that the calling thread is in; its tables."""
    made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, nftables.NETFILTER)
    try:
        try:
            made.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        except PermissionError:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        made.setblocking(False)  # noqa: FBT003  (positional only in the standard library)
        for group in (nftables.TRACE_GROUP, nftables.RULES_GROUP):
            made.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, group)
        names = _switch_on(made)
        names |= _switch_on_below(made)
    except BaseException:
        made.close()
        raise
    return made, names


def _switch_on(owner: socket.socket) -> set[str]:
    """Make the table, of the family inet where the kernel has it, each of several x-rays its own; what it is called."""
    for families in (("inet",), ("ip", "ip6")):
        made = [_made(owner, family) for family in families]
        answers = [error for error, _ in made]
        if not all(answers):
            return {name for error, name in made if not error}
        if not set(answers) <= set(_NO_SUCH_FAMILY):
            break
    raise KernelRefused("packets cannot be traced", os.strerror(max(answers)), errno=max(answers))


def _switch_on_below(owner: socket.socket) -> set[str]:
    """The same where bridges, interfaces or ARP have chains of their own; what the tables are called.

    A kernel that refuses leaves these untraced: what they drop is then told by what they count.
    """
    with Talk(nftables.NETFILTER) as talk:
        chains = list(filter(None, map(nftables.chain, talk.dump(nftables.GET_CHAINS, nftables.EVERYTHING))))
    below = [chain for chain in chains if chain.devices or chain.key[0] in _BELOW_IP]
    wanted = [(family, _BELOW_IP[family], ()) for family in sorted({c.key[0] for c in below if not c.devices})]
    for hook in sorted({chain.hook for chain in below if chain.devices}):
        devices = {device for chain in below if chain.hook == hook for device in chain.devices}
        wanted.append(("netdev", (hook,), tuple(sorted(devices))))
    return {name for error, name in (_made(owner, *each) for each in wanted) if not error}


def _made(
    owner: socket.socket, family: str, hooks: tuple[str, ...] = (), devices: tuple[str, ...] = ()
) -> tuple[int, str]:
    """The kernel's answer: 0 or an error's number; and the table's name."""
    for number in range(1, _MOST_TABLES + 1):
        name = TRACE_TABLE if number == 1 else f"{TRACE_TABLE}-{number}"
        owner.send(b"".join(nftables.tracing(name, family, hooks, devices)))
        error = _answer(owner)
        if error not in (errno.EEXIST, errno.EPERM) or number == _MOST_TABLES:
            break
    return error, name


def _answer(owner: socket.socket) -> int:
    """The first error among the answers, which are there when the request has been sent; 0 for none."""
    errors = []
    while True:
        try:
            data = owner.recv(_LONGEST)
        except BlockingIOError:
            return next((error for error in errors if error), 0)
        if _MESSAGE.unpack_from(data)[1] == _ERROR:
            errors.append(-_CODE.unpack_from(data, _MESSAGE.size)[0])
