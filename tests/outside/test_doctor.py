"""`netkit doctor`: here, and where something is forbidden or missing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from netkit.sandbox import worlds
from netkit.sandbox.doctor import report
from tests.outside.restrictions import OF_LESSONS, OF_WORLDS, SIMILAR, Restriction, seccomp_filter
from tests.outside.seccomp import added, is_here
from tests.outside.sessions import NETKIT, eventually
from tests.outside.trees import alive, descendants

if TYPE_CHECKING:
    from collections.abc import Callable

    Netkit = Callable[..., subprocess.CompletedProcess[str]]

HAS_UML = shutil.which("linux.uml") is not None
needs_libseccomp = pytest.mark.skipif(not is_here(), reason="libseccomp is not installed")
SECONDS = 240
"""A doctor that has not ended by then has failed; User-Mode Linux is slow on a busy machine."""

WITHOUT_UML = {"NETKIT_UML": "/nowhere"}

Told = dict[str, Any]


def environment(**variables: str) -> dict[str, str]:
    """The variables of these tests, without a wish for a world."""
    return {**{key: value for key, value in os.environ.items() if key != worlds.VARIABLE}, **variables}


def consulted(*command: str, **variables: str) -> tuple[Told, int]:
    """What `netkit doctor --json` says, and its exit status."""
    answer = subprocess.run(
        [*command, "--json"],
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert answer.stdout, answer.stderr
    return json.loads(answer.stdout), answer.returncode


def works(told: Told, section: str) -> set[str]:
    return {one["name"] for one in told["findings"] if one["section"] == section and one["works"]}


@pytest.fixture(scope="module")
def here() -> tuple[Told, int]:
    return consulted(NETKIT, "doctor")


def test_what_works_here(here: tuple[Told, int]) -> None:
    told, status = here
    assert told["world"] == "user"
    assert {"user namespace", "second user namespace", "own /proc", "network namespace"} <= works(told, "user world")
    assert {"bridge", "veth pair", "ping", "iptables, NAT", "nft trace"} <= works(told, "what lessons do")
    assert status == (0 if told["healthy"] else 1)
    assert not HAS_UML or "boot" in works(told, "uml world")


def test_whatever_is_missing_has_cause_and_remedy(here: tuple[Told, int]) -> None:
    for finding in here[0]["findings"]:
        told = finding["cause"] and finding["remedy"]
        assert bool(told) != finding["works"], finding


def test_in_words(netkit: Netkit) -> None:
    lines = netkit("doctor", "--worlds", timeout=SECONDS, env=environment(**WITHOUT_UML)).stdout.splitlines()
    assert lines[0] == "This machine"
    assert "User world" in lines
    assert "Notebooks will use the user world: namespaces of this machine's own kernel; it" in lines
    assert max(len(line) for line in lines if "$ " not in line and "Log: " not in line) <= report.WIDTH


@pytest.mark.parametrize("moment", [0.3, 1.5])
def test_a_doctor_that_is_killed_leaves_nothing(moment: float) -> None:
    process = subprocess.Popen([NETKIT, "doctor"], stdout=subprocess.DEVNULL, start_new_session=True)
    seen: set[int] = set()
    deadline = time.monotonic() + moment
    while time.monotonic() < deadline:
        seen |= set(descendants(process.pid))
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert seen
    assert eventually(lambda: not alive(seen), 20), alive(seen)


def name_of(restriction: Restriction) -> str:
    return restriction.name


def missing_tool(restriction: Restriction) -> str:
    """Why this machine cannot emulate a restriction, or cannot make the world that is left; nothing if it can."""
    if "uml" in (restriction.world, restriction.section.split()[0]) and not HAS_UML:
        return "user-mode-linux is not installed"
    return "" if is_here() or not restriction.wrapper else "libseccomp is not installed"


def marked(restriction: Restriction) -> object:
    marks = [pytest.mark.long] if restriction.name in SIMILAR else []
    return pytest.param(restriction, marks=marks, id=restriction.name)


@pytest.mark.parametrize("restriction", [marked(each) for each in OF_WORLDS])
def test_another_world_takes_the_place(restriction: Restriction) -> None:
    if why := missing_tool(restriction):
        pytest.skip(why)
    told, _ = consulted(*restriction.command(NETKIT, "doctor", "--worlds"))
    assert_named(told, restriction)
    assert told["world"] == restriction.world, told["reason"]


@pytest.mark.once
@pytest.mark.parametrize("restriction", OF_LESSONS, ids=name_of)
def test_a_missing_program_is_named(restriction: Restriction) -> None:
    told, status = consulted(*restriction.command(NETKIT, "doctor"))
    assert_named(told, restriction)
    assert (told["world"], told["healthy"], status) == ("user", False, 1)


@pytest.mark.once
@pytest.mark.parametrize("restriction", OF_LESSONS, ids=name_of)
def test_the_demo_goes_without_programs_and_says_which(restriction: Restriction) -> None:
    command = restriction.command(NETKIT, "demo")
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout.count("1 of 1 answered"), done.stderr) == (0, 3, ""), done.stdout
    notes = [line for line in done.stdout.splitlines() if line.startswith("note: ")]
    assert [line.partition(",")[0] for line in notes] == [f"note: not installed here: {restriction.name[3:]}"]


def assert_named(told: Told, restriction: Restriction) -> None:
    """The doctor names stage, cause and remedy."""
    found = [
        one for one in told["findings"] if (one["section"], one["name"]) == (restriction.section, restriction.stage)
    ]
    assert found, [one for one in told["findings"] if not one["works"]]
    assert not found[0]["works"]
    assert restriction.cause in found[0]["cause"]
    assert restriction.remedy in f"{found[0]['remedy']} {found[0]['line']}"


@pytest.mark.once
@pytest.mark.skipif(not HAS_UML, reason="user-mode-linux is not installed")
def test_lessons_are_tried_in_the_world_that_is_left() -> None:
    told, _ = consulted(*OF_WORLDS[0].command(NETKIT, "doctor"))
    assert told["world"] == "uml"
    assert {"bridge", "veth pair", "vxlan", "ping", "iptables, NAT", "netem (delay, loss)"} <= works(
        told, "what lessons do"
    )


def test_where_no_world_works_the_doctor_says_why_not() -> None:
    told, status = consulted(*OF_WORLDS[0].command(NETKIT, "doctor"), **WITHOUT_UML)
    assert (status, told["world"], told["healthy"], told["reason"]) == (1, None, False, "tried: user, uml")


def test_the_world_asked_for_is_the_one_that_is_used() -> None:
    told, status = consulted(NETKIT, "doctor", "--worlds", NETKIT_WORLD="mars", **WITHOUT_UML)
    assert (told["world"], status) == (None, 1)
    assert told["reason"].startswith("NETKIT_WORLD is 'mars'; it is one of auto, user, uml")


def under(profile: str, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as an ordinary user under a seccomp profile."""
    filtered = Restriction("", ":", "", "", "", "", "", seccomp_filter(profile)).command(*command)
    environment = {**os.environ, worlds.VARIABLE: "user"}
    return subprocess.run(filtered, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)


USE = (
    "set -e; ip netns add ns1; ip netns exec ns1 ip link set lo up; "
    "ip link add nk-left type veth peer nk-right netns ns1; "
    "ip netns del ns1; hostname; grep Seccomp: /proc/self/status"
)
"""What lessons ask of the calls that netkit's profile adds."""


@needs_libseccomp
def test_the_user_world_works_under_the_seccomp_profile() -> None:
    answer = under("netkit", NETKIT, "run", "--", "sh", "-c", USE)
    assert (answer.returncode, answer.stdout) == (0, "netkit\nSeccomp:\t2\n"), answer.stderr


@needs_libseccomp
@pytest.mark.parametrize("call", added())
def test_no_call_of_the_seccomp_profile_is_superfluous(call: str) -> None:
    assert under(f"netkit-{call}", NETKIT, "run", "--", "sh", "-c", USE).returncode != 0
