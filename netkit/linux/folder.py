"""Notices of names that come to /run/netns and go from there (inotify(7))."""

from __future__ import annotations

import os
import struct

from netkit.linux.entering import DIRECTORY
from netkit.linux.libc import checked, libc

_CAME, _WENT, _LOST = 0x100, 0x200, 0x4000  # IN_CREATE, IN_DELETE, IN_Q_OVERFLOW
_NOTICE = struct.Struct("=iIII")
_AT_ONCE = 1 << 16


class Folder:
    """The folder's notices; `fileno` is readable (poll(2)) when there are some."""

    def __init__(self) -> None:
        flags = os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = libc().inotify_init1(flags)
        self._deaf = descriptor < 0  # a user has some hundred of these at most, for all programs together
        descriptor, self._other_end = os.pipe2(flags) if self._deaf else (descriptor, -1)
        self._file = os.fdopen(descriptor, "rb", buffering=0)
        self._known = False
        self._last: set[str] = set()

    def fileno(self) -> int:
        """The descriptor to poll."""
        return self._file.fileno()

    def changed(self) -> set[str]:
        """The names that came or went since the last call; at first all that are there. Never waits.

        Returns:
            Names. One that has just come may be an empty file for a moment, until it is mounted upon.
            All that are there, each time, where the kernel gives no notices (fs.inotify.max_user_instances).
        """
        names, lost = set(), self._begins()
        while data := self._file.read(_AT_ONCE):
            at = 0
            while at < len(data):
                _, kind, _, length = _NOTICE.unpack_from(data, at)
                name = data[at + _NOTICE.size : at + _NOTICE.size + length].rstrip(b"\0")
                names |= {os.fsdecode(name)} if name else set()
                lost = lost or bool(kind & _LOST)
                at += _NOTICE.size + length
        if lost:
            before, self._last = self._last, set(os.listdir(DIRECTORY))
            names |= before | self._last
        return names

    def close(self) -> None:
        """Hear no more."""
        self._file.close()
        if self._deaf:
            os.close(self._other_end)

    def _begins(self) -> bool:
        """Ask for notices, once there is a folder: the first `ip netns add` makes it. Whether all names are new."""
        if self._known or not os.path.isdir(DIRECTORY):
            return False
        if self._deaf:
            return True
        checked(libc().inotify_add_watch(self.fileno(), DIRECTORY.encode(), _CAME | _WENT))
        self._known = True
        return True
