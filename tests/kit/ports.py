"""Ports for what a test starts."""

import random
import socket

PORTS = range(20_000, 32_000)
"""Below those that the system gives to clients: one that was free stays so until it is listened on,
whatever else connects to something meanwhile."""


def free_port() -> int:
    """A port that nobody listens on."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
