"""Every way out of the sandbox is tried in one run: what succeeds is exactly what the README calls no wall."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.outside.attempts import ATTEMPTS, attempt
from tests.outside.attempts_by_files import VARIABLE
from tests.outside.outsiders import outsiders
from tests.outside.sessions import NETKIT, environment
from tests.project import ROOT

if TYPE_CHECKING:
    from pathlib import Path

WORLDS = (
    "user",
    pytest.param(
        "uml",
        marks=[
            pytest.mark.long,
            pytest.mark.skipif(shutil.which("linux.uml") is None, reason="user-mode-linux is not installed"),
        ],
    ),
)
FILES = {"read_file_at_home", "write_file_at_home", "write_file_in_folder"}
FILES_OF_ROOT = {"read_passwords", "open_file_of_root", "become_owner_of_file_of_root"}
_AGAIN = ("by_shallow_copy", "by_deep_copy", "by_layers", "by_bound_parent", "by_mount_of_machine")
HIDDEN_ONES = {"look_below_mounts", *(f"read_hidden_file_{way}" for way in _AGAIN)}

NO_WALL = {
    "your files": FILES | FILES_OF_ROOT,
    "sockets among your files": {"reach_socket_in_home", "reach_socket_in_folder"},
    "the browser": set(),  # test_containment.py: test_a_script_in_an_output_reaches_the_page
    "time and room": {"take_processor_time"},
    "facts": {"read_version", "read_load", "list_keys"},
    "Linux": HIDDEN_ONES,
}
"""The rows of the README's list of what is no wall, each with the attempts that show it."""


def expected(world: str, *, root: bool) -> set[str]:
    """What succeeds."""
    everywhere = FILES | {"take_processor_time", "read_version", "read_load"}
    if world == "uml":
        return everywhere | ({"read_passwords"} if root else HIDDEN_ONES)
    own = NO_WALL["sockets among your files"] | (FILES_OF_ROOT if root else {"list_keys"})
    return everywhere | own


def outcomes(world: str, folder: Path) -> tuple[dict[str, str], bool]:
    """How each attempt ends in a world, and whether root made it."""
    with outsiders(folder) as outside:
        file = folder / "outside.json"
        file.write_text(json.dumps(outside._asdict()), encoding="utf-8")
        variables = environment(NETKIT_WORLD=world, PYTHONPATH=str(ROOT), **{VARIABLE: f"{VARIABLE}-{outside.name}"})
        command = [NETKIT, "run", "--", sys.executable, "-m", "tests.outside.attempts", str(file)]
        options = {"cwd": folder, "env": variables, "capture_output": True, "text": True, "timeout": 300}
        answer = subprocess.run(command, check=False, **options)  # type: ignore[call-overload]
    assert answer.returncode == 0, answer.stderr
    return dict(map(json.loads, answer.stdout.splitlines())), outside.root


@pytest.mark.parametrize("world", WORLDS)
def test_what_succeeds_is_what_the_readme_says(world: str, tmp_path: Path) -> None:
    told, root = outcomes(world, tmp_path)
    assert list(told) == list(ATTEMPTS)
    succeeded = {name: outcome for name, outcome in told.items() if outcome.startswith("SUCCEEDED")}
    assert all(told[name].startswith("refused: ") for name in set(told) - set(succeeded))
    surplus = {name: outcome for name, outcome in succeeded.items() if name not in expected(world, root=root)}
    assert surplus == {}
    assert expected(world, root=root) - set(succeeded) == set(), "the README warns of what is not so"


def test_there_are_enough_attempts() -> None:
    assert len(ATTEMPTS) >= 120


def test_the_readme_has_these_rows_and_no_others() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    table = page.partition("| no wall | |\n|---|---|\n")[2].partition("\n\n")[0]
    assert re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE) == list(NO_WALL)
    assert len(NO_WALL) <= 6


WORKING = (
    *("connect", "connect_by_child", "connect_abstract", "find_process", "open_process", "signal_process"),
    *("signal_thread", "renice_process", "read_hidden_file", "read_named_memory", "read_file_in_tmp"),
    *("reach_udp_service", "reach_socket_in_tmp", "reach_socket_in_home", "reach_socket_in_folder"),
    *("find_socket_in_tmp", "send_to_abstract_name", "list_unix_sockets", "find_connection_files"),
    *("take_shared_memory", "take_message_queue", "take_semaphore", "list_shared_memory"),
)
"""Those that are quite harmless outside as well."""


def test_the_attempts_work_outside(tmp_path: Path) -> None:
    """Otherwise their failure inside would say nothing."""
    working = set(WORKING)
    with outsiders(tmp_path) as outside:
        if outside.key:
            working |= {"read_key_of_session", "describe_key_by_its_number", "list_keys"}
        if outside.vsock:
            working |= {"see_ports_of_virtual_machine"}
        if outside.address:
            working |= {"reach_address_of_machine"}
        told = {name: attempt(name, outside) for name in working}
    assert {name: one for name, one in told.items() if not one.startswith("SUCCEEDED")} == {}


def test_process_1_is_where_nothing_is_hidden(tmp_path: Path) -> None:
    """Started in a folder that is hidden then, whose old face would be seen by the way of process 1."""
    with outsiders(tmp_path) as outside:
        folder, name = os.path.split(outside.file)
        script = f"cat /proc/1/cwd/{name} {name} ../runtime/{name}; ls /proc/1/cwd/ ."
        answer = subprocess.run(
            [NETKIT, "run", "--", "sh", "-c", script], cwd=folder, capture_output=True, text=True, check=False
        )
    assert outside.name not in answer.stdout
