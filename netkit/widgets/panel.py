"""The widgets of a player and how they are arranged, buttons, keys, speeds, filter, size: not what they show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netkit.widgets.choosing import ANY_PROTOCOL, addresses, protocols
from netkit.widgets.page import style
from netkit.widgets.pages import keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ipywidgets import Button, DOMWidget

    from netkit.journey.shown.table import Journey

SPEEDS = (("slow", 3000), ("unhurried", 1600), ("normal", 900), ("fast", 400), ("very fast", 150))
"""Milliseconds at each hop."""
_SMALLEST, _LARGEST = 0.6, 1.25
"""How far the picture follows its place: a wider one is scrolled."""


class Panel:
    """The widgets of a player.

    The front end's own Play widget, which nobody sees, moves the slider; so no thread sleeps in the kernel.

    Args:
        journeys: whose protocols and addresses the filters offer.
        width: of the picture, in pixels.

    Attributes:
        box: all of them.
        protocol: the filter's choice of a protocol.
        address: the filter's address.
        text: the filter's words.
        journeys: the list of journeys.
        number: the journey's number, as typed.
        picked: the journey's number, as picked from the list; nobody sees it.
        jump: the hop's number, as picked from the list; nobody sees it.
        hop: the slider: 0 for the whole journey, else the hop's number from 1 on.
        steps: the buttons that move the slider, by name: first, back, step, last.
        next: goes to the next journey.
        previous: goes to the journey before.
        hops: the list of hops.
        current: the style that marks the present hop.
        base: the picture.
        over: what lies over it.
        told: the sentences.
        frame: layers and bytes.
    """

    def __init__(self, journeys: Sequence[Journey], width: float) -> None:
        from ipywidgets import HTML, BoundedIntText, Combobox, IntText, Text, ToggleButtons

        self.protocol = ToggleButtons(options=[ANY_PROTOCOL, *protocols(journeys)], tooltips=())
        self.address = Combobox(placeholder="address or network", options=addresses(journeys), description="Address:")
        self.text = Text(placeholder="words: dropped ns1 …", description="Text:")
        self.number = BoundedIntText(min=0, max=max(one.number for one in journeys), description="Journey no.:")
        self.picked, self.jump = IntText(), IntText()
        names = ("journeys", "hops", "current", "base", "over", "told", "frame")
        self.journeys, self.hops, self.current, self.base, self.over, self.told, self.frame = [HTML() for _ in names]
        self._make_controls()
        self.box = self._arranged(width)

    def stop(self) -> None:
        """Play no more."""
        self._play.playing = False

    def lengthen(self, hops: int) -> None:
        """Fit the slider to a journey.

        Args:
            hops: how many it has.
        """
        self.hop.max = self._play.max = max(hops, 1)
        self.hop.disabled = not hops

    def _make_controls(self) -> None:
        from ipywidgets import IntSlider, Play, SelectionSlider, ToggleButton, jslink

        self.hop = IntSlider(min=0, max=1, description="Hop:")
        self._play = Play(min=0, max=1, interval=900, show_repeat=False)
        self._toggle = ToggleButton(description="Play", icon="play", tooltip="Play or pause (space)")
        self.speed = SelectionSlider(options=SPEEDS, value=900, description="Speed:", continuous_update=False)
        jslink((self._play, "value"), (self.hop, "value"))
        jslink((self._toggle, "value"), (self._play, "playing"))
        self._toggle.observe(self._named, "value")
        self.speed.observe(lambda change: setattr(self._play, "interval", change["new"]), "value")
        self.steps = {
            "first": _button("First", "fast-backward", "The whole journey (Home)", "first"),
            "back": _button("Back", "step-backward", "One hop back (left arrow)", "back"),
            "step": _button("Step", "step-forward", "One hop on (right arrow)", "step"),
            "last": _button("Last", "fast-forward", "The last hop (End)", "last"),
        }
        self.steps["first"].on_click(lambda _: self._go(0))
        self.steps["back"].on_click(lambda _: self._go(self.hop.value - 1))
        self.steps["step"].on_click(lambda _: self._go(self.hop.value + 1))
        self.steps["last"].on_click(lambda _: self._go(self.hop.max))
        self.previous = _button("Previous", "arrow-up", "The journey before (up arrow)", "previous")
        self.next = _button("Next", "arrow-down", "The next journey (down arrow)", "next")

    def _go(self, position: int) -> None:
        self.stop()
        if not self.hop.disabled:
            self.hop.value = min(max(position, 0), self.hop.max)

    def _named(self, change: dict[str, Any]) -> None:
        """The button says what it will do."""
        playing = change["new"]
        self._toggle.description, self._toggle.icon = ("Pause", "pause") if playing else ("Play", "play")

    def _arranged(self, width: float) -> DOMWidget:
        from ipywidgets import HTML, HBox, Layout, VBox

        first, back, step, last = self.steps.values()
        _called("netkit-play", self._toggle)
        for name, widget in (("picked", self.picked), ("jump", self.jump), ("hidden", self._play)):
            _called(f"netkit-{name}", widget).add_class("netkit-hidden")
        _called("netkit-over", self.over)
        _narrow(self.address, 270), _narrow(self.text, 270), _narrow(self.number, 170), _narrow(self.speed, 210)
        self.number.style.description_width, self.speed.style.description_width = "85px", "50px"
        self.hop.style.description_width, self.hop.layout.width = "40px", "320px"
        self.protocol.style.button_width = "auto"
        sizes = {"min_width": f"{width * _SMALLEST:.0f}px", "max_width": f"{width * _LARGEST:.0f}px"}
        picture = VBox([self.base, self.over], layout=Layout(width="100%", **sizes))
        stage = _called("netkit-pane-stage", VBox([_called("netkit-stage", picture)]))
        hops = _called("netkit-pane-hops", VBox([self.hops, self.current]))
        rows = [
            _called("netkit-row", HBox([self.protocol, self.address, self.text])),
            self.journeys,
            _called("netkit-row", HBox([first, back, self._toggle, step, last, self.hop])),
            _called("netkit-row", HBox([self.number, self.previous, self.next, self.speed, HTML(keys())])),
            self.told,
            _called("netkit-panes", HBox([hops, stage, _called("netkit-pane-frame", VBox([self.frame]))])),
        ]
        hidden = [self.picked, self.jump, self._play]
        return _called("netkit-player", VBox([HTML(style("player")), *rows, *hidden], layout=Layout(grid_gap="6px")))


def _called(name: str, widget: Any) -> Any:
    """The widget, with a CSS class."""
    widget.add_class(name)
    return widget


def _narrow(widget: Any, pixels: int) -> None:
    widget.layout.width = f"{pixels}px"
    widget.style.description_width = "60px"


def _button(description: str, icon: str, tooltip: str, name: str) -> Button:
    from ipywidgets import Button

    return _called(f"netkit-{name}", Button(description=description, icon=icon, tooltip=tooltip))
