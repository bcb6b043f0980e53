"""Knows what the machine looks like from outside: the tests compare it before and after.

A picture holds what netkit must never touch: links, addresses, routes, policy rules, packet-filter
rules, sysctls, mounts and the files under /run, as far as the user who looks may see them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

# These change by themselves: counters, clocks, what the kernel tunes.
RESTLESS_SYSCTLS = (
    "fs/aio-nr",
    "fs/dentry-state",
    "fs/file-nr",
    "fs/inode-nr",
    "fs/inode-state",
    "fs/quota",
    "kernel/ns_last_pid",
    "kernel/perf_event_max_sample_rate",
    "kernel/pty/nr",
    "kernel/random",
    "kernel/tainted",
    "net/netfilter/nf_conntrack_count",
    "vm/stat_refresh",
)
# Other services write there all the time; only what bears netkit's name counts.
RESTLESS_FOLDERS = ("/run/dbus", "/run/log", "/run/sudo", "/run/systemd", "/run/udev", "/run/user")
RESTLESS_KEYS = {"valid_life_time", "preferred_life_time", "expires", "packets", "bytes", "handle", "metainfo"}

Picture = dict[str, list[str]]


def picture() -> Picture:
    """What the machine looks like now: for each aspect its facts as texts, sorted."""
    aspects = {
        "links": _listed("ip", "-j", "link"),
        "addresses": _listed("ip", "-j", "address"),
        "routes": _listed("ip", "-j", "route", "show", "table", "all")
        + _listed("ip", "-j", "-6", "route", "show", "table", "all"),
        "policy rules": _listed("ip", "-j", "rule") + _listed("ip", "-j", "-6", "rule"),
        "packet-filter rules": _packet_filter(),
        "sysctls": _sysctls(),
        "mounts": _mounts(),
        "/run": _files_under_run(),
    }
    return {aspect: sorted(facts) for aspect, facts in aspects.items()}


def differences(before: Picture, after: Picture) -> list[str]:
    """What has changed between two pictures, a sentence for each fact; empty when nothing has.

    A sysctl that is new is no change: it came with a kernel module that the kernel loaded by itself.
    """
    gone = [f"{aspect}: gone: {fact}" for aspect in before for fact in _without(before[aspect], after[aspect])]
    known = {fact.partition(" = ")[0] for fact in before["sysctls"]}
    new = [
        f"{aspect}: new: {fact}"
        for aspect in after
        for fact in _without(after[aspect], before[aspect])
        if aspect != "sysctls" or fact.partition(" = ")[0] in known
    ]
    return gone + new


def marked_processes(mark: str) -> list[str]:
    """The processes whose environment holds a text, this one and its parents excepted: "1234 python -m …".

    Args:
        mark: such as "NETKIT_TEST_RUN=…", which children inherit.
    """
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment, words = (folder / "environ").read_bytes(), (folder / "cmdline").read_bytes()
        except OSError:  # it ended, or belongs to somebody else
            continue
        if mark.encode() in environment and int(folder.name) not in _line_of_parents():
            found.append(f"{folder.name} {words.replace(bytes(1), b' ').decode(errors='replace').strip()}")
    return found


def _without(these: list[str], those: list[str]) -> list[str]:
    return sorted(set(these) - set(those))


def _line_of_parents() -> set[int]:
    line, pid = set(), os.getpid()
    while pid:
        line.add(pid)
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        pid = int(stat.rpartition(")")[2].split()[1])
    return line


def _listed(*command: str) -> list[str]:
    """The entries of a program's JSON list, each as text, without what changes by itself."""
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return [json.dumps(_calm(entry)) for entry in json.loads(answer.stdout or "[]") if entry]


def _calm(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _calm(item) for key, item in sorted(value.items()) if key not in RESTLESS_KEYS}
    return [_calm(item) for item in value] if isinstance(value, list) else value


def _packet_filter() -> list[str]:
    """Every nft table, chain and rule, those of iptables-nft among them; only root may list them."""
    if os.geteuid() != 0 or not shutil.which("nft"):
        return []
    answer = subprocess.run(["nft", "-j", "list", "ruleset"], capture_output=True, text=True, check=False)
    return [json.dumps(_calm(entry)) for entry in json.loads(answer.stdout or "{}").get("nftables", [])]


def _sysctls() -> list[str]:
    facts, root = [], Path("/proc/sys")
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            key = str(path.relative_to(root))
            if key.startswith(RESTLESS_SYSCTLS):
                continue
            try:
                facts.append(f"{key} = {path.read_text(encoding='utf-8', errors='replace').strip()}")
            except OSError:  # write-only, or not for this user
                continue
    return facts


def _mounts() -> list[str]:
    """Mount points with root, options, type and source; the ids before them and between them say nothing."""
    facts = []
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        numbered, _, kind = line.partition(" - ")
        facts.append(" ".join([*numbered.split()[3:6], kind]))
    return facts


def _files_under_run() -> list[str]:
    facts = []
    for folder, folders, names in os.walk("/run"):
        for name in folders + names:
            path = os.path.join(folder, name)
            if not folder.startswith(RESTLESS_FOLDERS) or "netkit" in name:
                facts.append(path)
    return facts
