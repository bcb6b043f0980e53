"""What the tasks about IPv6 ask for, found out without netkit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.inside.truth import Truth

OF_SIX: dict[str, Callable[[Truth], bool]] = {
    "14.1": lambda t: (
        "fd00:17::2/64" in t.run("plain", "ip -6 addr").stdout
        and t.pings("plain", "fd00:17::1")
        and t.pings("plain", "fd00:99::50")
    ),
    "14.2": lambda t: not t.pings("pc", "fd00:99::1") and t.page("pc", "[fd00:99::1]", 8080),
}
"""By task: whether a network is what its text asks for."""
