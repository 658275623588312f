"""The TV face: every project on one screen that nobody touches."""

from app.wall import pages, pairing  # noqa: F401  pairing adds its routes
from app.wall.pages import blueprint

__all__ = ["blueprint"]
