"""The variables that pass into a sandbox: each has somebody inside who reads it, and no other passes."""

from __future__ import annotations

import re

import pytest

from netkit.sandbox.variables import PASSED, passed
from tests.project import ROOT

READERS = {
    "HOME": "shells, os.path.expanduser",
    "USER": "getpass.getuser",
    "LOGNAME": "getpass.getuser",
    "SHELL": "the shim for sudo, tmux, vi",
    "PATH": "shells, execvp",
    "TMPDIR": "tempfile, mktemp",
    "LANG": "setlocale of the C library",
    "LANGUAGE": "gettext",
    "LC_ALL": "setlocale of the C library",
    "LC_CTYPE": "setlocale of the C library",
    "LOCPATH": "setlocale of the C library",
    "LOCALE_ARCHIVE": "the C library of Nix and Guix",
    "TZ": "tzset of the C library",
    "TZDIR": "tzset of the C library",
    "TERM": "terminfo",
    "TERMINFO": "terminfo",
    "COLORTERM": "ls, pytest, rich",
    "COLUMNS": "shutil.get_terminal_size",
    "LINES": "shutil.get_terminal_size",
    "NO_COLOR": "ip, pytest",
    "FORCE_COLOR": "pytest, rich",
    "CLICOLOR": "ls of BSD, rich",
    "LS_COLORS": "ls",
    "EDITOR": "%edit of IPython, git",
    "VISUAL": "less, git",
    "PAGER": "pydoc, git, man",
    "LESS": "less",
    "MANPAGER": "man",
    "HISTFILE": "bash",
    "HISTCONTROL": "bash",
    "INPUTRC": "readline",
    "PYTHONPATH": "python",
    "PYTHONHASHSEED": "python",
    "VIRTUAL_ENV": "IPython, prompts",
    "CONDA_PREFIX": "IPython's %conda",
    "CONDA_DEFAULT_ENV": "IPython's %conda",
    "LD_LIBRARY_PATH": "the dynamic linker",
    "PYDEVD_IPYTHON_COMPATIBLE_DEBUGGING": "the debugger, told by VS Code",
    "DEBUGPY_LOG_DIR": "the debugger",
    "MPLBACKEND": "matplotlib",
    "MPLCONFIGDIR": "matplotlib",
    "OMP_NUM_THREADS": "numpy's libraries",
    "OPENBLAS_NUM_THREADS": "numpy's libraries",
    "MKL_NUM_THREADS": "numpy's libraries",
    "XDG_DATA_HOME": "netkit.sandbox.job.runtime_directory, jupyter_core",
    "XDG_STATE_HOME": "netkit.sandbox.log",
    "XDG_CONFIG_HOME": "matplotlib",
    "XDG_CACHE_HOME": "matplotlib, fontconfig",
    "XDG_DATA_DIRS": "fontconfig",
    "XDG_CONFIG_DIRS": "fontconfig",
    "IPYTHONDIR": "IPython",
    "JUPYTER_RUNTIME_DIR": "netkit.sandbox.job.runtime_directory",
    "JUPYTER_DATA_DIR": "netkit.sandbox.job.runtime_directory",
    "JUPYTER_CONFIG_DIR": "jupyter_core",
    "JUPYTER_PATH": "jupyter_core",
    "JUPYTER_CONFIG_PATH": "jupyter_core",
    "JUPYTER_PLATFORM_DIRS": "jupyter_core",
    "JUPYTER_PREFER_ENV_PATH": "jupyter_core",
    "JUPYTER_NO_CONFIG": "jupyter_core",
    "JPY_SESSION_NAME": "ipykernel's users, who ask for the notebook's name",
    "JUPYTERHUB_USER": "notebooks that greet, progress in a workshop",
    "NBGRADER_EXECUTION": "nbgrader's cells",
    "CI": "pytest, hypothesis",
    "PYTEST_ADDOPTS": "pytest",
    "HYPOTHESIS_STORAGE_DIRECTORY": "hypothesis",
    "COVERAGE_PROCESS_START": "coverage",
    "COV_CORE_SOURCE": "pytest-cov",
    "SOURCE_DATE_EPOCH": "matplotlib's pictures, builds",
    "NETKIT_WORLD": "netkit inside a sandbox",
    "NETKIT_TEST_SESSION": "the tests, which know their processes by it",
}

DOORS = (
    # Sockets of the machine's services and programs.
    *("SSH_AUTH_SOCK", "GPG_AGENT_INFO", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "NOTIFY_SOCKET", "LISTEN_FDS"),
    *("TMUX", "TMUX_TMPDIR", "STY", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "PULSE_SERVER", "KRB5CCNAME"),
    *("VSCODE_IPC_HOOK_CLI", "VSCODE_GIT_IPC_HANDLE", "GIT_ASKPASS", "SSH_ASKPASS", "SUDO_ASKPASS", "SSH_CONNECTION"),
    *("DOCKER_HOST", "DOCKER_CONTEXT", "CONTAINER_HOST", "KUBECONFIG", "JUPYTER_SERVER_URL", "JPY_PARENT_PID"),
    # Tokens and keys.
    *(
        "JUPYTERHUB_API_TOKEN",
        "JUPYTERHUB_API_URL",
        "JPY_API_TOKEN",
        "JUPYTER_TOKEN",
        "GITHUB_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
    ),
    # Programs that are loaded or run, and what the machine's manager says of its service.
    *("BASH_ENV", "ENV", "PROMPT_COMMAND", "LD_PRELOAD", "LD_AUDIT", "BASH_FUNC_which%%", "INVOCATION_ID", "PS1"),
)


def test_every_pattern_has_a_reader() -> None:
    names = tuple(READERS)
    assert [one for one in PASSED if not any(name == one or name.startswith(one.rstrip("*")) for name in names)] == []


def test_the_documentation_lists_what_passes() -> None:
    page = (ROOT / "docs/border.md").read_text(encoding="utf-8")
    table = page.partition("| of | names |")[2].partition("\n\n")[0]
    assert sorted(re.findall(r"`([A-Z0-9_]+\*?)`", table)) == sorted(PASSED)


@pytest.mark.parametrize("name", READERS)
def test_what_is_read_inside_passes(name: str) -> None:
    assert passed({name: "value"}) == {name: "value"}


@pytest.mark.parametrize("name", DOORS)
def test_doors_do_not_pass(name: str) -> None:
    assert passed({name: "value"}) == {}


def test_a_user_can_name_more() -> None:
    more = {"HTTP_PROXY": "a", "MY_TOKEN": "b", "MINE": "c", "NETKIT_PASS": "HTTP_PROXY, MY_*"}
    assert passed(more) == {name: more[name] for name in ("HTTP_PROXY", "MY_TOKEN", "NETKIT_PASS")}
    assert passed({"A": "1", "NETKIT_PASS": ""}) == {"NETKIT_PASS": ""}
