"""Kernels at work, the Engine, a server with kernels: whoever is killed, nothing is left when the client has ended."""

from __future__ import annotations

import json
import os
import random
import select
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.outside import sessions
from tests.outside.nursery import Nursery, kill, nursery
from tests.outside.sessions import NETKIT, eventually

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.long

AT_ONCE = 3
SECONDS_TO_BEGIN, SECONDS_TO_NOTICE, SECONDS_TO_END = 60.0, 1.0, 2.0

LOOPS = """
import os, subprocess
os.system("ip netns add a; ip netns exec a sh -c 'while :; do (:); done' & setsid nohup sleep 1000 >/dev/null 2>&1 &")
for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        while True:
            os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
"""
XRAY = """
import netkit as nk, time
nk.echo(on=False)
bridge = nk.Bridge("br0")
for number in (1, 2):
    port, eth0 = nk.veth(f"veth{number}", "eth0", peer_namespace=nk.Namespace(f"ns{number}"))
    bridge.attach(port)
    eth0.add_address(f"10.0.0.{number}/24")
    eth0.up(), port.up()
bridge.up()
live = nk.live()
with nk.xray(), nk.capture():
    nk.host.start("ip netns exec ns1 ping -q -i 0.01 10.0.0.2")
    print("at work", flush=True)
    time.sleep(1000)
"""
ENGINE = """
import netkit as nk, time
nk.echo(on=False)
engine = nk.engine()
for number in range(3):
    engine.docker(f"run -d --name w{number} -p {8080 + number}:80 busybox httpd -f -p 80")
print("at work", flush=True)
time.sleep(1000)
"""
CLIENT = """
import sys, time
from jupyter_client import KernelManager
manager = KernelManager(kernel_name="netkit")
manager.start_kernel()
client = manager.blocking_client()
client.start_channels()
client.wait_for_ready(timeout=60)
client.execute(sys.argv[1])
print("at work", flush=True)
time.sleep(1000)
"""
IN_A_KERNEL, IN_A_SANDBOX = (sys.executable, "-c", CLIENT), (NETKIT, "run", "--", sys.executable, "-c")
SERVER = (
    NETKIT,
    "lab",
    "--no-browser",
    "--port=0",
    "--IdentityProvider.token=t",
    "--ServerApp.disable_check_xsrf=True",
)
# JupyterLab would ask npm for language servers, which goes on for a moment when JupyterLab is killed.
SERVER += ("--LanguageServerManager.autodetect=False",)

WORK = {
    "loops": (*IN_A_KERNEL, LOOPS),
    "x-ray": (*IN_A_KERNEL, XRAY),
    "engine": (*IN_A_SANDBOX, ENGINE),
    "server": SERVER,
}
KILLS = {"loops": 60, "x-ray": 60, "engine": 20, "server": 30}


class Killing(NamedTuple):
    """What was killed, and what of it all was left two seconds after the client had ended, too.

    Attributes:
        victims: how many of how many processes.
        begun: whether the work had begun.
        left: command lines.
    """

    victims: str
    begun: bool
    left: list[str]


def has_begun(started: Nursery, folder: Path) -> bool:
    """Wait until a program says that it is at work, or let a server begin some."""
    assert started.process.stdout
    if not (folder / "run").exists():
        ready, _, _ = select.select([started.process.stdout], [], [], SECONDS_TO_BEGIN)
        return bool(ready) and started.process.stdout.readline() == "at work\n"
    address = eventually(lambda: _address(folder / "run"), SECONDS_TO_BEGIN)
    return bool(address and eventually(lambda: all(_kernel(address) for _ in range(2)), SECONDS_TO_BEGIN))


def _address(runtime: Path) -> str:
    """Where a server is, once it has written it down."""
    return next((sessions.facts(file).get("url", "") for file in runtime.glob("jpserver-*.json")), "")


def _kernel(address: str) -> bool:
    """Whether a server has started a kernel."""
    headers = {"Authorization": "token t", "Content-Type": "application/json"}
    request = urllib.request.Request(address + "api/kernels", data=json.dumps({}).encode(), headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=SECONDS_TO_BEGIN) as answer:  # noqa: S310 - of this test
            return answer.status == 201
    except OSError:
        return False


def kill_some(number: int, what: str, folder: Path) -> Killing:
    """Let something work, kill one, two or all of its processes, then the client; see what is left."""
    chance = random.Random(number)  # noqa: S311 - repeatable, not secret
    own = {name: str(folder / name) for name in ("JUPYTER_CONFIG_DIR", "IPYTHONDIR", "XDG_STATE_HOME")}
    if what == "server":
        own["JUPYTER_RUNTIME_DIR"] = str(folder / "run")
        (folder / "run").mkdir()
    variables = sessions.environment(**own, NETKIT_WORLD="user")
    with (
        (folder / "errors").open("w") as errors,
        nursery(*WORK[what], env=variables, cwd=folder, stderr=errors) as started,
    ):
        begun = chance.random() < 0.7 and has_begun(started, folder)
        time.sleep(chance.uniform(0.0, 0.5 if begun else 2.0))
        family = eventually(started.family, SECONDS_TO_BEGIN)
        assert family, f"it ended by itself: {(folder / 'errors').read_text()}"
        client = family[0]
        victims = chance.sample(family, min(len(family), chance.choice((1, 1, 2, len(family)))))
        for victim in victims:
            kill(victim)
        # A client that is still there is what a user closes next.
        started.is_empty(SECONDS_TO_NOTICE)
        kill(client)
        empty = started.is_empty(SECONDS_TO_END)
        left = [] if empty else [_words(process) for process in started.family()]
    return Killing(f"{len(victims)} of {len(family)}", begun, left)


def _words(process: int) -> str:
    try:
        with open(f"/proc/{process}/cmdline", encoding="utf-8", errors="replace") as words:
            return f"{process} {words.read()}"
    except OSError:
        return ""


@pytest.mark.parametrize("what", WORK)
def test_kills_at_work(what: str, tmp_path: Path) -> None:
    if what == "engine" and os.geteuid() == 0:
        pytest.skip("in root's namespaces there is no Engine")

    def one(number: int) -> Killing:
        folder = tmp_path / str(number)
        folder.mkdir()
        return kill_some(number, what, folder)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        killings = list(pool.map(one, range(KILLS[what])))
    assert [killing for killing in killings if killing.left] == []
    assert {killing.begun for killing in killings} == {True, False}
