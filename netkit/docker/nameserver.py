"""A name server for whoever plays the world outside: `python -m netkit.docker.nameserver ADDRESS NAME=ADDRESS …`."""

from __future__ import annotations

import socket
import sys

from netkit.docker import dns


def main(words: list[str]) -> None:
    """Answer questions for names until it is ended.

    Args:
        words: the address to listen at, then each name with its address: "www.example.org=203.0.113.80".
    """
    address, *pairs = words
    known = dict(pair.lower().split("=", 1) for pair in pairs)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.bind((address, dns.PORT))
        while True:
            question, sender = here.recvfrom(4096)
            if (said := dns.answer(question, known.get)) is not None:
                here.sendto(said, sender)


if __name__ == "__main__":
    main(sys.argv[1:])
