"""`python -m tests.hub --learners 3`, as root: a workshop on this machine, from the installation to the last trace."""

import argparse
import sys
from pathlib import Path

from tests.hub.workshop import hold

parser = argparse.ArgumentParser(prog="python -m tests.hub", description=sys.modules[__name__].__doc__)
parser.add_argument("--learners", type=int, default=30, metavar="N", help="how many come at once (default: 30)")
parser.add_argument("--environment", type=Path, metavar="FOLDER", help="keep what is installed there, or use it again")
parser.add_argument("--world", default="auto", help="which sandboxes: auto, user or uml (default: auto)")
parser.add_argument("--log", type=Path, metavar="FILE", help="write the hub's log there")
options = parser.parse_args()

outcome = hold(options.learners, options.environment, options.world)
if options.log:
    options.log.write_text(outcome.log, encoding="utf-8")
print("left behind:", ", ".join(outcome.left) or "nothing")
sys.exit(1 if outcome.status or outcome.left else 0)
