"""How a Jupyter server reaches netkit's kernels: over unix sockets, without opening a port for them."""

from __future__ import annotations

import os
import socket

from jupyter_server.services.kernels.kernelmanager import ServerKernelManager
from traitlets import default

KERNEL = "netkit"
_LAST = "-ipc-99"
"""Jupyter numbers the sockets beside a connection file; two digits are more than it ever needs."""


class SocketKernelManager(ServerKernelManager):
    """Speaks with netkit's kernels over unix sockets beside their connection files, which only their owner may reach.

    A port of TCP could be reached by every user of the machine. It is taken where there can be no socket: a path of
    more than 107 bytes (unix(7)), or a file system without sockets. A server has it by
    `--MultiKernelManager.kernel_manager_class=netkit.server.SocketKernelManager`; `KernelManager.transport` decides
    itself, as ever.
    """

    @default("transport")
    def _transport_of_this_kernel(self) -> str:
        place = os.path.splitext(self.connection_file)[0] + _LAST
        return "ipc" if self.kernel_name == KERNEL and can_listen(place) else "tcp"


def can_listen(path: str) -> bool:
    """Whether there can be a unix socket at a path, found out by making one.

    Args:
        path: of a file that is not there.
    """
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.bind(path)
        except OSError:
            return False
    os.unlink(path)
    return True
