"""Why packets do not arrive: a walk through the values of a snapshot, layer by layer, to the first that fails."""

from netkit.diagnosis.result import Diagnosis
from netkit.diagnosis.values import Finding, Found, Packet, World
from netkit.diagnosis.walk import Walk

__all__ = ["Diagnosis", "Finding", "Found", "Packet", "Walk", "World"]
