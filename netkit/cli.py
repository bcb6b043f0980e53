"""The command line `netkit`: it finds the subcommand."""

import argparse
import importlib
import sys
from types import ModuleType

from netkit.ending import FAILED, ended
from netkit.errors import InvalidValue
from netkit.sandbox import inherited
from netkit.subcommands import COMMANDS


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
    if not words:
        _parser().print_help()
        return FAILED
    _make_sure_of(words[0])
    options = _options(words)
    return options.main(options)


def _options(words: list[str]) -> argparse.Namespace:
    """What the words ask for; options that argparse does not know, before any other word, are JupyterLab's too."""
    parser = _parser()
    options, unknown = parser.parse_known_args(words)
    if unknown and words[0] != "lab":
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    if unknown:
        options.arguments += unknown
    return options


def _make_sure_of(word: str) -> None:
    """Refuse a command that is not there, with the one that was probably meant."""
    if word not in COMMANDS and not word.startswith("-"):
        from netkit.spelling import nearest

        meant = nearest(word, COMMANDS)
        remedy = f"Did you mean 'netkit {meant}'?" if meant else "See 'netkit --help'"
        raise InvalidValue(f"there is no command '{word}'", f"there are: {', '.join(COMMANDS)}", remedy)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="netkit", description="Docker networking built by hand, on a real Linux kernel, in a sandbox of its own."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in COMMANDS:
        module = importlib.import_module(f"netkit.subcommands.{name}")
        _add(commands, name, module)
    return parser


def _add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, module: ModuleType) -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = commands.add_parser(
        name, help=module.HELP, description=module.DESCRIPTION, epilog=module.EXAMPLES, formatter_class=form
    )
    module.add(parser)
    parser.set_defaults(main=module.main)


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_ignored: object) -> None:
        from importlib.metadata import version

        sys.stdout.write(f"netkit {version('netkit-lab')}\n")
        parser.exit()


if __name__ == "__main__":
    sys.exit(main())
