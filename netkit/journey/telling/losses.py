"""Why a packet was "last seen" there, though nobody told: VLAN tag, tunnel, forwarding, route, MTU, counters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.journey.telling import beside, doors, ports, switches, verdicts
from netkit.journey.telling.around import without_signal
from netkit.journey.telling.claims import NOTHING, Claim, said
from netkit.journey.telling.doors import SILENT
from netkit.journey.telling.reasons import by_policy, by_table, no_neighbour, no_route
from netkit.journey.telling.routed import written
from netkit.journey.values import ENTERED, OUTSIDE, ROUTING, TAKEN

if TYPE_CHECKING:
    from netkit.journey.joining.parsed import View
    from netkit.journey.telling.around import Around
    from netkit.journey.telling.trip import Trip
    from netkit.journey.values import Step
    from netkit.packets.ip import IpHeader

_TAG = 4  # bytes that the kernel lets a frame have beyond its MTU: a VLAN tag (is_skb_forwardable)


def lost(trip: Trip, around: Around, leaf: int) -> Claim:
    """Why a packet, or one of its copies, was not seen any further.

    Args:
        trip: its steps.
        around: the networks.
        leaf: its last step.
    """
    step, shown = trip.steps[leaf], trip.record(leaf)
    at = leaf if step.interface is not None else trip.frame_before(leaf)
    view = _view(trip, leaf)
    head = view.ip if view is not None else None
    came = trip.steps[at] if at is not None and trip.steps[at].namespace == step.namespace else None
    if came is not None and around.passing(*came.place):
        words = f"{_last_seen(step, came)}, which was there for a while only, so nothing is known of it"
        return said(words, shown, around.searched(came.namespace))
    if (queued := verdicts.handed_over(step.events)) is not None:
        words = f"{verdicts.by_whom(queued)} of {step.namespace} leads it to a queue for programs"
        return said(f"{words}, from which it did not come back", queued.event)
    if came is not None and head is not None and head.fragment and at is not None and trip.overlaps(at):
        words = f"its fragments that came in at {came.where} overlap, and are not put together"
        return said(words, *(trip.steps[number].frame for number in trip.together(at)))
    outside = _at_interface(trip, around, (leaf, at), view) if at is not None else NOTHING
    return outside or _inside(trip, around, (leaf, came), head)


def _at_interface(trip: Trip, around: Around, last: tuple[int, int], view: View | None) -> Claim:
    """A packet that came no further than to an interface, or to a bridge; NOTHING of any other."""
    leaf, at = last
    step = trip.steps[at]
    if leaf == at and step.direction == "out":
        return _went_out(trip, around, leaf, view.ip if view is not None else None)
    if view is None or step.direction != "in" or step.namespace != trip.steps[leaf].namespace:
        return NOTHING
    port = around.master(*step.place) is not None
    if port and (leaf == at or _is_passing(around, step, view.ip)):
        return ports.at_port(trip, around, at, view)
    if view.vni is not None or (view.carrier and step.fate != OUTSIDE):
        return _tunnel_ends(trip, around, leaf, view)
    if step.fate != OUTSIDE:
        return NOTHING
    return _no_vlan(trip, around, at, view) if view.tags else doors.stopped_outside(around, step)


def _inside(trip: Trip, around: Around, last: tuple[int, Step | None], head: IpHeader | None) -> Claim:
    """A packet that a namespace had, and neither took nor sent."""
    leaf, came = last
    step, shown = trip.steps[leaf], trip.record(leaf)
    if came is not None and head is not None and (now := around.meanwhile.rewritten(came)) is not None:
        head = head._replace(target=now)
    if head is not None and (reason := _not_routed(around, came, step, head)):
        return said(reason.text, reason, shown)
    why = _quietly(around, step, came, head)
    return said(f"{_last_seen(step, came)}; {why.text or SILENT}", shown, why)


def _is_passing(around: Around, came: Step, head: IpHeader | None) -> bool:
    """Whether a packet that passed hooks at a bridge's port is not for the machine itself."""
    master = around.master(*came.place)
    return master is not None and head is not None and not around.own(came.namespace, head.target)


