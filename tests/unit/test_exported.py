"""The face: exactly the public names, and an import that costs nothing."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import netkit
from netkit import errors

PROMISED = {
    "Bridge",
    "Namespace",
    "NetkitError",
    "capture",
    "commands",
    "draw",
    "echo",
    "host",
    "require_sandbox",
    "snapshot",
    "veth",
}
HEAVY = {"asyncio", "IPython", "ipykernel", "ipywidgets", "matplotlib", "numpy", "pyroute2", "scapy", "zmq"}
LOADED_BY_IMPORT = "import sys, netkit; print(*{name.partition('.')[0] for name in sys.modules})"


def test_all_is_sorted_and_is_what_is_public() -> None:
    public = {name for name, value in vars(netkit).items() if name[0] != "_" and not inspect.ismodule(value)}
    assert netkit.__all__ == sorted(set(netkit.__all__))
    assert public <= set(netkit.__all__) <= set(dir(netkit))


def test_the_promised_names_are_there() -> None:
    assert set(netkit.__all__) >= PROMISED
    assert set(netkit.__all__) >= {name for name, value in vars(errors).items() if inspect.isclass(value)}


def test_every_public_name_has_a_docstring() -> None:
    assert not [name for name in netkit.__all__ if not inspect.getdoc(getattr(netkit, name))]


def test_unknown_names_are_refused_as_usual() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        netkit.no_such_name  # noqa: B018  (reading it is the test)


def test_importing_loads_nothing_heavy() -> None:
    run = subprocess.run([sys.executable, "-c", LOADED_BY_IMPORT], capture_output=True, text=True, check=True)
    assert "netkit" in run.stdout.split()
    assert not HEAVY.intersection(run.stdout.split())
