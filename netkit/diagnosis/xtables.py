"""What a rule of iptables, ebtables or arptables does: its target (DROP, DNAT, MARK, TPROXY …), if it matches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from netkit.diagnosis import matching, nat
from netkit.diagnosis.matching import ACCEPT, DROP, ON, PROXY, RETURN, Act
from netkit.diagnosis.xtables_options import ALL, OF_TOOL, TESTS, of_connection, with_mask

if TYPE_CHECKING:
    from collections.abc import Collection

    from netkit.diagnosis.matching import Holds, Passing
    from netkit.diagnosis.packet import Packet
    from netkit.diagnosis.xtables_options import Test
    from netkit.model import Rule

_SILENT_MODULES = frozenset(
    ["tcp", "udp", "icmp", "icmp6", "ipv6-icmp", "conntrack", "state", "multiport", "comment", "addrtype", "physdev",
     "limit", "mark", "pkttype", "iprange", "length", "mac", "statistic", "ttl", "hl", "owner", "u32", "string",
     "connmark", "connlimit", "hashlimit", "recent", "tcpmss", "time", "dscp", "tos", "set", "bpf", "quota", "helper"]
)  # fmt: skip
"""Modules that ask for nothing unless an option of theirs says what."""

_VERDICTS = {"ACCEPT": ACCEPT, "DROP": DROP, "REJECT": DROP, "RETURN": RETURN, "CONTINUE": ON, "TPROXY": PROXY}
_UNKNOWN_VERDICTS = frozenset({"NFQUEUE", "QUEUE", "SYNPROXY", "redirect", "dnat"})
"""Targets that may end a packet's way here, or lead it elsewhere."""


def does(rule: Rule, chains: Collection[str], passing: Passing) -> list[Act]:
    """What a rule may do with a packet: one thing where all is known, else first of all to let it go on.

    Args:
        rule: of iptables, ip6tables, ebtables or arptables.
        chains: the names of its table's chains.
        passing: the packet at its hook.
    """
    holds = matches(rule, passing)
    if holds is False or not rule.target:
        return [ON]
    acts = _done(rule, chains, passing)
    return acts if holds else [ON, *(act for act in acts if act != ON)]


def ends(policy: Rule, _: Passing) -> list[Act]:
    """What the end of a chain of one's own of ebtables does.

    Args:
        policy: of that chain, or the chain where nobody set one.
    """
    return [_VERDICTS.get(policy.policy, ACCEPT)]


def _done(rule: Rule, chains: Collection[str], passing: Passing) -> list[Act]:
    if rule.target in chains:
        return [Act("goto" if rule.goto else "jump", rule.target)]
    if rule.target in _VERDICTS:
        return [_VERDICTS[rule.target]]
    if rule.target == "arpreply":  # who is asked for does not hear it, and need not where the answer is right
        return [ON if rule.option("--arpreply-mac") == passing.meant else DROP]
    if rule.target in _UNKNOWN_VERDICTS:
        return [ON, DROP]
    translated = nat.of_iptables(rule, passing)
    if translated is not None:
        return [Act("accept", packet=translated)]
    changed = _changed(rule, passing.packet)
    return [ON if changed is None else Act("on", packet=changed)]


def _changed(rule: Rule, packet: Packet) -> Packet | None:
    """The packet after a rule that writes into it, None where it is as before."""
    options = {option for option, *_ in rule.options}
    if rule.target == "NOTRACK" or (rule.target == "CT" and "--notrack" in options):
        return replace(packet, untracked=True)
    if rule.target == "CT" and "--zone" in options:
        return replace(packet, zone=int(rule.option("--zone"), 0))
    if rule.target in ("TTL", "HL"):
        return replace(packet, ttl=_counted(rule, packet.ttl))
    if rule.target == "CONNMARK":
        return _of_connection(rule, packet, options)
    if rule.target in ("TOS", "DSCP"):
        return replace(packet, service=_service(rule, packet.service))
    return replace(packet, mark=_marked(rule, packet.mark)) if rule.target in ("MARK", "mark") else None


def _of_connection(rule: Rule, packet: Packet, options: Collection[str]) -> Packet:
    """The packet after CONNMARK: the connection's mark is set, saved from the packet's, or given to it."""
    masks = [with_mask(word)[0] for option, word in _words(rule) if option in ("--nfmask", "--ctmask", "--mask")]
    if "--save-mark" in options:
        return replace(packet, kept=None if any(mask != ALL for mask in masks) else packet.mark)
    if "--restore-mark" in options:
        return replace(packet, mark=None if any(mask != ALL for mask in masks) else packet.kept)
    return replace(packet, kept=_marked(rule, packet.kept))


def _words(rule: Rule) -> list[tuple[str, str]]:
    return [(option, words[0]) for option, *words in rule.options if words]


def _service(rule: Rule, now: int | None) -> int | None:
    """The type of service after a rule that sets it: "--set-tos 0x10/0xff", "--set-dscp 0x04"."""
    for option, word in _words(rule):
        value, mask = with_mask(word)
        if option == "--set-dscp":
            return value << 2
        if option == "--set-tos" and (now is not None or mask in (ALL, 0xFF)):
            return ((now or 0) & ~mask) ^ value
    return None


def _counted(rule: Rule, now: int) -> int:
    """The TTL after a rule that sets, raises or lowers it."""
    for option, *words in rule.options:
        by = int("".join(words[:1]) or 0)
        if option.endswith("-set"):
            return by
        if option.endswith(("-inc", "-dec")):
            return now + (by if option.endswith("-inc") else -by)
    return now


def _marked(rule: Rule, now: int | None) -> int | None:
    """The mark after a rule that sets it: "--set-xmark 0x5/0xffffffff"."""
    for option, *words in rule.options:
        value, mask = with_mask("".join(words[:1]))
        if option == "--set-xmark" and (now is not None or mask == ALL):
            return ((now or 0) & ~mask) ^ value
        if option in ("--set-mark", "--mark-set") and (now is not None or mask == ALL):
            return ((now or 0) & ~mask) | value
        if option in ("--or-mark", "--mark-or", "--and-mark", "--mark-and") and now is not None:
            return now | value if "or" in option.split("-") else now & value
    return None


def matches(rule: Rule, passing: Passing) -> Holds:
    """Whether a rule matches a packet at a hook.

    Args:
        rule: of iptables, ip6tables, ebtables or arptables.
        passing: the packet.
    """
    found: list[Holds] = []
    module = ""
    for match in rule.matches:
        if match.field == "-m":
            module = "".join(match.words[:1])
            found.append(True if module in _SILENT_MODULES else None)
            continue
        test = _test(rule, module, match.field)
        found.append(matching.negated(_asked(test, passing, match.words), match.negated) if test else None)
    return matching.both(found)


def _asked(test: Test, passing: Passing, words: tuple[str, ...]) -> Holds:
    """What a test says; None where the rule's words are not such as it reads."""
    try:
        return test(passing, words)
    except (ValueError, IndexError):
        return None


def _test(rule: Rule, module: str, option: str) -> Test | None:
    if module == "connmark":
        return of_connection
    return OF_TOOL.get(rule.tool, TESTS).get(option)
