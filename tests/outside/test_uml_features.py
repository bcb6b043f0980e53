"""What this machine's kernel may lack is tried with traffic in User-Mode Linux, and what neither has is listed."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.inside.wild_features import FEATURES
from tests.project import ROOT

pytestmark = [pytest.mark.long, pytest.mark.once]

NEITHER = {"wireguard", "netdevsim", "bareudp", "amt"}
"""Kinds of links that neither Debian's User-Mode Linux has, nor is any of netkit's: nothing of them was tried."""

SECONDS = 1800


def in_uml(*command: str) -> str:
    """What a command in User-Mode Linux prints."""
    environment = {**os.environ, "NETKIT_WORLD": "uml"}
    command = (sys.executable, "-m", "netkit.cli", "run", "--", *command)
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS
    )
    return done.stdout + done.stderr


def test_every_feature_is_tried_there() -> None:
    said = in_uml(sys.executable, "-m", "pytest", "-q", "-m", "long", "tests/inside/test_features.py")
    assert re.search(r"^9 passed", said, re.MULTILINE), said[-3000:]


def test_it_is_told_there_for_what_it_is() -> None:
    said = in_uml(sys.executable, "-m", "pytest", "-q", "-m", "long", "tests/inside/test_features_told.py")
    assert re.search(r"^5 passed", said, re.MULTILINE), said[-3000:]


def test_nothing_of_what_not_every_kernel_has_is_left_out_there() -> None:
    said = in_uml(sys.executable, "-m", "pytest", "-q", "-m", "long", "tests/inside/test_features_wild.py")
    assert re.search(rf"^{len(FEATURES)} passed", said, re.MULTILINE), said[-3000:]


def test_journeys_through_ifb_devices() -> None:
    said = in_uml(sys.executable, "-m", "pytest", "-q", "tests/inside/test_xray_beside.py")
    assert re.search(r"^7 passed", said, re.MULTILINE), said[-3000:]


def test_what_neither_has() -> None:
    lines = "; ".join(f"ip link add probe type {kind} 2>/dev/null && echo {kind}" for kind in sorted(NEITHER))
    assert not set(in_uml("sh", "-c", lines).split()) & NEITHER


_BORN = """
import netkit as nk
nk.echo(False)
nk.host.sysctl("net.ipv4.ip_forward", 1)
print(nk.sh("ip netns add typed; ip netns exec typed sysctl -n net.ipv4.ip_forward").stdout.strip())
open("/proc/sys/net/core/devconf_inherit_init_net", "w").write("0")  # as on a machine, which a sandbox cannot change
print(nk.sh("ip netns add copied; ip netns exec copied sysctl -n net.ipv4.ip_forward").stdout.strip())
print(nk.Namespace("made").sysctl("net.ipv4.ip_forward"))
"""


def test_a_namespace_copies_nothing_of_the_machine() -> None:
    """There the sandbox's host is the machine whose switches the kernel copies into each new namespace."""
    assert in_uml(sys.executable, "-c", _BORN).split() == ["0", "1", "0"]
