"""`netkit doctor`: what works on this machine, what is missing, and what to do about it."""

import argparse
import sys

HELP = "examine this machine: what works, what is missing, and the remedy"

DESCRIPTION = """\
Examine this machine by making a sandbox and trying in it what the lessons do. Each line says what works
or is missing, with a remedy of one line; MISSING in capitals is what most lessons need. Nothing is left.

The exit status is 0 if a sandbox can be made and all that is needed is there, else 1."""

EXAMPLES = """\
examples:
  netkit doctor
  netkit doctor --json"""


def add(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("--json", action="store_true", help="print the report as JSON, for programs")


def main(options: argparse.Namespace) -> int:
    """Examine and print; 0 if the machine is fit."""
    from netkit.sandbox.doctor import examine

    report = examine()
    sys.stdout.write((report.to_json() if options.json else str(report)) + "\n")
    return 0 if report.healthy else 1
