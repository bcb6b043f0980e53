"""Knows the colours, those of Okabe and Ito, which people with any colour vision can tell apart, and shades of them.

Colour never says anything alone: what is down is hollow, dashed and says so in words.
"""

from __future__ import annotations

CARD, CARD_EDGE = "#ffffff", "#d5dde5"
"""The picture brings its own light ground along, so that it can be read on light and on dark pages."""
INK, QUIET, WARNING, DEAD = "#17212b", "#566472", "#a83c00", "#98a3ad"
BLUE, GREEN, PURPLE, ORANGE, SKY = "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"

ROOMS = {
    "host": ("#eaf1f8", "#6f8ba6"),
    "namespace": ("#fff8e8", "#c9932b"),
    "group": ("#fffdf7", "#c9932b"),
    "inner": ("#fffdf7", "#c9932b"),
}
"""(ground, edge) of a room by its kind."""
CHIPS = {"veth": BLUE, "ethernet": "#2f3b46", "vxlan": PURPLE, "other": SKY, "bundle": BLUE}
"""The ground of an interface that is up, by its kind."""
BAR = ("#cfeee3", GREEN)
BADGES = {
    "nat": ("#f8e9f1", "#b0578a"),
    "drop": ("#fbe6da", "#d55e00"),
    "switch": ("#fdf6bf", "#a89a00"),
    "lo": ("#ffffff", "#8a96a1"),
    "station": ("#ffffff", "#6f8ba6"),
}
"""(ground, edge) of a badge by its role."""
LINES = {"cable": "#26323d", "tunnel": "#b0578a", "stack": "#26323d", "port": GREEN, "trunk": "#26323d"}
RING = ORANGE
TEXTS = {
    "title": INK, "chip": "#ffffff", "dark chip": INK, "hollow": QUIET, "bridge": "#00483a", "address": INK,
    "label": INK, "route": QUIET, "quiet": QUIET, "warning": WARNING, "nat": "#5f1f45", "drop": "#7d3200",
    "switch": "#4d4600", "lo": "#414d58", "station": INK, "passed number": "#ffffff", "now number": INK,
    "later number": QUIET, "drop mark": "#ffffff", "delivered": "#ffffff", "kernel": INK, "hook": INK,
    "hook accept": "#00483a", "hook drop": "#7d3200", "accept": "#00593f", "changed": "#004c78",
}  # fmt: skip
"""The colour of a text by its role."""
PANELS = {
    "passed number": (INK, CARD, 1.0),
    "now number": ("#ffc35c", INK, 1.6),
    "later number": (CARD, DEAD, 1.0),
    "passed ring": ("none", ORANGE, 2.2),
    "now ring": ("none", "#d55e00", 3.4),
    "drop ring": ("none", WARNING, 3.0),
    "drop mark": (WARNING, CARD, 1.0),
    "delivered": ("#00694d", CARD, 1.0),
    "band host": (*ROOMS["host"], 1.2),
    "band namespace": (*ROOMS["namespace"], 1.2),
    "chip": (BLUE, CARD, 1.0),
    "kernel": (CARD, "#6f8ba6", 1.0),
    "hook": (CARD, "#6f8ba6", 1.4),
    "hook accept": (BAR[0], GREEN, 1.4),
    "hook drop": (BADGES["drop"][0], WARNING, 2.2),
}
"""(ground, edge, its width) of a panel on a sheet by its role."""
STROKES = {
    "passed": (ORANGE, 4.0, ""),
    "now": ("#d55e00", 5.0, ""),
    "later": (ORANGE, 2.0, "dotted"),
    "inner": ("#b0578a", 4.0, "short"),
    "life": ("#a9b8c6", 1.2, "dashed"),
    "there": (BLUE, 2.2, ""),
    "back": ("#b0578a", 2.2, ""),
    "drop mark": (WARNING, 2.2, ""),
    "delivered": ("#00694d", 2.2, ""),
}
"""(colour, width, dashes) of a stroke on a sheet by its role."""
