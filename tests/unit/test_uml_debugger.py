"""The stand-in for the debugger in User-Mode Linux gives way to ipykernel's own when more of that is wanted."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGIN = """
import sys
from netkit.sandbox.uml import kernel
sys.modules[kernel._NAME] = kernel._StandIn(kernel._NAME)
"""


def said(code: str) -> str:
    """What a new interpreter prints that has the stand-in."""
    command = [sys.executable, "-c", BEGIN + code]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_to_know_that_there_is_a_debugger_loads_nothing() -> None:
    code = "from ipykernel.ipkernel import IPythonKernel; from ipykernel.debugger import _is_debugpy_available as there"
    assert said(code + "; print(there, 'debugpy' in sys.modules)") == "True False\n"


@pytest.mark.parametrize("name", ["VariableExplorer", "DebugpyClient"])
def test_any_other_name_is_that_of_the_module(name: str) -> None:
    code = f"from ipykernel.debugger import {name} as found; print(found.__module__, 'debugpy' in sys.modules)"
    assert said(code) == "ipykernel.debugger True\n"


def test_whatever_is_asked_of_the_debugger_goes_to_ipykernel_s_own() -> None:
    arguments = "None, None, print, None, None, []"
    code = f"one = kernel.Debugger({arguments}); print(one.is_started, type(one._own).__module__, one._loaded.is_set())"
    assert said(code) == "False ipykernel.debugger True\n"
