"""Who asks, of which host and below which path: believed of our proxies, and of nobody else.

What a client claims of itself (`X-Forwarded-…`, a root for our links) is dropped here, before any
code of ours can read it. A proxy that `TRUSTED_PROXIES` names says by `X-Forwarded-For` who asks,
by `-Proto` how, and by `-Host` of whom. Below which path the board answers `PATH_PREFIX` says, and
no request.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

from flask import Flask, abort, request

from app.config import Config, Network
from app.web.errors import ProblemError
from app.web.urls import host_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

OUTSIDE = "jobwall.outside"  # of the environment of a request: it asks for what is not below us
PROBES = ("/healthz", "/readyz")
"""What whoever looks after the machine asks, by its address and past every proxy."""

Address = IPv4Address | IPv6Address


def init_app(app: Flask, config: Config) -> None:
    """Settle it for every request, before all else sees that."""
    answer = app.wsgi_app

    def settle(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        _believe(environ, config.trusted_proxies)
        _place(environ, config.path_prefix)
        return answer(environ, start_response)

    app.wsgi_app = settle  # type: ignore[method-assign]  # as Flask's own documentation does
    if not (config.path_prefix or config.allowed_hosts):
        return

    @app.before_request
    def turn_away() -> None:
        if request.path in PROBES:
            return
        if request.environ.get(OUTSIDE):
            abort(404)
        if config.allowed_hosts and not _is_allowed(request.host, config.allowed_hosts):
            raise ProblemError(
                421, "This board has another name; ALLOWED_HOSTS lists those it has."
            )


def parse_address(text: str) -> Address | None:
    """An address, of IPv4 where IPv6 only wraps one; None for what is none."""
    try:
        found = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _believe(about: WSGIEnvironment, trusted: Sequence[Network]) -> None:
    """Take what a proxy of ours says of the request; forget it where somebody else does."""
    hops = about.pop("HTTP_X_FORWARDED_FOR", "")
    scheme = about.pop("HTTP_X_FORWARDED_PROTO", "")
    host = about.pop("HTTP_X_FORWARDED_HOST", "")
    if not (trusted and (hops or scheme or host)):
        return
    peer = parse_address(about.get("REMOTE_ADDR", ""))
    if peer is None or not _is_one_of(peer, trusted):
        return
    about["REMOTE_ADDR"] = str(_client(peer, hops, trusted))
    # Of several the proxy that is asking said the last.
    scheme = _last(scheme).lower()
    if scheme in ("http", "https"):
        about["wsgi.url_scheme"] = scheme
    if host := _last(host):
        about["HTTP_HOST"] = host


def _client(peer: Address, hops: str, trusted: Sequence[Network]) -> Address:
    """Who asks: the nearest hop that is no proxy of ours. What stands before it anyone can say."""
    client = peer
    for text in reversed(hops.split(",")):
        hop = parse_address(text)
        if hop is None:
            break
        client = hop
        if not _is_one_of(hop, trusted):
            break
    return client


def _is_one_of(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _last(values: str) -> str:
    return values.rpartition(",")[2].strip()


def _place(about: WSGIEnvironment, prefix: str) -> None:
    """Our root is the prefix, whatever anybody set; what lies not below it is outside."""
    path = about.get("SCRIPT_NAME", "") + about.get("PATH_INFO", "")
    about["SCRIPT_NAME"] = prefix
    if prefix and path not in PROBES:
        if path == prefix or path.startswith(f"{prefix}/"):
            path = path.removeprefix(prefix) or "/"
        else:
            about[OUTSIDE] = True
    about["PATH_INFO"] = path


def _is_allowed(host: str, allowed: Sequence[str]) -> bool:
    """Whether one of the allowed names is that of the host; `.name` is it too, and all below it."""
    name = (host_of(f"//{host}") or "").rstrip(".")
    return any(
        name == one.removeprefix(".") or (one.startswith(".") and name.endswith(one))
        for one in allowed
    )
