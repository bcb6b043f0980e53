"""Knows the order in which changes are told, and what has changed of namespaces, /etc/hosts and processes."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from netkit.changes.filters import rules
from netkit.changes.links import links
from netkit.changes.pairing import paired
from netkit.changes.place import Place
from netkit.changes.result import GONE, MADE, OTHER, Change
from netkit.changes.steering import further, groups, next_hops, policies, queues, sysctls
from netkit.changes.tables import addresses, connections, forwarding, neighbours, routes
from netkit.changes.words import Words, steady
from netkit.model.facts import host_first

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.model import Namespace, Snapshot

_BOILERPLATE = ("127.0.0.1", "::1", "fe00::", "ff00::", "ff02::")
"""What the first lines of every container's hosts file begin with; told of one that changes, not of one that is new."""

_MACHINERY = frozenset(["containerd-shim", "unshare"])
"""Processes beside a container's own that only keep it."""


def told(before: Snapshot, after: Snapshot, *, counters: bool) -> Iterator[Change]:
    """The changes from one snapshot to another, namespace by namespace, the host's first.

    Args:
        before: the earlier one.
        after: the later one.
        counters: whether to tell how many packets more a rule has counted.
    """
    kinds = {
        "namespaces": _namespace,
        "links": links,
        "addresses": addresses,
        "routes": routes,
        "neighbours": neighbours,
        "fdb": forwarding,
        "rules": partial(rules, counters=counters),
        "connections": connections,
        "groups": groups,
        "further": further,
        "policies": policies,
        "nexthops": next_hops,
        "queues": queues,
        "sysctls": sysctls,
        "hosts": _hosts,
        "processes": _processes,
    }
    for place in sorted(_places(before, after), key=lambda place: (host_first(place.name), place.new is not None)):
        if not counters and _is_untouched(place):
            continue
        for kind, tell in kinds.items():
            yield from (Change(sign, kind, place.name, text) for sign, text in tell(place))


def _is_untouched(place: Place) -> bool:
    """Whether nothing can be told of a namespace; which FDB entries are news depends on what others know."""
    return place.old == place.new and not (place.new and place.new.fdb)


def _places(before: Snapshot, after: Snapshot) -> Iterator[Place]:
    pairs = paired(before, after)
    words = Words(before, after), Words(after, before)
    for space in before:
        if space.name in pairs.spaces:
            yield Place(space, after[pairs.spaces[space.name]], pairs.renamed(space), *words, pairs)
        else:
            yield Place(space, None, space, *words, pairs)
    known = set(pairs.spaces.values())
    yield from (Place(None, space, None, *words, pairs) for space in after if space.name not in known)


def _namespace(place: Place) -> Iterator[tuple[str, str]]:
    if place.old is None or place.new is None:
        space = place.new or place.old
        nameless = "" if space.named else ", nameless"  # type: ignore[union-attr]  (one of them is there)
        yield (MADE if place.new else GONE), f"namespace {place.name}{nameless}"
    elif place.old.name != place.new.name and (place.old.named or place.new.named):
        yield OTHER, f"namespace {place.old.name} → {place.new.name}"
    elif place.old.named != place.new.named:
        words = ["named" if space.named else "nameless" for space in (place.old, place.new)]
        yield OTHER, f"namespace {place.name}: {' → '.join(words)}"


def _hosts(place: Place) -> Iterator[tuple[str, str]]:
    """Lines of /etc/hosts, and of the other files that name hosts."""
    there = place.old is not None and place.new is not None
    old, new = (_lines(space, all_of_it=there) for space in (place.old, place.new))
    yield from ((GONE, f"hosts {line}") for line in (old - new).elements())
    yield from ((MADE, f"hosts {line}") for line in (new - old).elements())
    was, now = (_of_files(space, all_of_it=there) for space in (place.old, place.new))
    yield from ((GONE, line) for line in (was - now).elements())
    yield from ((MADE, line) for line in (now - was).elements())


def _of_files(space: Namespace | None, *, all_of_it: bool) -> Counter[str]:
    """Each line with its file; of a namespace that was not always there only what was made for it."""
    kept = [pair for pair in (space.files if space else ()) if all_of_it or pair[0].startswith("/etc/netns/")]
    lines = [
        (path.replace("/etc/hosts", "hosts"), " ".join(line.split()))
        for path, text in kept
        for line in text.splitlines()
    ]
    empty = (f"{path}, empty" for path, text in kept if not text.strip())
    return Counter([*(f"{path} {line}" for path, line in lines if line), *empty])


def _lines(space: Namespace | None, *, all_of_it: bool) -> Counter[str]:
    text = (space.hosts if space else None) or ""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return Counter(steady(line) for line in lines if line and (all_of_it or not line.startswith(_BOILERPLATE)))


def _processes(place: Place) -> Iterator[tuple[str, str]]:
    """Programs of which more or fewer processes run; how many is often a matter of how many processors there are."""
    old, new = (Counter(space.processes if space else ()) for space in (place.old, place.new))
    yield from ((GONE, f"process {name}") for name in sorted(old - new) if name not in _MACHINERY)
    yield from ((MADE, f"process {name}") for name in sorted(new - old) if name not in _MACHINERY)
