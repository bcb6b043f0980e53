"""Pyroute2's message classes are loaded alone, and the library is whole for whoever imports it later."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from netkit.linux import messages
found = messages.classes()
assert sorted(found) == ["ifinfmsg", "rtmsg"], found
assert not [name for name in sys.modules if name.startswith("pyroute2")]
import pyroute2
assert pyroute2.IPRoute and pyroute2.netlink.rtnl.ifinfmsg.ifinfmsg
"""
REVERSED = """
import sys, pyroute2
from netkit.linux import messages
assert messages.classes()["rtmsg"] is pyroute2.netlink.rtnl.rtmsg.rtmsg
assert "pyroute2" in sys.modules
"""


def test_the_library_is_not_half_made_afterwards() -> None:
    for program in (PROGRAM, REVERSED):
        run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
