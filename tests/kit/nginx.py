"""nginx reads what the documents say of it."""

import re
import shutil
import socket
import subprocess
from pathlib import Path


def check_nginx(text: str, folder: Path) -> None:
    """Have nginx read a whole configuration, or a part that belongs into a server."""
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
    done = subprocess.run(
        [nginx, "-t", "-c", str(config), "-p", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
