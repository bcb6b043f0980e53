"""Ask a web server for its page from inside a namespace (HTTP/1.0, RFC 1945)."""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING, NamedTuple

from netkit.linux.entering import inside

if TYPE_CHECKING:
    from netkit.validation import IPAddress

_MOST = 1 << 16
_REQUEST = b"GET / HTTP/1.0\r\n\r\n"


class Page(NamedTuple):
    """What came.

    Attributes:
        ok: whether a server answered in time.
        words: what became of it.
        text: the page's.
        refused: whether nobody listens there.
        silent: whether nothing came at all.
    """

    ok: bool
    words: str
    text: str = ""
    refused: bool = False
    silent: bool = False


def page(path: str, address: IPAddress, port: int, seconds: float) -> Page:
    """Ask for the page `/`.

    Args:
        path: a file that opens the namespace that asks.
        address: who is asked.
        port: TCP.
        seconds: float, how long all of it may take.
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    deadline = time.monotonic() + seconds
    data = b""
    with inside(path, lambda: socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)) as asking:
        try:
            asking.settimeout(seconds)
            asking.connect((str(address), port))
            asking.sendall(_REQUEST)
            while len(data) < _MOST and (left := deadline - time.monotonic()) > 0:
                asking.settimeout(left)
                if not (more := asking.recv(_MOST)):
                    break
                data += more
        except TimeoutError:
            return Page(ok=False, words="no answer", silent=True)
        except OSError as error:
            words = os.strerror(error.errno) if error.errno else str(error)
            return Page(ok=False, words=words, refused=isinstance(error, ConnectionRefusedError))
    head, _, body = data.decode(errors="replace").partition("\r\n\r\n")
    return Page(head.startswith("HTTP/"), head.partition("\r\n")[0] or "closed without an answer", body)
