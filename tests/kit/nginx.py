"""nginx reads what the documents say of it, and does it."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.kit.ports import free_port


def nginx_at() -> str:
    """Where nginx is."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    assert nginx, (
        "nginx is needed to check what the documents say of it: apt-get install nginx-light"
    )
    return nginx


def command_for(text: str, folder: Path) -> list[str]:
    """The command of an nginx with this configuration, which keeps all it writes in a folder."""
    temporary = "".join(
        f"{name}_temp_path {folder}/nginx-{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = folder / "nginx.conf"
    user = "user root;\n" if os.geteuid() == 0 else ""  # who else may not enter the folder
    config.write_text(
        f"{user}pid {folder}/nginx.pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}{text}\n}}\n"
    )
    return [nginx_at(), "-c", str(config), "-p", str(folder), "-e", "stderr"]


def check_nginx(text: str, folder: Path) -> None:
    """Have nginx read a whole configuration, or a part that belongs into a server."""
    if not re.search(r"^\s*server\s*{", text, re.MULTILINE):
        text = f"server {{ listen 127.0.0.1:{free_port()};\n{text}}}"
    done = subprocess.run(
        [*command_for(text, folder), "-t"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@contextmanager
def proxied(locations: str, folder: Path, *, tls: bool = True) -> Iterator[str]:
    """An nginx that has these locations: where it is found, without their paths."""
    port = free_port()
    listening = _with_tls(port, folder) if tls else f"listen 127.0.0.1:{port};"
    server = f"server {{\n{listening}\n{locations}\n}}"
    process = subprocess.Popen([*command_for(server, folder), "-g", "daemon off;"])
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, "nginx did not start"
            time.sleep(0.05)
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _with_tls(port: int, folder: Path) -> str:
    certificate, key = folder / "certificate.pem", folder / "certificate.key"
    made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    words = [*made.split(), "-subj", "/CN=127.0.0.1", "-out", certificate, "-keyout", key]
    subprocess.run(words, check=True, capture_output=True)
    return (
        f"listen 127.0.0.1:{port} ssl;\nssl_certificate {certificate};\nssl_certificate_key {key};"
    )
