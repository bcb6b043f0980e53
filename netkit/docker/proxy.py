"""What plays docker-proxy: it hands what comes to a published port on to a container, over a connection of its own.

`python -m netkit.docker.proxy PROTOCOL ADDRESS PORT CONTAINER-ADDRESS CONTAINER-PORT`, until it is ended.  So the
container sees the machine's address, or its bridge's, as the source.  The socket that it serves may be given as its
standard input, as dockerd gives it to docker-proxy since release 28 (`-use-listen-fd`); else it makes one.
"""

from __future__ import annotations

import os
import socket
import stat
import sys
import threading
from contextlib import suppress
from pathlib import Path

NAME = "docker-proxy"
_SIZE = 1 << 16
_SECONDS_IDLE = 90.0
"""After which a UDP client is forgotten; docker-proxy's own time."""


def main(words: list[str]) -> None:
    """Serve a port until it is ended.

    Args:
        words: "tcp" or "udp", the machine's address and port, the container's address and port.
    """
    protocol, address, port, container, inner = words
    Path("/proc/self/comm").write_text(NAME, encoding="ascii")
    there, family = (container, int(inner)), socket.AF_INET6 if ":" in container else socket.AF_INET
    served = _given() or _made(protocol, address, int(port))
    if protocol == "tcp":
        while True:
            client, _ = served.accept()
            threading.Thread(target=_join, args=(client, there), daemon=True).start()
    _exchange(served, there, family)


def _given() -> socket.socket | None:
    """The socket that came as standard input, if one did."""
    return socket.socket(fileno=os.dup(0)) if stat.S_ISSOCK(os.fstat(0).st_mode) else None


def _made(protocol: str, address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    made = socket.socket(family, kind)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(protocol == "tcp"))
    made.bind((address, port))
    if protocol == "tcp":
        made.listen()
    return made


def _join(client: socket.socket, there: tuple[str, int]) -> None:
    """Copy both ways between a client and the container, until both have said all."""
    with client, suppress(OSError), socket.create_connection(there) as server:
        back = threading.Thread(target=_copy, args=(server, client), daemon=True)
        back.start()
        _copy(client, server)
        back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Copy one way, and hand the end on."""
    with suppress(OSError):  # one side has gone away
        while data := source.recv(_SIZE):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def _exchange(served: socket.socket, there: tuple[str, int], family: int) -> None:
    """Hand datagrams on, by a socket for each client, and the answers back."""
    known: dict[object, socket.socket] = {}
    while True:
        data, client = served.recvfrom(_SIZE)
        if client not in known:
            own = known[client] = socket.socket(family, socket.SOCK_DGRAM)
            own.settimeout(_SECONDS_IDLE)
            own.connect(there)
            threading.Thread(target=_answer, args=(served, own, client, known), daemon=True).start()
        with suppress(OSError):  # nobody listens there
            known[client].send(data)


def _answer(served: socket.socket, own: socket.socket, client: object, known: dict[object, socket.socket]) -> None:
    """Hand the container's answers to a client back, until none come any more."""
    with own:
        try:
            while True:
                served.sendto(own.recv(_SIZE), client)  # type: ignore[arg-type]  (an address as recvfrom gave it)
        except OSError:  # it is silent, or has refused
            known.pop(client, None)


if __name__ == "__main__":
    main(sys.argv[1:])
