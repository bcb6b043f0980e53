"""Which environment variables a program in the sandbox gets: those that are read there, NETKIT_PASS's, no others.

A variable can be a door: the path of a socket (TMUX, SSH_AUTH_SOCK), a token (JUPYTERHUB_API_TOKEN), a program to be
run (BASH_ENV).  Nobody knows all of them, so what passes is listed, not what is held back.
"""

from collections.abc import Iterable, Mapping

PASSED = (
    # Who and where: shells, and everything that asks for a home directory.
    *("HOME", "USER", "LOGNAME", "SHELL", "PATH", "TMPDIR"),
    # Language and time, of the C library.
    *("LANG", "LANGUAGE", "LC_*", "LOCPATH", "LOCALE_ARCHIVE", "TZ", "TZDIR"),
    # The terminal: what it can show, and how the learner likes it.
    *("TERM", "TERMINFO", "COLORTERM", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "LS_COLORS"),
    *("EDITOR", "VISUAL", "PAGER", "LESS", "MANPAGER", "HIST*", "INPUTRC"),
    # The interpreter and its libraries.
    *("PYTHON*", "VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "LD_LIBRARY_PATH", "PYDEVD_*", "DEBUGPY_*"),
    *("MPL*", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    # Folders of settings, data and caches (XDG Base Directory Specification); not that of sockets.
    *("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_DIRS", "XDG_CONFIG_DIRS"),
    # Jupyter: its folders, the notebook's name, the learner's; none of its tokens and addresses.
    *("IPYTHON*", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_PATH"),
    *("JUPYTER_CONFIG_PATH", "JUPYTER_PLATFORM_DIRS", "JUPYTER_PREFER_ENV_PATH", "JUPYTER_NO_CONFIG"),
    *("JPY_SESSION_NAME", "JUPYTERHUB_USER", "NBGRADER_*"),
    # Tests and their tools.
    *("CI", "PYTEST_*", "HYPOTHESIS_*", "COVERAGE_*", "COV_CORE_*", "SOURCE_DATE_EPOCH"),
    "NETKIT_*",
)
"""Names of variables that pass; one that ends in * stands for all that begin so."""

MORE = "NETKIT_PASS"
"""The variable in which a learner names more of them: NETKIT_PASS='HTTP_PROXY,MY_*'."""


def passed(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that a program in the sandbox gets.

    Args:
        environment: those outside.

    Example:
        >>> passed({"LANG": "C", "TMUX": "/tmp/tmux-1000/default,1,0", "A": "1", "AB": "2", "NETKIT_PASS": "A*"})
        {'LANG': 'C', 'A': '1', 'AB': '2', 'NETKIT_PASS': 'A*'}
    """
    patterns = (*PASSED, *filter(None, map(str.strip, environment.get(MORE, "").split(","))))
    # Values are looked at only where they pass: process 1 would keep a copy of the others in its memory.
    return {name: environment[name] for name in environment if matches(name, patterns)}


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name is among the patterns.

    Args:
        name: of a variable.
        patterns: names, or beginnings of names that end in *.
    """
    return any(name.startswith(one[:-1]) if one.endswith("*") else name == one for one in patterns)
