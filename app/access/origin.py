"""Where a request comes from: its address, what it is counted by, and its browser in words."""

import re
from ipaddress import ip_network

from flask import request

from app.models.screen import BROWSER
from app.web.forwarding import parse_address

_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")
_BROWSERS = (
    (r"Edg(?:e|A|iOS)?/(\d+)", "Edge"),
    (r"OPR/(\d+)", "Opera"),
    (r"SamsungBrowser/(\d+)", "Samsung Internet"),
    (r"Firefox/(\d+)", "Firefox"),
    (r"Chrom(?:e|ium)/(\d+)", "Chrome"),
    (r"Version/(\d+)[.\d]* .*Safari", "Safari"),
)
_SYSTEMS = (
    ("Tizen", "Samsung TV"),
    ("Web0S", "LG TV"),
    ("webOS", "LG TV"),
    ("BRAVIA", "Sony TV"),
    ("CrOS", "ChromeOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


def address() -> str:
    """The address that asks, empty where there is none; what `web/forwarding` believes it is."""
    return str(parse_address(request.remote_addr or "") or "")


def network_of(text: str) -> str:
    """What an address is counted by: itself, or of IPv6 the /64 that one household has."""
    return str(ip_network((text, 64), strict=False)) if ":" in text else text


def browser() -> str:
    """What the browser calls itself, in letters that can be shown and kept."""
    return _UNPRINTABLE.sub(" ", request.headers.get("User-Agent", ""))[:BROWSER].strip()


def browser_words(agent: str | None) -> str:
    """`Chrome 68 on Samsung TV`, as far as a browser lets it be known."""
    agent = agent or ""
    matches = ((re.search(pattern, agent), name) for pattern, name in _BROWSERS)
    known = next((f"{name} {match[1]}" for match, name in matches if match), "Unknown browser")
    system = next((name for word, name in _SYSTEMS if word in agent), "")
    return f"{known} on {system}" if system else known
