"""`make dev`: a filled board that follows its sources."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import requests

PATIENCE = 60  # s


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_changed_code_templates_and_styles_show_at_once(sources: Path, tmp_path: Path) -> None:
    log, temporary, changed = tmp_path / "log", tmp_path / "temporary", tmp_path / "changed"
    temporary.mkdir()
    shutil.copytree(sources, changed)
    environment = {**os.environ, "PYTHONPATH": str(changed), "TMPDIR": str(temporary)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "screenshots.dev", "--port", "0"],
            cwd=changed,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        link = re.compile(r"Sign in: (http://\S+)/sign-in#(\S+)")
        wait_until(lambda: bool(link.search(log.read_text())))
        url, _ = link.search(log.read_text()).groups()

        def page() -> str:
            return requests.get(f"{url}/sign-in", timeout=PATIENCE).text

        style, template, code = (
            changed / name
            for name in ("static/css/door.css", "templates/base.html", "app/__init__.py")
        )
        before = page()
        kept = style.read_text()
        style.write_text(kept + ".added { color: red }")
        wait_until(
            lambda: re.findall(r"door\.\w+\.css", page()) != re.findall(r"door\.\w+\.css", before)
        )
        style.write_text(kept)
        kept = template.read_text()
        template.write_text(kept + "<!-- added -->")
        wait_until(lambda: "<!-- added -->" in page())
        template.write_text(kept)
        kept = code.read_text()
        code.write_text(kept + "\noops(")
        wait_until(lambda: "It does not start" in log.read_text())
        code.write_text(kept)
        assert "<!-- added -->" not in page()
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(PATIENCE)
    assert process.returncode == 0
    assert list(temporary.iterdir()) == []