def _quietly(around: Around, step: Step, came: Step | None, head: IpHeader | None) -> Claim:
    """What counted a packet that nobody told of: a rule of iptables' older kind, a queue, a protocol."""
    space = step.namespace
    where = doors.ON_THE_WAY if came is not None else doors.SENT
    older = doors.by_older(around, space, where, head.version if head is not None else 0)
    route = around.route(space, head.target, None) if head is not None else None
    queue = doors.by_queue(around, space, route.device if route is not None else None)
    if came is not None and came.direction == "in":
        queue = doors.counted_at_door(around, space, came.interface or "", "ingress") or queue
    policy = NOTHING
    if came is not None and head is not None:
        policy = by_policy(around, space, len(head.target)) or by_table(around, space, head.target)
    if policy and not older and not queue:
        return said(f"{space} has {policy}, which may have refused it", policy)
    return older or queue or doors.counted_too(around, space)


def _view(trip: Trip, leaf: int) -> View | None:
    before = trip.shown_before(leaf)
    return trip.last[leaf] or (trip.last[before] if before is not None else None)


def _last_seen(step: Step, came: Step | None) -> str:
    if step.hook not in (None, ROUTING):
        return f"last seen at {step.namespace} {str(step.hook).upper()}"
    if came is None:
        return f"last seen in {step.namespace}, where it was sent"
    way = "coming in at" if came.direction == "in" else "going out of"
    return f"last seen {way} {came.where}"


def _went_out(trip: Trip, around: Around, leaf: int, head: IpHeader | None) -> Claim:
    """A frame that was sent and seen nowhere else."""
    step, shown = trip.steps[leaf], trip.record(leaf)
    link = around.interface(*step.place)
    own = around.record(*step.place)
    if link is not None and link.kind == "vxlan":
        queue = doors.by_loss(around, step.namespace, link.name, "SENDING")
        return said(f"{step.where} knows no VTEP to send it to", shown, own, queue)
    below = around.ports(step.namespace, link.name) if link is not None and link.kind == "bridge" else []
    if link is not None and below and not any(port.up and port.carrier for port in below):
        return said(f"{link.name} has no port that is up", shown, *below)
    if link is not None and link.kind == "veth" and link.peer is not None and around.is_watched(*link.peer):
        return _at_other_end(trip, around, leaf, head)
    if below:
        why = ports.by_own(trip, around, leaf)
        return said(f"last seen going out of {step.where}; {why.text or SILENT}", shown, why)
    if beside.shows(around, step):
        return said(f"last seen at {step.where}, to which a filter of tc leads packets; {SILENT}", shown, own)
    return said(f"it left the watched networks by {step.where}", shown, own)


def _at_other_end(trip: Trip, around: Around, leaf: int, head: IpHeader | None) -> Claim:
    """A frame that did not come in at the other end of a cable (veth(4))."""
    step, shown = trip.steps[leaf], trip.record(leaf)
    link = around.interface(*step.place)
    peer = (link.peer if link is not None else None) or ("", "")
    other, end, found = around.interface(*peer), ":".join(peer), around.record(*peer)
    if other is not None and not other.up:
        return said(f"it left by {step.where}, but {end}, the cable's other end, is down", shown, found)
    size = head.size + header(head) if head is not None else 0
    if other is not None and size > other.mtu + _TAG:
        return said(f"it has {size} bytes, but {end}, the cable's other end, takes at most {other.mtu}", shown, found)
    loss = doors.by_loss(around, *step.place, "SENDING")
    return said(f"it left by {step.where} and did not come in at {end}; {loss.text or SILENT}", shown, found, loss)


def header(head: IpHeader) -> int:
    """How many bytes the IP header itself has."""
    return 40 if head.version == 6 else 20


def _no_vlan(trip: Trip, around: Around, at: int, view: View) -> Claim:
    """A tagged frame that no VLAN device took."""
    step, tag = trip.steps[at], view.tags[0]
    links = {link.name: link for link in around.links(step.namespace)}
    upon = [link for link in links.values() if link.kind == "vlan" and link.parent == step.place]
    own = [link for link in upon if link.detail("vlan") == str(tag)]
    if not own:
        words = f"it came in at {step.where} with the VLAN tag {tag}, and no device there has that number"
        return said(words, trip.record(at), around.searched(step.namespace), *upon)
    why = f", but {own[0].name} is down" if not own[0].up else f", but did not come to {own[0].name}; {SILENT}"
    return said(f"it came in at {step.where} with the VLAN tag {tag}{why}", trip.record(at), *own)


