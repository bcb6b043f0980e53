"""The command line `netkit`: where it begins and ends."""

import sys

from netkit.ending import ended
from netkit.sandbox import inherited


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: what follows `netkit`; by default this process's own.

    Returns:
        The exit status.
    """
    inherited.settle()
    return ended(lambda: _main(sys.argv[1:] if arguments is None else arguments))


def _main(words: list[str]) -> int:
    # Imported only here, where Control-C ends it without a traceback.
    from netkit.arguments import carry_out

    return carry_out(words)


if __name__ == "__main__":
    sys.exit(main())
