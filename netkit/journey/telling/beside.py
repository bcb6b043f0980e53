"""Knows what an ifb device shows of a packet: a filter of tc leads it there, and it comes back (tc-mirred(8))."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.journey.telling.claims import NOTHING, Claim, said

if TYPE_CHECKING:
    from netkit.journey.telling.around import Around
    from netkit.journey.telling.trip import Trip
    from netkit.journey.values import Step


def shows(around: Around, step: Step) -> bool:
    """Whether a step is at an ifb device."""
    link = around.interface(*step.place) if step.direction == "out" else None
    return link is not None and link.kind == "ifb"


def led(trip: Trip, around: Around, number: int) -> Claim:
    """Which filter led a packet, or a copy of it, to an ifb device.

    Args:
        trip: the packet's steps.
        around: the networks.
        number: the step at that device.
    """
    step, before = trip.steps[number], trip.frame_before(number)
    device = trip.steps[before].interface if before is not None else None
    for each in around.last(step.namespace).queues:
        if each.what == "filter" and each.device == device and f" to device {step.interface})" in each.text:
            if " Mirror to" in each.text:
                words = f"A filter of tc at {device} leaves a copy at {step.interface}, where that ends."
            else:
                words = f"A filter of tc at {device} leads it to {step.interface}, which gives it back to {device}."
            return said(words, step.frame, each)
    return NOTHING
