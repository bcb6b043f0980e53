"""What a process inherits from whoever started it, put right before it matters."""

import signal


def settle_signals() -> None:
    """Block no signal, and let ended children be heard of, as programs expect it (signal(7)).

    Where a starter ignores SIGCHLD, the kernel buries children itself, and nobody could ask how they ended.
    """
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
