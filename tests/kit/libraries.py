"""Installs the libraries that jobs come from, each alone: in `build/adapters/`."""

import argparse
import subprocess
import time
import venv
from pathlib import Path
from typing import NamedTuple

from tests.kit import ROOT

FOLDER = ROOT / "build" / "adapters"


class Library(NamedTuple):
    """What `pip` is asked for, by spaces; a small one is installed within seconds."""

    wanted: str
    small: bool = False


LIBRARIES = {
    "celery": Library("celery[sqlalchemy]==5.7.0", small=True),
    "dramatiq": Library("dramatiq[redis]==2.2.1", small=True),
    "langchain-core": Library("langchain-core==1.8.3", small=True),
    "openlineage-python": Library("openlineage-python==1.41.0", small=True),
    "llama-index-core": Library("llama-index-core==0.14.25"),
    "rq": Library("rq==3.0.0"),
    "prefect": Library("prefect==3.9.1"),
    "dagster": Library("dagster==1.13.29"),
    "lightrag-hku": Library("lightrag-hku==1.5.7"),
    "docling": Library("docling==2.143.0"),
    "haystack-ai": Library("haystack-ai==3.4.1"),
    "dbt": Library("dbt-core==1.10.23 dbt-duckdb==1.10.1 openlineage-dbt==1.54.0"),
    "airflow": Library(
        "apache-airflow==3.3.2 apache-airflow-providers-openlineage==2.20.3"
        " apache-airflow-providers-common-sql==2.4.0 apache-airflow-providers-sqlite==4.3.4"
    ),
}

PATIENT = {"PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "90"}
"""What a library is told wherever it runs: its own 20 s are few on a busy machine."""


def python_of(library: str) -> Path:
    """The Python that has it, where it is installed."""
    return FOLDER / library / "bin" / "python"


def install(library: str) -> None:
    """Install a library as it is pinned, if it is not."""
    folder, wanted = FOLDER / library, LIBRARIES[library].wanted
    stamp = folder / "installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    began = time.monotonic()
    print(f"Installing {wanted} into {folder.relative_to(ROOT)} ...", flush=True)
    venv.create(folder, with_pip=True, clear=True)
    words: list[str | Path] = [
        python_of(library),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-compile",
        *wanted.split(),
    ]
    subprocess.run([*words, "--disable-pip-version-check"], check=True)
    stamp.write_text(wanted)
    print(f"Installed {wanted} in {time.monotonic() - began:.0f} s", flush=True)


def main() -> None:
    """Install what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"of {', '.join(LIBRARIES)}")
    parser.add_argument("--small", action="store_true", help="those that are small alone")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(LIBRARIES):
        parser.error(f"no library {', '.join(sorted(unknown))}")
    for name, library in LIBRARIES.items():
        if name in asked.names or (not asked.names and (library.small or not asked.small)):
            install(name)


if __name__ == "__main__":
    main()
