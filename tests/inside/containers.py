"""Servers and clients for containers: small enough to start quickly, and they tell who asks."""

from __future__ import annotations

import os
import shlex
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import netkit as nk
from netkit.linux.entering import inside
from netkit.linux.looks.rules import parse_save
from tests.inside.empty import descriptors

if TYPE_CHECKING:
    from netkit.docker.container import Container

SECONDS = 15.0
OUTSIDER = "192.168.7.2"
"""The address of the other machine, which reaches the host by a cable."""

_SERVER = """
import socket, sys
family = socket.create_server(("", int(sys.argv[1])), backlog=50)
print("listening", flush=True)
while True:
    client, address = family.accept()
    client.recv(4096)
    body = f"{sys.argv[2]} to {address[0]}"
    client.sendall(f"HTTP/1.0 200 OK\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n{body}".encode())
    client.close()
"""
_CLIENT = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 5) as server:
    server.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
    print(server.makefile().read().splitlines()[-1])
"""


def server(says: str, port: int = 80) -> list[str]:
    """The command of a web server that answers "SAYS to ADDRESS", with the address that it is asked from."""
    return [sys.executable, "-I", "-S", "-c", _SERVER, str(port), says]


def get(place: nk.Namespace, address: str, port: int = 80) -> str:
    """What a web server says to a client in a namespace, waiting until it listens; "" when nobody ever answers."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        try:
            return fetch(place, address, port)
        except ConnectionError:
            time.sleep(0.005)
    return ""


def fetch(place: nk.Namespace, address: str, port: int = 80, *, timeout: float = 5.0) -> str:
    """What a web server says, at the first attempt.

    Raises:
        OSError: nobody answers.
    """
    link = inside(place.path, lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    with link:
        link.settimeout(timeout)
        link.connect((address, port))
        link.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with link.makefile() as answer:
            lines = answer.read().splitlines()
    if not lines:
        raise ConnectionResetError("an empty answer: docker-proxy takes a connection before the server listens")
    return lines[-1]


def typed(command: list[str]) -> str:
    """A list of words as one types it."""
    return shlex.join(command)


def wait_for_the_end(container: Container) -> None:
    """Wait until a container's program has ended by itself."""
    deadline = time.monotonic() + SECONDS
    while container.running and time.monotonic() < deadline:
        time.sleep(0.005)
    assert not container.running


def client(name: str, port: int = 80) -> list[str]:
    """The command of a web client, for what only a container sees, such as a name in its /etc/hosts."""
    return [sys.executable, "-I", "-S", "-c", _CLIENT, name, str(port)]


def traces() -> dict[str, object]:
    """What a round might leave: links, rules, processes, mounts, descriptors, files."""
    saved = nk.sh("iptables-save -c").stdout
    processes = sorted(name for name in os.listdir("/proc") if name.isdigit())
    return {
        "links": sorted(link.name for link in nk.host.interfaces),
        "rules": [rule.text for rule in parse_save(saved, "iptables")],
        "processes": [Path(f"/proc/{pid}/comm").read_text() for pid in processes if Path(f"/proc/{pid}").exists()],
        "mounts": Path("/proc/self/mountinfo").read_text(),
        "descriptors": descriptors(),
        "files": sorted(str(path) for path in Path("/run/netkit-docker").rglob("*")),
    }
