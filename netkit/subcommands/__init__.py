"""The subcommands of `netkit`, one module each.

A module has `HELP` (one line), `DESCRIPTION` and `EXAMPLES`, `add(parser)`, which adds its arguments, and
`main(options)`, which returns the exit status.  A new one needs its name in COMMANDS and nothing else.
"""

COMMANDS = (
    "lab",
    "doctor",
    "run",
    "shell",
    "demo",
    "drill",
    "handout",
    "kernel",
    "notebooks",
    "course",
    "grade",
    "class",
    "exam",
)
"""Names of the modules, in the order in which `netkit --help` lists them."""
