"""Where the tests of this folder run: in a sandbox, as its root, on a network of its own."""

from __future__ import annotations

import os
import socket

from netkit.sandbox import require_sandbox


def test_the_place_is_a_sandbox() -> None:
    assert require_sandbox().world in {"user", "uml"}
    assert (os.geteuid(), socket.gethostname()) == (0, "netkit")
