"""The face: exactly the public names, and an import that costs nothing."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pkgutil import iter_modules

import pytest

import netkit

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
    ours = {name for name, value in vars(netkit).items() if getattr(value, "__module__", "").startswith("netkit")}
    assert netkit.__all__ == sorted(set(netkit.__all__))
    assert {name for name in ours if name[0] != "_"} <= set(netkit.__all__) <= set(dir(netkit))


def test_the_promised_names_are_there() -> None:
    assert set(netkit.__all__) >= PROMISED


def test_no_module_hides_a_name_of_the_face() -> None:
    """Importing netkit.x sets the attribute x of netkit."""
    assert not {module.name for module in iter_modules(netkit.__path__)}.intersection(netkit.__all__)


def test_every_public_name_has_a_docstring() -> None:
    assert not [name for name in netkit.__all__ if not inspect.getdoc(getattr(netkit, name))]


def test_unknown_names_are_refused_as_usual() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        netkit.no_such_name  # noqa: B018  (reading it is the test)


def test_importing_loads_nothing_heavy() -> None:
    run = subprocess.run([sys.executable, "-c", LOADED_BY_IMPORT], capture_output=True, text=True, check=True)
    assert "netkit" in run.stdout.split()
    assert not HEAVY.intersection(run.stdout.split())
