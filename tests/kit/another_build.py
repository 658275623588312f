"""The same app as it would be after an update: only its build has another name."""

from tests.kit.hurried import app

app.config["BUILD"] = "another"

__all__ = ["app"]
