"""How a widget is shown together with its static twin, which stays when no kernel is there to move the widget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netkit.widgets.page import style

if TYPE_CHECKING:
    from ipywidgets import DOMWidget

ALIVE = "netkit-alive"
"""The CSS class of a widget that has a twin."""

_VIEW = "application/vnd.jupyter.widget-view+json"


def show(widget: DOMWidget, text: str, html: str) -> None:
    """Show a widget and, right after it, a twin that every reader of the notebook can see.

    Where the widget lives, JupyterLab hides the twin; in a notebook that is read without a kernel, on a
    page made from it, or before it is trusted, only the twin is there.

    Args:
        widget: gets the class that hides the twin.
        text: the twin in words, the same whenever the same lesson runs: nbval compares it.
        html: the twin as a picture or a table, just as stable.
    """
    from IPython.display import publish_display_data

    widget.add_class(ALIVE)
    publish_display_data({_VIEW: _view_of(widget)})
    publish_display_data({"text/plain": text, "text/html": f'{style("twin")}<div class="netkit-twin">{html}</div>'})


def _view_of(widget: DOMWidget) -> dict[str, Any]:
    """What tells a notebook to show a widget (Jupyter's widget messages, version 2)."""
    return {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