def _tunnel_ends(trip: Trip, around: Around, leaf: int, view: View) -> Claim:
    """The outer packet arrived, the inner one did not come out (RFC 7348)."""
    namespace, shown = trip.steps[leaf].namespace, trip.record(leaf)
    if view.vni is None:
        words = f"the tunnel's packet ({view.carrier}) reached {namespace}, but came out of no device there"
        return said(words, shown, around.searched(namespace))
    port = view.ip.ports[1] if view.ip is not None else None
    links = {link.name: link for link in around.links(namespace)}
    devices = [link for link in links.values() if link.kind == "vxlan"]
    same = [link for link in devices if link.vni == view.vni]
    if not same:
        words = f"no VXLAN device of {namespace} has the network {view.vni}"
        return said(words, shown, around.searched(namespace), *devices)
    link = same[0]
    listens = link.detail("port")
    if listens is not None and listens != str(port):
        return said(f"{link.name} of {namespace} listens on UDP port {listens}, not on {port}", shown, link)
    if not link.up:
        return said(f"{link.name} of {namespace} is down", shown, link)
    loss = doors.by_loss(around, namespace, link.name, "RECEIVING")
    words = f"the tunnel's packet reached {namespace}, but nothing came out of {link.name}; {loss.text or SILENT}"
    return said(words, shown, link, loss)


def _not_routed(around: Around, came: Step | None, step: Step, head: IpHeader) -> Claim:
    """A packet that a namespace neither took nor sent on."""
    if around.own(step.namespace, head.target) or around.everyone(step.namespace, head.target):
        return _not_taken(around, came, head) if came is not None and came.fate in (ENTERED, TAKEN) else NOTHING
    forwarding = _not_forwarded(around, came, head) if came is not None and came.direction == "in" else NOTHING
    if forwarding or came is not None:
        return forwarding or _no_way(around, step.namespace, head)
    older = doors.by_older(around, step.namespace, doors.SENT, head.version)
    return older or switches.kept_inside(around, step.namespace, head) or _no_way(around, step.namespace, head)


def _not_taken(around: Around, came: Step, head: IpHeader) -> Claim:
    """Why a namespace did not take in a packet for itself that had come to PREROUTING."""
    name = around.wording.address(head.target)
    if wrong := switches.refused_source(around, came, head) or switches.refused_target(around, came, head):
        return wrong
    bearer = around.bearer(came.namespace, head.target) or around.searched(came.namespace)
    if head.fragment:
        failed = around.meanwhile.counted(came.namespace, "IpReasmFails", "Ip6ReasmFails")
        words = f"it came in at {came.where}, where {name} is, but not all fragments did"
        return said(words, came.frame, bearer, failed)
    why = doors.by_older(around, came.namespace, doors.TAKEN_IN, head.version)
    why = why or doors.counted_too(around, came.namespace)
    words = f"it came in at {came.where}, but {came.namespace} did not take it in; {why.text or SILENT}"
    return said(words, came.frame, bearer, why)


def _not_forwarded(around: Around, came: Step, head: IpHeader) -> Claim:
    """Why a namespace does not act as a router."""
    if wrong := switches.no_router(around, came, head) or switches.refused_source(around, came, head):
        return wrong
    limit = "hop limit" if head.version == 6 else "TTL"
    return said(f"its {limit} ran out in {came.namespace}", came.frame) if head.ttl <= 1 else NOTHING


def _no_way(around: Around, namespace: str, head: IpHeader) -> Claim:
    """Why a packet does not leave a namespace: routes, neighbours, interfaces, their MTU, their queues."""
    route = around.route(namespace, head.target, None)
    if route is None or route.kind != "unicast":
        return no_route(around, namespace, head.target)
    link = around.interface(namespace, route.device or "")
    own = around.record(namespace, route.device or "")
    if link is not None and not (link.up and link.carrier):
        leads = f"the route {written(route)} leads to {around.wording.address(head.target)}"
        return said(f"{leads}, but {link.name} {without_signal(link)}", route, own)
    if unanswered := no_neighbour(around, namespace, head.target):
        return unanswered
    if link is not None and head.whole and head.size + header(head) > link.mtu:
        words = f"too big for {namespace}:{link.name}, which takes {link.mtu} bytes, and not to be fragmented"
        return said(words, own)
    return NOTHING
