"""Starts containers in one of two ways, inside a sandbox; `docker.py` calls it.

    netkit run -- python benchmarks/containers.py netkit|engine|grow ROUNDS [GENERATION]

GENERATION is whose rules netkit's docker writes, "29-nft"; its own choice without one.  `netkit` and `engine`: the
seconds of each round: a container with a published port starts, its first HTTP answer comes, it is removed.  `grow`:
the seconds that each of so many containers on one network takes to start.  The daemons themselves, netkit's and the
Engine's, are there before the first round.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import netkit as nk

if TYPE_CHECKING:
    from collections.abc import Callable

PORT = 8080
SECONDS_TO_ANSWER = 20.0
SERVER = "httpd -f -p 80"


def first_answer() -> None:
    """Ask until the published port answers, as limit_container.c does: any answer will do."""
    deadline = time.monotonic() + SECONDS_TO_ANSWER
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", PORT), timeout=1) as asking:
            asking.sendall(b"GET / HTTP/1.0\r\n\r\n")
            if asking.recv(256):
                return
        time.sleep(0.0002)  # between two looks at a condition that has a deadline
    raise TimeoutError


def netkit_round(docker: nk.Docker) -> None:
    """One container of netkit's own docker."""
    docker.run("web", f"busybox {SERVER}", ports={PORT: 80})
    first_answer()
    docker.remove("web", force=True)


def engine_round(engine: nk.Engine) -> None:
    """One container of the real Engine, by the docker command as one types it."""
    started = engine.docker(f"run -d --name web -p {PORT}:80 {engine.image} {SERVER}")
    assert started.returncode == 0, started.stderr  # noqa: S101
    first_answer()
    engine.docker("rm -f web")


def timed(act: Callable[[], object]) -> float:
    """The seconds that it takes once."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def rounds(way: str, count: int, like: str | None = None) -> list[float]:
    """The seconds of each round, after one that is not counted."""
    if way == "engine":
        engine = nk.engine()
        engine_round(engine)
        return [timed(lambda: engine_round(engine)) for _ in range(count)]
    docker = nk.Docker(like=like)
    if way == "grow":
        return [timed(lambda number=number: docker.run(f"c{number}", "sleep 600")) for number in range(count)]
    netkit_round(docker)
    return [timed(lambda: netkit_round(docker)) for _ in range(count)]


if __name__ == "__main__":
    nk.echo(on=False)
    print(json.dumps({"seconds": rounds(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])}), flush=True)
