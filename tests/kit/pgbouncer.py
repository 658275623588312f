"""PgBouncer before a PostgreSQL server, really running."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

from tests.kit.ports import free_port


@contextmanager
def pgbouncer(server: URL, folder: Path, mode: str, more: str = "") -> Iterator[URL]:
    """The address of a pooler in this mode before a server, for as long as the block runs.

    `more` is what else its configuration says.
    """
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    assert program, "pgbouncer is needed to try what it does: apt-get install pgbouncer"
    port = free_port()
    folder.mkdir()
    config = folder / "pgbouncer.ini"
    place = f"host={server.query['host']} user={server.username} dbname={server.database}"
    config.write_text(
        f"[databases]\n{server.database} = {place}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = any\npool_mode = {mode}\ndefault_pool_size = 2\n{more}\n"
    )
    command = [program, str(config)]
    if os.geteuid() == 0:  # as whom it does not serve, no more than the server does
        command += ["--user", Path(str(server.query["host"])).owner()]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield server.set(host="127.0.0.1", port=port, query={})
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert process.poll() is None, "pgbouncer did not start"
            time.sleep(0.02)
        else:
            return
    raise AssertionError("pgbouncer does not answer")
