"""What works on this machine and what is missing, each with a remedy of one line.

Everything is found out by doing it, in processes of their own; settings are read only to word a remedy.
"""

import json
import os
import shutil
import subprocess
import sys
from typing import Any, NamedTuple

from netkit.errors import InvalidValue
from netkit.sandbox import ids, log, worlds


class Finding(NamedTuple):
    """One thing that was examined.

    Attributes:
        name: what it is.
        works: whether it does.
        needed: whether netkit can do without it.
        remedy: what to do where it is missing.
    """

    name: str
    works: bool
    needed: bool
    remedy: str = ""


class Report(NamedTuple):
    """What the doctor found.

    Attributes:
        world: the world that will be used, None if none works.
        reason: why that one.
        findings: all that was examined.
        log: where the launcher's diary is.
    """

    world: str | None
    reason: str
    findings: tuple[Finding, ...]
    log: str

    @property
    def healthy(self) -> bool:
        """Whether a sandbox can be made and all that most lessons need is there."""
        return self.world is not None and all(finding.works for finding in self.findings if finding.needed)

    def to_json(self) -> str:
        """The report as JSON."""
        findings = [finding._asdict() for finding in self.findings]
        return json.dumps({**self._asdict(), "findings": findings, "healthy": self.healthy}, indent=2)

    def __str__(self) -> str:
        width = max(len(finding.name) for finding in self.findings)
        lines = [_row(finding, width) for finding in self.findings]
        chosen = f"world: {self.world}" if self.world else "no sandbox can be made here"
        return "\n".join([*lines, "", f"{chosen} ({self.reason})", f"log: {self.log}"])


def examine() -> Report:
    """Examine this machine.

    Returns:
        The report; making it takes about a second, and nothing of it is left.
    """
    findings = [_kernelspec(), *_ranges()]
    world, reason = None, ""
    try:
        names = worlds.chosen()
    except InvalidValue as error:
        names, reason = (), str(error)
    for name in names:
        result = _tried(name)
        findings += _stages(name, result)
        if result["problem"] is None:
            findings += [Finding(what, not missing, needed, missing) for what, needed, missing in result["features"]]
            world, reason = name, _why(name, names)
            break
        reason = f"tried {', '.join(names)}"
    return Report(world, reason, tuple(findings), log.path())


def _why(name: str, names: tuple[str, ...]) -> str:
    summary = worlds.load(name).SUMMARY
    if os.environ.get(worlds.VARIABLE, "auto") == name:
        return f"{summary}; {worlds.VARIABLE} asks for it"
    why = f"the first of {', '.join(names)} that works" if len(names) > 1 else "the only one there is"
    return f"{summary}; {why}"


def _tried(name: str) -> dict[str, Any]:
    """What `trial` says about a world."""
    command = [sys.executable, "-m", "netkit.sandbox.trial", name]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        last = (answer.stderr.strip().splitlines() or ["it was killed"])[-1]
        problem = {"stage": "trial", "cause": last, "remedy": "Please report this as a fault of netkit"}
        return {"passed": [], "notes": [], "problem": problem, "features": []}
    return json.loads(answer.stdout)


def _stages(name: str, result: dict[str, Any]) -> list[Finding]:
    findings = [Finding(f"{name} world: {stage}", works=True, needed=False) for stage in result["passed"]]
    notes = "; ".join(result["notes"])
    if not result["problem"]:
        findings.append(Finding(f"{name} world: complete", works=not notes, needed=False, remedy=notes))
    if problem := result["problem"]:
        remedy = f"{problem['cause']}. {problem['remedy']}"
        findings.append(Finding(f"{name} world: {problem['stage']}", works=False, needed=False, remedy=remedy))
    return findings


def _kernelspec() -> Finding:
    place = os.path.join(sys.prefix, "share", "jupyter", "kernels", "netkit", "kernel.json")
    works = os.path.exists(place)
    remedy = "" if works else "Install netkit again into this environment, which brings the kernel's description"
    return Finding("kernel 'netkit' known to Jupyter", works, needed=True, remedy=remedy)


def _ranges() -> list[Finding]:
    """Whether there are more ids than one; root can give itself some."""
    findings = []
    for kind, option in zip(ids.kinds(), ("subuids", "subgids"), strict=True):
        remedy = ""
        if os.geteuid() and not shutil.which(kind.program):
            remedy = f"'{kind.program}' is not installed: 'apt install uidmap'; tcpdump and the Docker Engine need it"
        elif os.geteuid() and ids.granted(kind.grants) is None:
            grant = f"usermod --add-{option} 100000-165535 {ids.account_name()}"
            remedy = f"{kind.grants} has no range for you: an administrator can grant one with '{grant}'"
        findings.append(Finding(f"range in {kind.grants}", not remedy, needed=False, remedy=remedy))
    return findings


def _row(finding: Finding, width: int) -> str:
    mark = "works  " if finding.works else "MISSING" if finding.needed else "missing"
    return f"{mark}  {finding.name:<{width}}  {finding.remedy}".rstrip()
