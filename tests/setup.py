"""What the tests need beside packages of Python, installed where it is missing: `make test`.

A browser; nginx, which does what the documents show, with a certificate by openssl; curl, by which
they report; and PgBouncer, which the board refuses. Where all are there it says nothing.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import sync_playwright

from screenshots import chromium

APT = ("apt-get", "-qq", "-o", "Dpkg::Use-Pty=0")
PLAYWRIGHT = (sys.executable, "-m", "playwright")
# Without its runlevel a package would start its server, here of nginx.
QUIETLY = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}


def main() -> None:
    """Install what is missing, or end with one line that says what to do."""
    need("Playwright's library", has_driver, "libatomic1")
    if not has_browser():
        if may_apt() and is_debian():
            apt("Chromium", "chromium-headless-shell", "fonts-liberation")
        else:
            run("Chromium", *PLAYWRIGHT, "install", "--with-deps", "chromium")
        if not has_browser():
            sys.exit("The tests need a browser: install Chromium, Chrome or Edge.")
    need("nginx", has_nginx, "nginx-light")
    need("openssl", has_openssl, "openssl")
    need("curl", has_curl, "curl")
    need("PgBouncer", has_pgbouncer, "pgbouncer")


def need(what: str, there: Callable[[], bool], package: str) -> None:
    """Install a package of Debian where something is missing, or end with its name."""
    if not there() and may_apt():
        apt(what, package)
    if not there():
        sys.exit(f"The tests need {what}: install it (Debian and Ubuntu: {package}).")


def has_driver() -> bool:
    """Whether Playwright's own program starts: a small Debian lacks a library that it needs."""
    command = (*PLAYWRIGHT, "--version")
    return not subprocess.run(command, check=False, capture_output=True).returncode


def has_browser() -> bool:
    """Whether the machine has a browser, or Playwright one of its own."""
    if chromium.find():
        return True
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path).exists()


def has_nginx() -> bool:
    """Whether nginx is there; a user's PATH may lack where Debian puts it."""
    return bool(shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin"))


def has_openssl() -> bool:
    """Whether openssl is there."""
    return shutil.which("openssl") is not None


def has_curl() -> bool:
    """Whether curl is there."""
    return shutil.which("curl") is not None


def has_pgbouncer() -> bool:
    """Whether PgBouncer is there; a user's PATH may lack where Debian puts it."""
    return bool(shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin"))


def may_apt() -> bool:
    """Whether packages can be installed without asking."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def is_debian() -> bool:
    """Whether `chromium` is a package like others: Ubuntu's is a snap."""
    release = Path("/etc/os-release")
    return release.exists() and "ID=debian" in release.read_text().splitlines()


def apt(what: str, *packages: str) -> None:
    """Install packages of Debian."""
    run(what, *APT, "update")
    run("", *APT, "install", "--yes", "--no-install-recommends", *packages)


def run(what: str, *command: str) -> None:
    """Run a command that installs something; where it fails, end with what it said last."""
    if what:
        print(f"Installing {what} for the tests ...", flush=True)
    done = subprocess.run(
        command,
        check=False,
        env=QUIETLY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        said = done.stdout.strip().splitlines() or ["it said nothing"]
        sys.exit(f"`{' '.join(command)}` failed: {said[-1]}")


if __name__ == "__main__":
    main()
