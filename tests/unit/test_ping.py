"""What ping(8) prints, read as a value."""

from __future__ import annotations

import pytest

from netkit.linux.probing.ping import read
from netkit.outcomes import Outcome, Ping

ANSWERED = """\
PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.
64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=0.045 ms
64 bytes from 10.0.0.2: icmp_seq=2 ttl=64 time=1.5 ms

--- 10.0.0.2 ping statistics ---
2 packets transmitted, 2 received, 0% packet loss, time 201ms
rtt min/avg/max/mdev = 0.045/0.772/1.500/0.727 ms
"""
UNREACHABLE = """\
PING 10.0.0.9 (10.0.0.9) 56(84) bytes of data.
From 10.0.0.1 icmp_seq=1 Destination Host Unreachable

--- 10.0.0.9 ping statistics ---
1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms
"""
SILENT = """\
PING 10.0.0.9 (10.0.0.9) 56(84) bytes of data.

--- 10.0.0.9 ping statistics ---
3 packets transmitted, 0 received, 100% packet loss, time 412ms
"""
HALF = ANSWERED.replace("2 received", "1 received").replace(
    "64 bytes from 10.0.0.2: icmp_seq=2 ttl=64 time=1.5 ms\n", ""
)


def outcome(stdout: str, stderr: str = "", status: int = 0) -> Outcome:
    return Outcome("ping", stdout, stderr, status)


@pytest.mark.parametrize(
    ("said", "expected", "shown"),
    [
        (outcome(ANSWERED), Ping("a", 2, 2), "✓ ping a: 2 of 2 answered"),
        (
            outcome(UNREACHABLE, status=1),
            Ping("a", 1, 0, reason="Destination Host Unreachable"),
            "✗ ping a: 0 of 1 answered: Destination Host Unreachable",
        ),
        (outcome(SILENT, status=1), Ping("a", 3, 0), "✗ ping a: 0 of 3 answered"),
        (outcome(HALF, status=1), Ping("a", 2, 1), "✗ ping a: 1 of 2 answered"),
        (
            outcome("", "ping: connect: Network is unreachable\n", 2),
            Ping("a", 0, 0, reason="Network is unreachable"),
            "✗ ping a: nothing could be sent: Network is unreachable",
        ),
    ],
)
def test_what_ping_said(said: Outcome, expected: Ping, shown: str) -> None:
    assert read("a", said) == expected
    assert repr(read("a", said)) == shown
    assert bool(read("a", said)) is expected.ok is (expected.sent == expected.received > 0)


def test_times_are_seconds() -> None:
    assert read("a", outcome(ANSWERED)).times == pytest.approx((0.000045, 0.0015))
