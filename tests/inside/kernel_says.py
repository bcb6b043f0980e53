"""What `ip`, `bridge`, `tc` and `nft` tell as JSON of a network, object by object: the judge of what has changed.

Nothing here knows netkit. Left out is what the kernel counts, times or chooses itself, what only says once more what
another object tells, and what is the same for all of a kind: docs/what-a-snapshot-leaves-out.md has each in words.
"""

from __future__ import annotations

import json
import subprocess
from typing import Any

Objects = dict[tuple[str, str, str], str]
"""(namespace, kind, which one): all that is told of it, as text."""

COUNTED = {
    *("stats", "stats64", "carrier_changes", "carrier_up_count", "carrier_down_count", "promiscuity", "allmulti"),
    *("bytes", "packets", "drops", "overlimits", "requeues", "backlog", "qlen", "refcnt", "ref", "bind", "probes"),
}
TIMED = {
    *("hello_timer", "tcn_timer", "topology_change_timer", "gc_timer", "hold_timer", "message_age_timer"),
    *("forward_delay_timer", "valid_life_time", "preferred_life_time", "used", "updated", "confirmed", "expires"),
    *("lastuse", "age", "rtt"),
}
CHOSEN_BY_THE_KERNEL = {
    *("ifindex", "link_index", "link_netnsid", "iflink_netnsid", "handle", "index", "metainfo", "root_id", "bridge_id"),
    *("designated_bridge", "designated_root", "designated_cost", "designated_port", "root_port", "root_path_cost"),
    *("topology_change", "topology_change_ack", "topology_change_detected", "id", "no"),
}
TWICE = {"operstate", "qdisc", "addr_info", "dynamic", "dadfailed", "linkmode"}
FIXED = {"min_mtu", "max_mtu", "num_tx_queues", "num_rx_queues"}
LEFT_OUT = COUNTED | TIMED | CHOSEN_BY_THE_KERNEL | TWICE | FIXED
SHADOWS = {"LOWER_UP", "RUNNING", "M-DOWN", "SLAVE", "linkdown", "dead"}
"""Flags that follow from the link at the other end, from whether a link is up, and from its being a port."""


def asked(space: str, *command: str) -> list[dict[str, Any]]:
    """What a program prints as JSON in a namespace, with what it prints twice in one list made two."""
    enter = [] if space == "host" else ["ip", "netns", "exec", space]
    text = subprocess.run([*enter, *command], capture_output=True, text=True, check=False).stdout.strip()
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(text):
        part, at = decoder.raw_decode(text, at)
        found += part if isinstance(part, list) else part.get("nftables", [])
        while at < len(text) and text[at].isspace():
            at += 1
    return [one for one in found if one]


def bare(value: Any) -> Any:
    """A JSON value without what is left out."""
    if isinstance(value, dict):
        return {key: bare(inner) for key, inner in value.items() if key not in LEFT_OUT}
    if isinstance(value, list):
        return [bare(inner) for inner in value if not (isinstance(inner, str) and inner in SHADOWS)]
    return value


def objects(*spaces: str) -> Objects:
    """Every object of some namespaces."""
    found: Objects = {}

    def tell(space: str, kind: str, which: str, facts: Any) -> None:
        text = json.dumps(bare(facts), sort_keys=True)
        found[space, kind, which] = "\n".join(sorted([*found.get((space, kind, which), "").splitlines(), text]))

    for space in spaces:
        for link in asked(space, "ip", "-d", "-j", "addr"):
            name = link["ifname"]
            tell(space, "link", name, link)
            for one in link["addr_info"]:
                if one.get("scope") == "link" and one["family"] == "inet6":
                    continue  # IPv6 gives and takes it by itself
                which = f"{one['local']}/{one['prefixlen']} on {name}"
                tell(space, "address", which, {key: one[key] for key in one if key != "label" or one[key] != name})
        for link in asked(space, "bridge", "-d", "-j", "link"):
            tell(space, "link", link["ifname"], {"port": link})
        _ways(space, tell)
        _neighbours(space, tell)
        for device in asked(space, "tc", "-j", "qdisc"):
            if device.get("kind") not in ("noqueue", "pfifo_fast", "fq_codel", "mq"):
                tell(space, "qdisc", device["dev"], device)
        _filters(space, tell)
    return found


def _ways(space: str, tell: Any) -> None:
    for version in ("-4", "-6"):
        for route in asked(space, "ip", version, "-d", "-j", "route", "show", "table", "all"):
            if route.get("table") != "local" and not route["dst"].startswith(("fe80:", "ff00:")):
                tell(space, "route", f"{route['dst']} in {route.get('table', 'main')}", route)
        for rule in asked(space, "ip", version, "-d", "-j", "rule"):
            tell(space, "rule", f"{version} {rule['priority']}", rule)
    for hop in asked(space, "ip", "-d", "-j", "nexthop"):
        tell(space, "nexthop", str(hop["id"]), {**hop, "number": hop["id"]})


def _neighbours(space: str, tell: Any) -> None:
    for arguments in (("nud", "all"), ("proxy",)):
        for one in asked(space, "ip", "-d", "-j", "neigh", "show", *arguments):
            computed = one["dst"].startswith(("224.", "ff", "127.", "::1")) or one["dst"].endswith(".255")
            by_hand = set(one.get("state", ())) & {"PERMANENT", "NOARP"} and not computed
            if arguments == ("proxy",) or by_hand:
                tell(space, "neighbour", f"{one['dst']} on {one.get('dev')}", one)
    for entry in asked(space, "bridge", "-d", "-j", "fdb"):
        by_hand = entry.get("state") in ("static", "permanent") and ("master" in entry or "dst" in entry)
        if by_hand and not entry["mac"].startswith(("33:33", "01:")) and entry.get("state") == "static":
            tell(space, "fdb", f"{entry['mac']} on {entry['ifname']}", entry)


def _filters(space: str, tell: Any) -> None:
    for one in asked(space, "nft", "-j", "list", "ruleset"):
        [(what, facts)] = one.items()
        if what == "metainfo":
            continue
        table = f"{facts['family']} {facts.get('table', facts.get('name'))}"
        tell(space, "filter", table, {what: facts})
