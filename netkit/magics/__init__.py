"""What a cell may begin with in a netkit kernel: `%%changes`, `%%predict`, `%%engine` and `%%nftables`; and `%goto`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from netkit.magics import changes, completing, engine, goto, predict
from netkit.magics.cell import beginning

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Give a notebook netkit's magics; a netkit kernel has them from the start, elsewhere they are refused.

    Args:
        shell: the notebook's IPython.

    Raises:
        NotInSandbox: this is no netkit kernel.
    """
    if "NETKIT_SANDBOX" not in os.environ:  # else every act asks, and a kernel's start need not take the time
        from netkit.sandbox import require_sandbox

        require_sandbox()
    shell.register_magic_function(changes.Watch(shell).changes, "line_cell", changes.NAME)
    shell.register_magic_function(predict.Predictor(shell).predict, "line_cell", predict.NAME)
    shell.register_magic_function(goto.Guide(shell).goto, "line", goto.NAME)
    needing = engine.Needing(shell)
    shell.register_magic_function(needing.engine, "cell", engine.NAME)
    shell.register_magic_function(needing.nftables, "cell", engine.NFTABLES)
    shell.input_transformers_cleanup.append(engine.begin)
    completing.complete_names(shell)
    shell.input_transformers_cleanup.append(beginning(changes.NAME, predict.NAME))
