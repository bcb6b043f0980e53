"""Asks the kernel whose the other end of a connection is (SO_PEERCRED, sock_diag).

For a unix socket it is written in the socket (SO_PEERCRED of unix(7)); for TCP on this machine the kernel tells
the owner of any socket that is named by its two addresses (sock_diag(7)).
"""

import errno
import os
import socket
import struct

_NETLINK_SOCK_DIAG, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, _NLMSG_ERROR = 4, 20, 1, 2
_ANY_STATE, _NO_COOKIE = 0xFFFFFFFF, b"\xff" * 8
_HEADER, _QUESTION, _ANSWER = "=IHHII", "=BBBxI", "=16x4x48x12xII"
"""nlmsghdr of netlink(7); inet_diag_req_v2 up to its addresses; of inet_diag_msg its uid and inode."""


class Peers:
    """Tells whose the other ends of connections are.

    It has a descriptor open from the beginning: when there are none left, it still answers.
    """

    def __init__(self) -> None:
        try:
            self._kernel: socket.socket | None = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_SOCK_DIAG)
            self._kernel.settimeout(0)
        except OSError:
            self._kernel = None

    def close(self) -> None:
        """Ask nothing any more."""
        if self._kernel:
            self._kernel.close()

    def owner(self, stream: socket.socket) -> int | None:
        """The user id of whoever opened the other end.

        Args:
            stream: a connection of the families AF_UNIX, AF_INET or AF_INET6.

        Returns:
            The user id as this user namespace has it; None if nobody here can know: the other end is on another
            machine, or this kernel does not tell.

        Raises:
            OSError: the other end has gone already.
        """
        if stream.family == socket.AF_UNIX:
            credentials = stream.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            return struct.unpack("3i", credentials)[1]
        ours, theirs = stream.getsockname()[:2], stream.getpeername()[:2]
        if found := self._ask(stream.family, theirs, ours):
            owner, inode = found
            if inode == 0:  # a connection that nobody holds any more has no owner either
                raise ConnectionAbortedError(errno.ECONNABORTED, os.strerror(errno.ECONNABORTED))
            return owner
        # A kernel that tells nothing does not know our end either; one of another machine's ends it never knows.
        if theirs[0] == ours[0] and self._ask(stream.family, ours, theirs):
            raise ConnectionAbortedError(errno.ECONNABORTED, os.strerror(errno.ECONNABORTED))
        return None

    def _ask(self, family: int, local: tuple[str, int], remote: tuple[str, int]) -> tuple[int, int] | None:
        """User id and inode number of the TCP socket with these two addresses, or None."""
        if self._kernel is None:
            return None
        ports = struct.pack("!HH", local[1], remote[1])
        addresses = b"".join(
            socket.inet_pton(family, end[0].partition("%")[0]).ljust(16, b"\0") for end in (local, remote)
        )
        identity = ports + addresses + struct.pack("=I", 0) + _NO_COOKIE
        question = struct.pack(_QUESTION, family, socket.IPPROTO_TCP, 0, _ANY_STATE) + identity
        length = struct.calcsize(_HEADER) + len(question)
        try:
            self._kernel.send(struct.pack(_HEADER, length, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 0, 0) + question)
            answer = self._kernel.recv(4096)
        except OSError:
            return None
        kind = struct.unpack_from(_HEADER, answer)[1]
        return struct.unpack_from(_ANSWER, answer) if kind != _NLMSG_ERROR else None
