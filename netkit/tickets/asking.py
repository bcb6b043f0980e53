"""What the commands `check`, `hint` … of a drill's shell are: ask the drill, show what it says; no import of netkit."""

import socket
import sys


def main(place: str, *words: str) -> int:
    """Ask the drill.

    Args:
        place: of its socket.
        words: what is asked.

    Returns:
        The exit status: 0 where all is well.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as drill:
        drill.connect(place)
        drill.sendall("\0".join(words).encode())
        drill.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: drill.recv(1 << 16), b"")).decode()
    status, _, text = answer.partition("\n")
    sys.stdout.write(f"{text}\n")
    return int(status)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
