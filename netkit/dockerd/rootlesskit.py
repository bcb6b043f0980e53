"""What the Engine asks of RootlessKit at api.sock before it runs rootless, and what is answered in its stead.

`dockerd --rootless` of version 28 and later asks RootlessKit, which usually starts it, how the network reaches the
machine, at the socket `$ROOTLESSKIT_STATE_DIR/api.sock`.  The sandbox is no RootlessKit: nothing leads out of it, and
published ports are the sandbox's own.  That is what is answered here: no network driver, and ports that need no help.

`python -m netkit.dockerd.rootlesskit` answers until it is ended.
"""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingUnixStreamServer

FOLDER = "/run/rootlesskit"
SOCKET = f"{FOLDER}/api.sock"
VARIABLES = {"ROOTLESSKIT_STATE_DIR": FOLDER, "ROOTLESSKIT_PARENT_EUID": "0", "XDG_RUNTIME_DIR": "/run"}
"""What tells dockerd where to ask; with the last one its own files are where they are without RootlessKit."""

INFORMATION = {
    "apiVersion": "1.1.1",
    "version": "2.0.2",
    "stateDir": FOLDER,
    "childPID": 1,
    "networkDriver": {"driver": "none"},
    "portDriver": {"driver": "implicit", "protos": ["tcp", "udp"]},
}


class _Answers(BaseHTTPRequestHandler):
    """One connection of dockerd's."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """`GET /v1/info` (RootlessKit, pkg/api/openapi.yaml); nothing else is there."""
        known = self.path == "/v1/info"
        body = json.dumps(INFORMATION).encode() if known else b"{}"
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        """Who asks: a unix socket's other end has no address."""
        return "dockerd"


def serve() -> None:
    """Answer until the process ends."""
    os.makedirs(FOLDER, exist_ok=True)
    with suppress(FileNotFoundError):
        os.unlink(SOCKET)
    with ThreadingUnixStreamServer(SOCKET, _Answers) as server:
        server.serve_forever()


def answers() -> bool:
    """Whether somebody answers at the socket, which may be left of one who did."""
    with socket.socket(socket.AF_UNIX) as asking:
        try:
            asking.connect(SOCKET)
        except OSError:
            return False
    return True


if __name__ == "__main__":
    serve()
