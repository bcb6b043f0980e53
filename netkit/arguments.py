"""The command line `netkit`: its subcommands, --version, Tab completion of a shell, "there is no command …"."""

import argparse
import importlib
import shlex
import sys
from types import ModuleType
from typing import IO

from netkit.ending import FAILED
from netkit.errors import InvalidValue
from netkit.subcommands import COMMANDS
from netkit.visible import visible

SHELLS = ("bash", "zsh", "fish")


def carry_out(words: list[str]) -> int:
    """Do what the command line asks for.

    Args:
        words: what follows `netkit`.

    Returns:
        The exit status.

    Raises:
        SystemExit: with the exit status, where help was asked for or an option is wrong.
        NetkitError: what was asked for failed.
    """
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
        parser.error(f"unrecognized arguments: {shlex.join(unknown)}")
    if "main" not in options:
        parser.error("the following arguments are required: COMMAND")
    if unknown:
        options.arguments += unknown
    return options


def _make_sure_of(word: str) -> None:
    """Refuse a command that is not there, with the one that was probably meant."""
    if word not in COMMANDS and not word.startswith("-"):
        from netkit.spelling import proposal

        remedy = proposal(word, COMMANDS, "'netkit {}'", "See 'netkit --help'")
        raise InvalidValue(f"there is no command '{word}'", f"there are: {', '.join(COMMANDS)}", remedy)


class _Parser(argparse.ArgumentParser):
    """Says what it says so that it can be seen, and does not hide it when that cannot be written."""

    def _print_message(self, message: str, file: IO[str] | None = None) -> None:
        (file or sys.stderr).write(visible(message))


def _parser() -> _Parser:
    parser = _Parser(
        prog="netkit", description="Docker networking built by hand, on a real Linux kernel, in a sandbox of its own."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    parser.add_argument(
        "--print-completion", action=_Completion, choices=SHELLS, help="print what lets a shell complete netkit's words"
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name in COMMANDS:
        module = importlib.import_module(f"netkit.subcommands.{name}")
        _add(commands, name, module)
    return parser


def _add(commands: "argparse._SubParsersAction[_Parser]", name: str, module: ModuleType) -> None:
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


class _Completion(argparse.Action):
    """Prints a script of shtab's, which completes commands, options and paths."""

    def __call__(self, parser: argparse.ArgumentParser, _options: object, shell: object, *_ignored: object) -> None:
        import shtab

        for command in _commands(parser):
            for action in command._actions:
                if action.metavar in _PATHS:
                    action.complete = shtab.DIRECTORY if action.metavar == "DIR" else shtab.FILE
        sys.stdout.write(shtab.complete(parser, shell=str(shell)))
        parser.exit()


_PATHS = ("DIR", "FILE", "NOTEBOOK")


def _commands(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """The parsers of the subcommands."""
    groups = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return [command for group in groups for command in group.choices.values()]
