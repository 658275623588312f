"""Every shape once, on a 16 px grid: the sprite of the pages and the wall are both made of these.

A drawing has only classes, which each style sheet draws in its own weight and colours (`base.css`,
and `wall.css` for a distance): `pen` is a line, `amber` is filled with a warning's colour, `bare`
stands on that, and `on` on the colour of the shape itself. A state's shape is told from every other
at 16 px, in grey and in forced colours.
"""

from flask import Flask
from markupsafe import Markup

SHAPES = {
    "failed": Markup(
        '<path fill="currentColor" d="M5 1h6l4 4v6l-4 4H5l-4-4V5z"/>'
        '<path class="on" d="m5.4 5.4 5.2 5.2m0-5.2-5.2 5.2"/>'
    ),
    "some-failures": Markup(
        '<path class="pen" d="M5.3 1.8h5.4l3.5 3.5v5.4l-3.5 3.5H5.3l-3.5-3.5V5.3z"/>'
        '<path class="pen" d="m5.8 5.8 4.4 4.4m0-4.4-4.4 4.4"/>'
    ),
    "stalled": Markup(
        '<path class="pen amber" d="M8 2.1 14.6 13.7H1.4z"/>'
        '<path class="pen bare" d="M8 6v3.3m0 2.4v.1"/>'
    ),
    "late": Markup(
        '<circle class="pen" cx="8" cy="8" r="6.2"/><path class="pen" d="M8 4.4V8l2.6 1.7"/>'
    ),
    "empty": Markup(
        '<path class="pen" d="M8 1.6 14.4 8 8 14.4 1.6 8z"/><path class="pen" d="M5.6 8h4.8"/>'
    ),
    "starved": Markup(
        '<path class="pen" d="M3.4 1.8h9.2M3.4 14.2h9.2"/>'
        '<path class="pen" d="M4.8 2v2.6L8 8l3.2-3.4V2M4.8 14v-2.6L8 8l3.2 3.4V14"/>'
    ),
    "behind": Markup(
        '<path class="pen" d="M7 4.6 9 2.7a3 3 0 0 1 4.3 4.3L11.4 9M9 11.4l-2 1.9A3 3 0 0 1 2.7 9'
        'l1.9-2M2.2 2.2l1.7 1.7m8.2 8.2 1.7 1.7"/>'
    ),
    "slow": Markup(
        '<path class="pen" d="M1.8 11.6a6.2 6.2 0 0 1 12.4 0"/>'
        '<path class="pen" d="M8 11.6 4.4 8.4M8 11.6v.1"/>'
    ),
    "running": Markup(
        '<circle class="pen" cx="8" cy="8" r="6.2"/>'
        '<path fill="currentColor" d="M8 1.8a6.2 6.2 0 0 1 0 12.4z"/>'
    ),
    "waiting": Markup('<circle class="pen" stroke-dasharray="1.1 3.77" cx="8" cy="8" r="6.2"/>'),
    "completed": Markup('<path class="pen" d="m2.8 8.6 3.3 3.3 7.1-7.4"/>'),
    "none": Markup('<path class="pen" d="M4 8h8"/>'),
    "lost": Markup(
        '<path class="pen" d="M2 2l12 12M4.6 10.4a4.8 4.8 0 0 1 2-1.2m2.8.1q1.1.3 2 1.1M1.9 7.2'
        'a8.6 8.6 0 0 1 2.8-1.8m3.2-.6a8.6 8.6 0 0 1 6.2 2.4M8 13.3v.2"/>'
    ),
    "search": Markup(
        '<circle class="pen" cx="7" cy="7" r="4.4"/><path class="pen" d="m10.4 10.4 3.4 3.4"/>'
    ),
    "copy": Markup('<path class="pen" d="M5.8 5.8h7.4v7.4H5.8zM10.2 5.6V2.8H2.8v7.4h2.8"/>'),
    "leave": Markup('<path class="pen" d="M9.5 2.5h-6v11h6M6.8 8h7m-2.6-2.7L13.9 8l-2.7 2.7"/>'),
    "settings": Markup(
        '<path class="pen" d="M1.8 4.5h5.4m4 0h3M1.8 11.5h2m4 0h6.4"/>'
        '<circle class="pen" cx="9.2" cy="4.5" r="2"/>'
        '<circle class="pen" cx="5.8" cy="11.5" r="2"/>'
    ),
    "close": Markup('<path class="pen" d="m3.5 3.5 9 9m0-9-9 9"/>'),
    "up": Markup('<path class="pen" d="M8 13V3.2M3.8 7.4 8 3.2l4.2 4.2"/>'),
}

SYMBOLS = {*SHAPES, "mark"}
"""What is in the sprite: the mark too, which has a grid of its own."""


def drawing(name: str) -> Markup:
    """The shape itself, for a page without a sprite; raises KeyError where there is none."""
    return SHAPES[name]


def symbol(name: str) -> str:
    """The id of the shape in the sprite; raises KeyError where there is none."""
    if name not in SYMBOLS:
        raise KeyError(name)
    return f"i-{name}"


def init_app(app: Flask) -> None:
    """Let templates draw them."""
    app.jinja_env.filters.update(drawing=drawing, symbol=symbol)
    app.jinja_env.globals["shapes"] = SHAPES
