"""Steps as texts that a test can spell out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netkit.journey.values import Step


def told(journey: list[Step]) -> list[str]:
    """As "0 → host:br0 out", "1 → host routing", "2 → host forward: drop"; the number is that of the step before."""
    return [_before(step) + _where(step) for step in journey]


def _before(step: Step) -> str:
    return "" if step.after is None else f"{step.after} → "


def _where(step: Step) -> str:
    if step.interface is not None:
        return f"{step.namespace}:{step.interface} {step.direction}"
    verdict = f": {step.events[-1].verdict}" if step.events else ""
    return f"{step.namespace} {step.hook}{verdict}"
