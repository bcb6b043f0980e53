"""What Tab completes in `nk.why("`, `Namespace.get("`, `docker.exec("` …: namespaces and containers there are now."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from IPython.core.completer import SimpleCompletion, context_matcher

from netkit.linux import namespaces

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult
    from IPython.core.interactiveshell import InteractiveShell

_CALL = re.compile(
    r"""(?P<call>\bNamespace\.get|\.(?:exec|stop|start|rm|pause|unpause|logs)|\bnk\.why)\(\s*(?P<quote>["'])(?P<typed>[^"']*)$"""
)


def complete_names(shell: InteractiveShell) -> None:
    """Let a notebook complete them; it asks again at each call, since they come and go.

    Args:
        shell: the notebook's IPython.
    """
    shell.Completer.custom_matchers.append(_matcher)


@context_matcher()
def _matcher(context: CompletionContext) -> SimpleMatcherResult:
    """What IPython offers behind the quote of such a call; nothing elsewhere."""
    found = _CALL.search(context.text_until_cursor)
    if found is None:
        return {"completions": []}
    offered = [name for name in names(found["call"]) if name.startswith(found["typed"])]
    return {
        "completions": [SimpleCompletion(text=name, type="name") for name in offered],
        "matched_fragment": found["typed"],
        "suppress": True,  # no file has such a name
        "ordered": True,
    }


def names(call: str) -> list[str]:
    """What may stand in a call now.

    Args:
        call: how it begins: "Namespace.get", "nk.why", or a method of a docker.
    """
    places = namespaces.find()
    containers = sorted({name for place in places for name in place.containers})
    spaces = sorted(place.name for place in places)
    if call.endswith("Namespace.get"):
        return spaces
    return sorted({*spaces, *containers}) if call.endswith("why") else containers
