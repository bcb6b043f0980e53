"""`netkit doctor`: it examines worlds, kernelspec, ranges of ids, terminals (TIOCSTI), programs and what lessons do.

Everything is found out by doing it, in processes of their own and in every world; settings are read only to
word a remedy.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from typing import Any

from netkit.errors import InvalidValue
from netkit.sandbox import log, worlds
from netkit.sandbox.doctor.report import HERE, LESSONS, Finding, Report
from netkit.sandbox.doctor.trial import Trial
from netkit.sandbox.problems import UML, Cure, sysctl
from netkit.sandbox.user import ids

_BRIEFLY = 10.0
"""Seconds that a world which will not be used has to come into being; User-Mode Linux needs 2 on a quiet machine."""

_GRANT = "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535"


def examine(*, lessons: bool = True) -> Report:
    """Examine this machine: every world at once, and the lessons' acts in the one that will be used.

    Args:
        lessons: whether to try the lessons' acts, or only that the worlds run a program.

    Returns:
        The report; making it takes some 3 seconds, 10 in User-Mode Linux, and nothing of it is left.
    """
    try:
        wanted, complaint = worlds.chosen(), ""
    except InvalidValue as error:
        wanted, complaint = (), str(error)
    trials = {name: Trial(name) for name in worlds.WORLDS}
    try:
        findings = [_kernelspec(), *_ranges(), *_terminals()]
        world = _examine_worlds(trials, wanted, findings, lessons=lessons)
    finally:
        for trial in trials.values():
            trial.end()
    reason = complaint or (_why(world, wanted) if world else f"tried: {', '.join(wanted)}")
    return Report(world, reason, tuple(findings), log.path())


def _examine_worlds(
    trials: Mapping[str, Trial], wanted: tuple[str, ...], findings: list[Finding], *, lessons: bool
) -> str | None:
    """Add what is found of each world; the first of the wanted ones that works."""
    world, tried = None, []
    for name, trial in trials.items():
        is_wanted = name in wanted and world is None
        made = trial.made(None if is_wanted else _BRIEFLY)
        findings += _stages(name, made)
        if is_wanted and made and made["problem"] is None:
            world = name
            tried = [_lesson(feature) for feature in trial.features(lessons=lessons)]
    findings += tried
    return world


def _why(name: str, wanted: tuple[str, ...]) -> str:
    summary = worlds.load(name).SUMMARY
    if os.environ.get(worlds.VARIABLE, "auto") == name:
        return f"{summary}; {worlds.VARIABLE} asks for it"
    before = wanted[: wanted.index(name)]
    why = f"{' and '.join(before)} cannot be made here" if before else "it is the fastest, and works here"
    return f"{summary}; {why}"


def _stages(name: str, made: dict[str, Any] | None) -> list[Finding]:
    section = f"{name} world"
    if made is None:
        cause = f"it was not ready within {_BRIEFLY:g} s; it is not the world that will be used"
        remedy = "Try it by itself, when less is going on"
        return [
            Finding(section, "start", works=False, cause=cause, remedy=remedy, line=f"{_asking(name)}netkit doctor")
        ]
    findings = [Finding(section, stage, works=True) for stage in made["passed"]]
    if problem := made["problem"]:
        told = {key: problem[key] for key in ("cause", "remedy", "line")}
        findings.append(Finding(section, problem["stage"], works=False, **told))
    elif made["notes"]:
        remedy = "Go on without: the lessons that need it say so"
        if name != UML:
            remedy += "; what is said above of ids may help"
        findings.append(Finding(section, "complete", works=False, cause="; ".join(made["notes"]), remedy=remedy))
    return findings


def _asking(name: str) -> str:
    return f"{worlds.VARIABLE}={name} "


def _lesson(feature: dict[str, Any]) -> Finding:
    told = {key: feature[key] for key in ("cause", "remedy", "line")}
    return Finding(LESSONS, feature["name"], works=not feature["cause"], needed=feature["needed"], **told)


def _kernelspec() -> Finding:
    place = os.path.join(sys.prefix, "share", "jupyter", "kernels", "netkit", "kernel.json")
    name = "Jupyter knows the kernel 'netkit'"
    if os.path.exists(place):
        return Finding(HERE, name, works=True, needed=True)
    cause = f"there is no {place}"
    remedy = "Install netkit again into this environment, which brings the kernel's description"
    return Finding(HERE, name, works=False, needed=True, cause=cause, remedy=remedy, line="make env")


def _ranges() -> list[Finding]:
    """Whether there are more ids than one; root can give itself some."""
    findings = []
    for kind in ids.kinds():
        cure = _range(kind) if os.geteuid() else None
        told = cure._asdict() if cure else {}
        findings.append(Finding(HERE, f"range of ids in {kind.grants}", works=not cure, **told))
    return findings


def _terminals() -> list[Finding]:
    """Whether programs may type into their terminal (ioctl_tty(2)); Linux before 6.2 asks nobody."""
    switch = "dev.tty.legacy_tiocsti"
    if not (value := sysctl(switch)):
        return []
    name = "terminals that programs cannot type into"
    if value == "0":
        return [Finding(HERE, name, works=True)]
    cause = f"{switch} is {value}: what a program types there (TIOCSTI), the shell outside takes for yours"
    remedy = "Sandboxes have terminals of their own; for all other programs an administrator can forbid it"
    return [Finding(HERE, name, works=False, cause=cause, remedy=remedy, line=f"sudo sysctl -w {switch}=0")]


def _range(kind: ids.Kind) -> Cure | None:
    if not shutil.which(kind.program):
        remedy = "Install it; without, tcpdump and the Docker Engine do not run in the sandbox"
        return Cure(f"the program '{kind.program}' is not installed", remedy, "sudo apt install uidmap")
    if ids.granted(kind.grants) is None:
        remedy = "An administrator can grant one, of ids that nobody else has; tcpdump and the Docker Engine need it"
        return Cure(f"{kind.grants} has no range for you", remedy, f"{_GRANT} {ids.account_name() or 'YOUR_NAME'}")
    return None
