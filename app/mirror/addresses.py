"""Which addresses the mirror may ask: public ones, and those that the operator allows.

A source is set on a page. Without this whoever may set one could have the board ask whatever its
host reaches, such as the metadata of a cloud. So a name is looked up once, every address that it
has must be allowed, and the connection goes to one of these and not to the name.
"""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import urlsplit

from app.config import Network

LONGEST = 1024  # characters of an address
SHARED = ip_network("100.64.0.0/10")  # of carriers (RFC 6598): neither private nor public


class AddressError(ValueError):
    """An address that is not asked; its text says why, to the person who gave it."""


class Place(NamedTuple):
    """Where an upstream is: `path` is what stands before `/api/v1`."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def netloc(self) -> str:
        """The host as a request names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def read_address(url: str) -> Place:
    """The place that a URL names. Raises AddressError."""
    if len(url) > LONGEST or not url.isascii() or any(char <= " " for char in url):
        raise AddressError("must be an address such as https://api.example.com")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressError("must be an address such as https://api.example.com") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise AddressError("must begin with https:// (or http://) and name a host")
    if parts.username or parts.password:
        raise AddressError("must hold no name and no password: the key is given by itself")
    if parts.query or parts.fragment:
        raise AddressError("must end with its path")
    path = parts.path.rstrip("/").removesuffix("/api/v1").rstrip("/")
    secure = parts.scheme == "https"
    return Place(secure, parts.hostname, port or (443 if secure else 80), path)


def resolve(place: Place, allowed: Sequence[Network]) -> str:
    """The address to connect to. Raises AddressError, and OSError where there is none."""
    found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    addresses = [ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    for address in addresses:
        named = any(address in network for network in allowed)
        if not named and not _is_public(address):
            raise AddressError(f"{address} is no public address: MIRROR_ALLOW can allow it")
        if not named and not place.secure:
            raise AddressError("a key goes over https:// only, or where MIRROR_ALLOW allows it")
    return str(addresses[0])


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if inner is not None:
        return _is_public(inner)
    if isinstance(address, IPv6Address) and address in NAT64:
        return False  # leads to any address of IPv4
    return address.is_global and not address.is_multicast and address not in SHARED


NAT64 = ip_network("64:ff9b::/96")
