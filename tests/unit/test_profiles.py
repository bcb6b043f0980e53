"""What deploy/ has for AppArmor and seccomp is what netkit says of it."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

from netkit.sandbox.doctor import apparmor
from tests.outside import seccomp
from tests.project import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

DOCKER_20_10_24 = "d15586201aa8adc6a711bf79c92283bf35a0ddfad8bb912df4da25aee9aa8bf1"
"""SHA-256 of Docker's default profile, as compact JSON."""

ADDED = {"mount", "sethostname", "setns", "umount2", "unshare"}


def test_seccomp_is_docker_s_and_one_rule() -> None:
    base = json.dumps(seccomp.docker(), separators=(",", ":"))
    assert hashlib.sha256(base.encode()).hexdigest() == DOCKER_20_10_24
    assert set(seccomp.added()) == ADDED


def test_docker_forbids_what_is_added() -> None:
    allowed = {
        name
        for rule in filter(seccomp.applicable, seccomp.docker()["syscalls"])
        if rule["action"] == "SCMP_ACT_ALLOW"
        for name in rule["names"]
    }
    assert not allowed & ADDED
    assert {"read", "execve", "clone"} <= allowed


def test_the_apparmor_profile_of_an_environment_of_its_own() -> None:
    assert (ROOT / "deploy" / "apparmor" / "netkit").read_text(encoding="utf-8") == apparmor.profile(apparmor.OWN_PLACE)


def test_the_apparmor_profile_names_the_file_behind_the_links(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real, link = tmp_path / "python3.12", tmp_path / "env" / "bin" / "python"
    real.touch()
    link.parent.mkdir(parents=True)
    link.symlink_to(real)
    monkeypatch.setattr(apparmor.sys, "executable", str(link))
    monkeypatch.setattr(apparmor.sys, "prefix", str(tmp_path / "env"))
    assert re.search(rf"^profile netkit {real} flags=\(unconfined\) {{\n  userns,$", apparmor.profile(), re.MULTILINE)
    assert "of every user" in apparmor.cost()
    link.unlink()
    link.touch()
    assert "of every user" not in apparmor.cost()
    assert f"program that {link} runs" in apparmor.cost()
