"""What the tests of whole systems share."""

import os
import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of what is committed and of what is not yet. Nothing was made or run in it."""
    folder = tmp_path_factory.mktemp("fresh") / "jobwall"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    return folder


@pytest.fixture
def empty(settings: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has a database without tables, and no folder yet."""
    if "DATABASE_URL" in settings:
        url = make_url(settings["DATABASE_URL"]).set(drivername="postgresql")
        with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
    return {**os.environ, **settings, "INSTANCE": str(tmp_path / "new" / "instance")}
