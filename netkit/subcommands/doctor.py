"""`netkit doctor` (--json, --apparmor): what works on this machine, what is missing, and what to do about it."""

import argparse
import sys

HELP = "examine this machine: what works, what is missing, and the remedy"

DESCRIPTION = """\
Examine this machine by making a sandbox of each kind and trying in the one that will be used what the lessons
do. What does not work is shown with its stage, its cause, the remedy, and a line to copy; MISSING in capitals
is what most lessons need. Nothing is left.

It changes nothing and never advises to switch off a protection of the machine without saying what that costs.

The exit status is 0 if a sandbox can be made and all that is needed is there, else 1."""

EXAMPLES = """\
examples:
  netkit doctor
  netkit doctor --json
  NETKIT_WORLD=uml netkit doctor     try the lessons' acts in User-Mode Linux"""


def add(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("--json", action="store_true", help="print the report as JSON, for programs")
    parser.add_argument("--worlds", action="store_true", help="only try which kinds of sandboxes can be made")
    parser.add_argument(
        "--apparmor", action="store_true", help="only print the AppArmor profile that excepts this interpreter"
    )


def main(options: argparse.Namespace) -> int:
    """Examine and print; 0 if the machine is fit."""
    if options.apparmor:
        from netkit.sandbox.doctor.apparmor import profile

        sys.stdout.write(profile())
        return 0
    from netkit.sandbox.doctor.examination import examine

    report = examine(lessons=not options.worlds)
    sys.stdout.write((report.to_json() if options.json else str(report)) + "\n")
    return 0 if report.healthy else 1
