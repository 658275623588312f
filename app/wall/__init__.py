"""The TV face: every project on one screen that nobody touches."""

from app.wall.pages import blueprint

__all__ = ["blueprint"]
