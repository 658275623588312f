"""nginx reads what the documents say of it, and stands before a board."""

import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def check_nginx(text: str, folder: Path) -> None:
    """Have nginx read a whole configuration, or a part that belongs into a server."""
    command = _command(text, folder)
    done = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@contextmanager
def proxied(text: str, folder: Path) -> Iterator[str]:
    """nginx with a part that belongs into a server, until the end of the block; gives its URL."""
    port = free_port()
    command = _command(f"server {{ listen 127.0.0.1:{port};\n{text}}}", folder)
    alone = "daemon off; master_process off;"
    with subprocess.Popen([*command, "-g", alone], stderr=subprocess.PIPE, text=True) as nginx:
        try:
            url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 20
            while True:
                try:
                    urllib.request.urlopen(f"{url}/healthz", timeout=5).close()
                except OSError:
                    assert nginx.poll() is None, nginx.stderr and nginx.stderr.read()
                    assert time.monotonic() < deadline, "nginx does not answer"
                    time.sleep(0.05)
                else:
                    break
            yield url
        finally:
            nginx.kill()


def _command(text: str, folder: Path) -> list[str]:
    """What starts nginx with a whole configuration, or with a part that belongs into a server."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    assert nginx, (
        "nginx is needed to check what the documents say of it: apt-get install nginx-light"
    )
    if not re.search(r"^\s*server\s*{", text, re.MULTILINE):
        text = f"server {{ listen 127.0.0.1:{free_port()};\n{text}}}"
    temporary = "".join(
        f"{name}_temp_path {folder}/nginx-{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = folder / "nginx.conf"
    config.write_text(
        f"pid {folder}/nginx.pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}{text}\n}}\n"
    )
    return [nginx, "-c", str(config), "-p", str(folder)]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
