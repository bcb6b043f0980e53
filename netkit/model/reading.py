"""What a rule of the packet filter asks for and does, read from the words of `iptables-save` or `nft list`.

iptables-save(8), of either kind, writes "-A FORWARD -i br0 -p tcp --dport 80 -j DROP", nft(8) 'iifname "br0" tcp dport
80 drop'; both are read as conditions, a target and its options.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import lru_cache

_SHORT = {
    "--append": "-A", "--source": "-s", "--src": "-s", "--destination": "-d", "--dst": "-d", "--protocol": "-p",
    "--in-interface": "-i", "--out-interface": "-o", "--jump": "-j", "--goto": "-g", "--match": "-m",
    "--destination-port": "--dport", "--source-port": "--sport", "--destination-ports": "--dports",
    "--source-ports": "--sports", "--state": "--ctstate",
}  # fmt: skip
_SILENT = frozenset({"-A", "-c", "--comment"})
"""Options that neither ask for anything nor do anything."""

_WITH_A_VALUE = frozenset({"-j", "-g", "-m", "--comment"})
"""Options whose next word is their value, whatever it looks like."""

_OPTIONS = {
    "iif": "-i", "iifname": "-i", "oif": "-o", "oifname": "-o",
    "ip saddr": "-s", "ip6 saddr": "-s", "ip daddr": "-d", "ip6 daddr": "-d",
}  # fmt: skip
"""Interfaces and addresses in nft's words and in iptables'."""

NFT_FIELDS = frozenset(
    [*_OPTIONS, "ip protocol", "ip6 nexthdr", "meta l4proto", "meta nfproto", "tcp sport", "tcp dport", "udp sport",
     "udp dport", "sctp sport", "sctp dport", "th sport", "th dport", "ct state", "icmp type", "icmpv6 type"]
)  # fmt: skip
"""What conditions of nft look at, as far as it is known here."""

_NFT_STATEMENTS = {"counter": 1, "log": 1, "prefix": 2, "level": 2, "group": 2, "snaplen": 2}
"""Statements, and options of theirs, that every packet passes, and how many words each of them takes."""

_NFT_TARGETS = frozenset(
    {"accept", "drop", "reject", "return", "jump", "goto", "dnat", "snat", "masquerade", "redirect"}
)
_NFT_WORD = re.compile(r'(?:"[^"]*"|[^\s"])+')


@dataclass(frozen=True)
class Match:
    """One condition of a rule, which a packet meets or does not meet; or nobody knows, where a reader lacks the field.

    Attributes:
        field: what it looks at: iptables' option in its short form, "-s" or "--dport"; nft's words, "ip saddr".
        words: what that has to be; none where the field says it all.
        negated: whether it has to be anything else.
    """

    field: str
    words: tuple[str, ...] = ()
    negated: bool = False

    @property
    def value(self) -> str:
        """The words as they stand in the rule: "80,443", "{ 80, 443 }"."""
        return " ".join(self.words)

    @property
    def option(self) -> str:
        """The field by iptables' name, where it has one for nft's: "-s" for "ip saddr"."""
        return _OPTIONS.get(self.field, self.field)

    @property
    def values(self) -> list[str]:
        """The values one of which it has to be: those of nft's set, else the one that there is."""
        if self.words[:1] == ("{",):
            return " ".join(self.words[1:-1]).split(", ")
        return list(self.words[:1])


@dataclass(frozen=True)
class Reading:
    """A rule as it is read.

    Attributes:
        matches: all have to be met, in their order.
        target: "ACCEPT", "DNAT", "drop", a chain …; "" for a rule that only counts.
        goto: whether the chain that it leads to does not come back.
        options: of the target, each with its values: (("--to-destination", "172.17.0.2:80"),).
    """

    matches: tuple[Match, ...] = ()
    target: str = ""
    goto: bool = False
    options: tuple[tuple[str, ...], ...] = ()


@lru_cache(4096)
def of_iptables(text: str) -> Reading:
    """A rule as iptables lists it (iptables(8), iptables-extensions(8)).

    Args:
        text: "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80".
    """
    matches: list[Match] = []
    options: list[tuple[str, ...]] = []
    target, goto = "", False
    for option, words, negated in _options(text):
        if option in ("-j", "-g"):
            target, goto = "".join(words[:1]), option == "-g"
        elif target:
            options.append((option, *words))
        elif option not in _SILENT:
            matches.append(Match(option, tuple(words), negated))
    return Reading(tuple(matches), target, goto, tuple(options))


def _options(text: str) -> list[tuple[str, list[str], bool]]:
    """(option, its values, whether it is negated) of each option, in their order."""
    try:
        words = shlex.split(text)
    except ValueError:  # a quote is left open
        words = text.split()
    found: list[tuple[str, list[str], bool]] = []
    negated = False
    for word in words:
        owed = bool(found) and found[-1][0] in _WITH_A_VALUE and not found[-1][1]
        if word == "!" and not owed:
            negated = True
        elif word.startswith("-") and not word.lstrip("-").isdigit() and not owed:
            found.append((_SHORT.get(word, word), [], negated))
            negated = False
        elif found:
            found[-1][1].append(word)
    return found


@lru_cache(4096)
def of_nft(text: str) -> Reading:
    """A rule as nft lists it; a word that is not known here becomes a condition of which nobody knows more.

    Args:
        text: 'iifname "br0" tcp dport { 80, 443 } drop'.
    """
    words = [word.replace('"', "") for word in _NFT_WORD.findall(text)]
    matches: list[Match] = []
    while words and words[0] not in _NFT_TARGETS and words[0] != "comment":
        if words[0] in _NFT_STATEMENTS:
            words = words[_NFT_STATEMENTS[words[0]] :]
            continue
        match, words = _condition(words)
        matches.append(match)
    if not words or words[0] == "comment":
        return Reading(tuple(matches))
    if words[0] in ("jump", "goto"):
        return Reading(tuple(matches), "".join(words[1:2]), words[0] == "goto")
    aim = words[words.index("to") + 1 :][:1] if "to" in words else []
    return Reading(tuple(matches), words[0], options=(("to", *aim),) if aim else ())


def _condition(words: list[str]) -> tuple[Match, list[str]]:
    """The condition that words begin with, and the words after it."""
    length = next((length for length in (2, 1) if " ".join(words[:length]) in NFT_FIELDS), 0)
    if not length:
        return Match(words[0]), words[1:]
    field, rest = " ".join(words[:length]), words[length:]
    negated = rest[:1] == ["!="]
    rest = rest[1:] if negated else rest
    end = rest.index("}") + 1 if rest[:1] == ["{"] and "}" in rest else 1
    return Match(field, tuple(rest[:end]), negated), rest[end:]
