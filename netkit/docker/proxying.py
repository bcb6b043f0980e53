"""Starts and ends one docker-proxy for each published port, beside the rules; `proxy` is that program.

What the rules leave out goes by them: what the machine itself asks at 127.0.0.1 or ::1, and what a container asks at
its own network's published port.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

from netkit.docker import proxy
from netkit.lab import journal
from netkit.linux.run import popen
from netkit.shell import joined

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack
    from socket import socket

    from netkit.docker.endpoint import Endpoint
    from netkit.docker.publishing import Published
    from netkit.lab.namespaces import Namespace

_WORDS = ("-P", "-m", "netkit.docker.proxy")


def serve(machine: Namespace, taken: Mapping[Published, socket], endpoint: Endpoint, undo: ExitStack) -> None:
    """Start a program for each published port; what ends it is put on `undo`.

    Args:
        machine: the namespace that plays the machine.
        taken: the sockets of the published ports.
        endpoint: the container's place that they lead to.
        undo: takes what ends the programs.
    """
    for published, held in taken.items():
        six = endpoint.address6 if published.of_six else None
        container = str(six or endpoint.address)
        words = (*_WORDS, published.protocol, published.address, published.here, container, published.there)
        argv = [sys.executable, *map(str, words)]
        line = machine.typed(joined(["python", *argv[1:]]))
        program = journal.perform(f"{line} &  # it plays {proxy.NAME}", partial(_started, machine, argv, held))
        undo.callback(_end, program)


def _started(machine: Namespace, argv: list[str], held: socket) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    return popen(machine.path, argv, stdin=held.fileno(), stdout=quiet, stderr=quiet)


def _end(program: subprocess.Popen[bytes]) -> None:
    """End it, and wait until it has ended: the port is free then."""
    if program.poll() is None:
        os.kill(program.pid, signal.SIGKILL)
    program.wait()
