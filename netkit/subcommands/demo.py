"""`netkit demo`: the article's bridge in the terminal."""

import argparse
import sys

HELP = "build Docker's bridge by hand in the terminal, and ping across it"

DESCRIPTION = """\
Build what `docker run` builds for two containers - two namespaces, two veth pairs, a bridge - in a fresh
sandbox, showing each command; ping across it, and describe the result. It takes about a second and leaves
nothing behind."""

EXAMPLES = """\
examples:
  netkit demo"""


def add(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments: it has none."""
    parser.usage = "netkit demo"


def main(_options: argparse.Namespace) -> int:
    """Run it; 0 if every ping was answered."""
    from netkit.sandbox.command import run

    return run((sys.executable, "-P", "-m", "netkit.demo"))
