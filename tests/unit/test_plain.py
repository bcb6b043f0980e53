"""Values as JSON and back: bytes too."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from netkit.journey.values import Seen
from netkit.model import Frame, Interface, Namespace, Snapshot
from netkit.netfilter import Connection, TraceEvent
from netkit.plain import plain, rebuilt

CONNECTION = Connection("tcp", "10.0.0.1", "10.0.0.2", 1024, 80, "10.0.0.3", "10.0.0.1", 8080, 1024, "ESTABLISHED")
HOST = Namespace("host", {"lo": Interface("lo", "loopback")}, connections=(CONNECTION,), hosts="127.0.0.1 localhost\n")


@given(st.binary(), st.binary(max_size=40))
def test_what_an_xray_saw_comes_back_from_json(data: bytes, header: bytes) -> None:
    seen = Seen(
        frames=(Frame(1, "host", "lo", "out", data, len(data)),),
        events=(TraceEvent("host", 7, "ip", "nat", "OUTPUT", "output", -100, "policy", "accept", network=header),),
        before=Snapshot({"host": HOST}),
        after=Snapshot({"host": HOST}),
        lost=3,
        untraced="this kernel has no nf_tables",
    )
    again = rebuilt(Seen, json.loads(json.dumps(plain(seen))))
    assert again == seen
    assert again.frames[0].data == data
    assert again.events[0].network == header
    assert again.after["host"].connections == (CONNECTION,)
