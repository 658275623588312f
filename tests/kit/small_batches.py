"""The same app, whose exports are read in small batches: few jobs are many of them."""

from app.queries import exports

exports.BATCH = 50

from wsgi import app  # noqa: E402

__all__ = ["app"]
