"""Faults of a published port with the rules of Docker 29 by nftables: in a chain, and in the maps that lead to one."""

from __future__ import annotations

from netkit.tickets.fault import Fault
from netkit.tickets.faults_docked import CALLED

_TABLE, _NEEDS = "ip docker-bridges", "nft for ip"
_INTO, _NAT, _RAW = "filter-forward-in__{br}", "nat-prerouting-and-output", "raw-PREROUTING"
_HOST_ONLY = 'ip daddr {out_ip} iifname != "lo" tcp dport {outer} counter drop'
_ANSWERS, _OPENED = "ct state established,related counter accept", "ip daddr {a_ip} tcp dport {port} counter accept"
_UNANSWERED = "{open}, {a} gets no answer from {b_ip}; its published port is served."


def _handle(chain: str, words: str) -> str:
    """What finds the handle of the rule that has some words in it."""
    return f"handle $(nft -a list chain {_TABLE} {chain} | sed -n 's/.*{words}.* # handle //p')"


def _led(address: str) -> str:
    """What lets the published port lead to an address."""
    at = _handle(_NAT, "dport {outer} ")
    words = f'tcp dport {{outer}} counter dnat to {address}:{{port}} comment "DNAT"'
    return f"nft replace rule {_TABLE} {_NAT} {at} '{words}'"


def _element(act: str, name: str, verdict: str = "") -> str:
    """What adds or deletes the bridge's element of a map."""
    return f"nft '{act} element {_TABLE} {name}-jumps {{{{ \"{{br}}\"{verdict} }}}}'"


MAPPED = (
    Fault(
        "a rule of nftables keeps the port for the host alone",
        "raw rule",
        "published by nftables",
        "page",
        CALLED + " At the host itself the page is there.",
        f"nft add rule {_TABLE} {_RAW} '{_HOST_ONLY}'",
        f"nft delete rule {_TABLE} {_RAW} {_handle(_RAW, 'tcp dport {outer} ')}",
        {"a rule for the filter": f"nft insert rule {_TABLE} {_INTO} tcp dport {{outer}} accept"},
        needs=_NEEDS,
    ),
    Fault(
        "the translation leads to an earlier container",
        "translation",
        "published by nftables",
        "page",
        CALLED,
        _led("{nobody}"),
        _led("{a_ip}"),
        needs=_NEEDS,
    ),
    Fault(
        "no rule lets the published port in",
        "filter rule",
        "published by nftables",
        "page",
        CALLED,
        f"nft delete rule {_TABLE} {_INTO} {_handle(_INTO, 'ip daddr {a_ip} tcp dport {port} ')}",
        f"nft insert rule {_TABLE} {_INTO} {_handle(_INTO, 'UNPUBLISHED')} {_OPENED}",
        {"the drop is taken away": f"nft delete rule {_TABLE} {_INTO} {_handle(_INTO, 'UNPUBLISHED')}"},
        (r"^[-+~] .*filter-forward-in__{br}: ip daddr {a_ip} tcp dport {port} .*accept",),
        needs=_NEEDS,
    ),
    Fault(
        "no rule lets answers in",
        "filter rule",
        "published by nftables",
        "out",
        _UNANSWERED,
        f"nft delete rule {_TABLE} {_INTO} {_handle(_INTO, 'ct state')}",
        f"nft insert rule {_TABLE} {_INTO} {_ANSWERS}",
        {"new ones": f"nft insert rule {_TABLE} {_INTO} ct state new counter accept"},
        (r"^[-+~] .*filter-forward-in__{br}: ct state [^ ]* .*accept",),
        needs=_NEEDS,
    ),
    Fault(
        "the map sends what is for the bridge nowhere",
        "filter rule",
        "published by nftables",
        "page",
        CALLED,
        f"{_element('delete', 'filter-forward-in')}; {_element('add', 'filter-forward-in', ' : drop')}",
        f"{_element('delete', 'filter-forward-in')}; {_element('add', 'filter-forward-in', f' : jump {_INTO}')}",
        {"the door for all": _element("delete", "filter-forward-in")},
        needs=_NEEDS,
    ),
    Fault(
        "no map leads to what hides the network",
        "no masquerade",
        "published by nftables",
        "out",
        _UNANSWERED,
        _element("delete", "nat-postrouting-out"),
        _element("add", "nat-postrouting-out", " : jump nat-postrouting-out__{br}"),
        needs=_NEEDS,
    ),
)
