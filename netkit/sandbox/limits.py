"""What there was too little of, by the kernel's error number: ulimit -n, -u, -v, -f and their remedies."""

import errno
import resource

from netkit.errors import SandboxUnavailable

LEAST_FILES = 256
"""Files that a kernel needs open at once: ipykernel has dozens, a lesson that captures and draws as many again."""

_AGAIN = "Raise the limit, then start it again from the same shell"


def scarce(number: int) -> tuple[str, str, str] | None:
    """Cause, remedy and a line for the shell, for an error that says that a limit is reached.

    Args:
        number: the kernel's error number (errno(3)).

    Returns:
        None for other errors.
    """
    files, processes = (_limit(kind) for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC))
    room, size = (_limit(kind) for kind in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE))
    return {
        errno.EAGAIN: (
            f"no further process can be started: this user may have {processes} (ulimit -u), threads counted, and a "
            "container or a service may allow fewer (pids.max)",
            "End programs that you do not need, or raise the limit",
            "ulimit -u $(ulimit -H -u)",
        ),
        errno.EMFILE: (
            f"a process may have {files} files open here (ulimit -n), which is too few",
            _AGAIN,
            "ulimit -n $(ulimit -H -n)",
        ),
        errno.ENFILE: (
            "the programs of this machine have as many files open as it allows (fs.file-max)",
            "End programs that you do not need",
            "",
        ),
        errno.ENOMEM: (
            f"there is no memory left: a process may have {room} (ulimit -v), a container or a service may allow less",
            "End programs that you do not need, or raise the limit",
            "ulimit -v unlimited",
        ),
        errno.EFBIG: (
            f"files may have {size} here (ulimit -f), those in memory counted, which is too few",
            _AGAIN,
            "ulimit -f unlimited",
        ),
    }.get(number)


def allow_files() -> None:
    """Let the kernel that is started next have as many files open as it needs, where this user may have so many.

    Raises:
        SandboxUnavailable: the user may not.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < LEAST_FILES:
        if hard != resource.RLIM_INFINITY and hard < LEAST_FILES:
            problem = f"A process may have {hard} files open here (ulimit -n)"
            remedy = f"Begin with a shell in which 'ulimit -n {LEAST_FILES}' is allowed"
            raise SandboxUnavailable(problem, f"a kernel needs {LEAST_FILES}", remedy)
        resource.setrlimit(resource.RLIMIT_NOFILE, (LEAST_FILES, hard))


def _limit(kind: int) -> str:
    soft = resource.getrlimit(kind)[0]
    if soft == resource.RLIM_INFINITY:
        return "any number"
    return f"{soft} bytes" if kind in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE) else str(soft)
