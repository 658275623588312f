"""The socket where the board listens: made before its server, which inherits it.

So whatever is wrong with the address is one line, before anything is changed; and a link that was
printed works, although the server is still starting.
"""

import errno
import socket
import sys
from collections.abc import Collection

import click

from app.config import Network
from app.web.forwarding import parse_address

WAITING = 2048  # connections that the kernel keeps until a worker takes them, as gunicorn's own
# By these gunicorn would believe others, and take another root, past our own settings.
SERVER_ENVIRONMENT = {"FORWARDED_ALLOW_IPS": "", "SCRIPT_NAME": ""}
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  where all listen, one is asked


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there, and that child processes may inherit."""
    try:
        [(family, kind, _, _, address), *_] = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )
        listener = socket.socket(family, kind)
        if family == socket.AF_INET6:  # `::` means IPv4 too, whatever the machine's default is
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(WAITING)
    except (OSError, UnicodeError) as error:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            reason = f"Port {port} is taken. Choose another, such as PORT={port + 1}."
        else:
            words = error.strerror if isinstance(error, OSError) else "not a name of a machine"
            reason = f"Cannot listen on HOST={host} PORT={port}: {words}"
        raise click.ClickException(reason) from None
    listener.set_inheritable(True)
    return listener


def url_of(listener: socket.socket, host: str) -> str:
    """Where a browser on this machine finds what listens there."""
    name = WILDCARDS.get(host, host)
    return f"http://{f'[{name}]' if ':' in name else name}:{listener.getsockname()[1]}"


def risk_of(listener: socket.socket, proxies: Collection[Network]) -> str:
    """What it risks to listen there without a proxy; nothing on loopback, or where one is named."""
    address = parse_address(listener.getsockname()[0])
    if proxies or (address is not None and address.is_loopback):
        return ""
    return (
        "Beware: other machines reach it without TLS: keys and sign-in links travel readable."
        " Put a proxy with TLS before it, and name that in TRUSTED_PROXIES."
    )


def server_command(listener: socket.socket) -> list[str]:
    """What serves the board there. `-P`: a folder `app` that happens to be here is not ours."""
    return [sys.executable, "-P", "-m", "app.cli.server", str(listener.fileno())]
