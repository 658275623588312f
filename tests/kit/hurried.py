"""The same app in a hurry: its pages and walls ask, and tell that nobody answers, much sooner.

A test that waits for them is not kept waiting. The demo board's pages run at their own pace.
"""

from functools import cache

from app.web import assets, live

PACES = {
    "live.js": (
        ("plan(1000)", "plan(200)"),
        ("},1000)", "},200)"),
        ("1000 * 2 **", "200 * 2 **"),
    ),
    "wall.js": (("TICK = 500", "TICK = 100"), ("POLL = 1200", "POLL = 300")),
}

live.PACE, live.IDLE_PACE, live.PATIENCE = 200, 600, 0.1
_find = assets.find


@cache
def find(name: str) -> assets.Asset:
    """A file as it is sent, but for its paces: one that is not in it any more stops the start."""
    found = _find(name)
    text = found.body.decode() if name in PACES else ""
    for slow, fast in PACES.get(name, ()):
        if text.count(slow) != 1:
            raise RuntimeError(f"{name} does not say {slow!r} once")
        text = text.replace(slow, fast)
    return found._replace(body=text.encode(), packed=None) if text else found


assets.find = find

from wsgi import app  # noqa: E402  made with the other paces

__all__ = ["app"]
