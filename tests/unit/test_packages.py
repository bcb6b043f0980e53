"""tools/packages.sh on machines made of stand-ins: which commands it gives, and what it says."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.project import ROOT

if TYPE_CHECKING:
    from pathlib import Path

# Stand-ins know few packages; `installed` lists those that are there, `calls` what the programs were asked for.
STAND_INS = {
    "dpkg-query": 'for last; do :; done; grep -qx "$last" installed && printf installed',
    "apt-cache": 'case "$2" in tshark|tcpdump|uidmap|docker.io|nginx) ;; *) exit 1 ;; esac',
    "apt-get": """echo "apt-get $*" >>calls
        case $* in *docker.io*)
            cat policy >>calls || exit 1
            echo containerd >>installed
            ! [ -e cut-off ] || kill -TERM $PPID ;;
        esac
        for w; do case $w in tshark|uidmap|docker.io|nginx) echo $w >>installed; esac; done""",
    "systemctl": 'echo "systemctl $*" >>calls',
    "id": 'if [ "$1" = -u ]; then cat uid; else echo somebody; fi',
}
SUDO = {"passwordless": '[ "$1" = -n ] && shift; exec "$@"', "asks": 'echo asked >>calls; [ "$1" != -n ]'}
PRESENT = (
    "bridge-utils conntrack iproute2 iptables iputils-ping kmod mmdebstrap net-tools nftables procps tcc "
    "tcpdump user-mode-linux util-linux"
)
ENGINE = "busybox-static containerd docker.io nginx"
CONTAINER = "python3 python3-venv tini"
FORBIDDING = "#!/bin/sh\nexit 101\n"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A checkout with the script, on a machine that lacks chromium, tshark and uidmap; root works on it."""
    (tmp_path / "tools").mkdir()
    (tmp_path / ".venv").mkdir()
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / "tools" / "packages.sh", tmp_path / "tools")
    (tmp_path / "installed").write_text("\n".join([*PRESENT.split(), *ENGINE.split()]) + "\n")
    (tmp_path / "calls").write_text("")
    (tmp_path / "uid").write_text("0\n")
    for name, body in STAND_INS.items():
        stand_in(tmp_path, name, body)
    return tmp_path


def stand_in(machine: Path, name: str, body: str) -> None:
    path = machine / "bin" / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def run(machine: Path, *words: str) -> list[str]:
    """What the script says, line by line."""
    environment = {**os.environ, "PATH": f"{machine / 'bin'}:/usr/bin:/bin", "NETKIT_POLICY": str(machine / "policy")}
    command = ["sh", "tools/packages.sh", *(words or ("lab", "test"))]
    answer = subprocess.run(
        command, cwd=machine, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
    )
    assert answer.returncode == (130 if (machine / "cut-off").exists() else 0), answer.stderr
    return answer.stderr.splitlines()


def calls(machine: Path) -> str:
    return (machine / "calls").read_text()


def test_root_installs_what_is_missing_and_known(machine: Path) -> None:
    said = run(machine)
    assert "apt-get install --no-install-recommends uidmap chromium tshark" in said[0]
    assert calls(machine).splitlines()[-1].endswith("install --yes --no-install-recommends --no-remove uidmap tshark")
    assert said[1:] == ["Not installed, so some things will not work: apt-get install chromium"]


def test_what_could_not_be_installed_is_not_tried_again(machine: Path) -> None:
    run(machine)
    before = calls(machine)
    assert len(run(machine)) == 1
    assert calls(machine) == before
    run(machine, "--again", "lab", "test")
    assert calls(machine) != before


def test_a_complete_machine_is_left_alone(machine: Path) -> None:
    with (machine / "installed").open("a") as installed:
        installed.write("chromium\ntshark\nuidmap\n")
    assert (run(machine), calls(machine)) == ([], "")


def test_without_any_right_the_missing_are_named_in_one_line(machine: Path) -> None:
    (machine / "uid").write_text("1000\n")
    stand_in(machine, "sudo", SUDO["asks"])
    said = run(machine)
    assert said == ["Not installed, so some things will not work: apt-get install uidmap chromium tshark"]
    assert "apt-get" not in calls(machine)


def test_sudo_is_used_after_saying_so(machine: Path) -> None:
    (machine / "uid").write_text("1000\n")
    stand_in(machine, "sudo", SUDO["passwordless"])
    assert "sudo -n apt-get install" in run(machine)[0]
    assert "install --yes --no-install-recommends --no-remove uidmap tshark" in calls(machine)


@pytest.mark.parametrize(("allowed", "named"), [(0, False), (1, True)])
def test_where_no_namespace_can_be_had_user_mode_linux_is_wanted(machine: Path, allowed: int, named: bool) -> None:  # noqa: FBT001
    stand_in(machine, "unshare", f"exit {allowed}")
    stand_in(machine, "uname", "echo x86_64")
    without(machine, "user-mode-linux")
    assert any("user-mode-linux" in line for line in run(machine, "lab")) == named


def test_user_mode_linux_is_for_one_kind_of_machine(machine: Path) -> None:
    stand_in(machine, "unshare", "exit 1")
    stand_in(machine, "uname", "echo aarch64")
    without(machine, "user-mode-linux")
    assert run(machine, "lab", "container", "test") == []


def without(machine: Path, *packages: str) -> None:
    """Take packages off the machine, all others that the script wants being there."""
    there = {*PRESENT.split(), *ENGINE.split(), *CONTAINER.split(), "chromium", "tshark", "uidmap"} - {*packages}
    (machine / "installed").write_text("\n".join(there) + "\n")


def test_the_engine_comes_without_its_services(machine: Path) -> None:
    without(machine, "docker.io", "containerd", "nginx")
    assert len(run(machine, "lab")) == 1
    assert FORBIDDING in calls(machine), "while apt-get works, no service may start"
    assert not (machine / "policy").exists()
    disabled = [line.split("--quiet ")[1] for line in calls(machine).splitlines() if line.startswith("systemctl")]
    assert disabled == ["containerd.service", "docker.service docker.socket", "nginx.service"]


def test_services_that_were_there_before_are_left_alone(machine: Path) -> None:
    without(machine, "docker.io")
    run(machine)
    assert [line.split()[-1] for line in calls(machine).splitlines() if "systemctl" in line] == ["docker.socket"]


def test_a_policy_of_the_machine_s_own_stays(machine: Path) -> None:
    without(machine, "docker.io")
    (machine / "policy").write_text("its own\n")
    run(machine)
    assert (machine / "policy").read_text() == "its own\n"
    assert FORBIDDING not in calls(machine)


def test_an_interrupted_installation_leaves_no_policy(machine: Path) -> None:
    without(machine, "docker.io")
    (machine / "cut-off").write_text("")
    run(machine)
    assert not (machine / "policy").exists()


@pytest.mark.parametrize("other", ["docker-ce", "containerd.io"])
def test_docker_s_own_packages_are_not_replaced(machine: Path, other: str) -> None:
    without(machine, "docker.io", "nginx")
    with (machine / "installed").open("a") as installed:
        installed.write(f"{other}\n")
    run(machine)
    assert "nginx" in calls(machine)
    assert "docker.io" not in calls(machine)


def test_without_any_right_the_engine_s_packages_are_named_apart(machine: Path) -> None:
    (machine / "uid").write_text("1000\n")
    stand_in(machine, "sudo", SUDO["asks"])
    without(machine, "docker.io")
    (said,) = run(machine)
    assert said.startswith("Not installed, so nk.engine() will not work")
    assert "docker.io" in said
