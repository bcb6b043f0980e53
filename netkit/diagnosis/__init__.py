"""Why packets do not arrive: a walk through the values of a snapshot, layer by layer, to the first that fails."""

from netkit.diagnosis.findings import Finding, Found, World
from netkit.diagnosis.packet import Packet
from netkit.diagnosis.report import Diagnosis
from netkit.diagnosis.walk import Walk

__all__ = ["Diagnosis", "Finding", "Found", "Packet", "Walk", "World"]
