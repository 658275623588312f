"""The files for containers, which no test can build: what they name is there."""

import json
import re
import shlex
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any

import pytest
import yaml

from tests.kit.documents import ROOT, listed, text_of
from tests.kit.facts import commands, variables

OF_THE_IMAGES = {
    "PATH": "the shell's",
    "POSTGRES_DB": "the image of PostgreSQL reads it",
    "POSTGRES_USER": "the image of PostgreSQL reads it",
    "POSTGRES_PASSWORD": "the image of PostgreSQL reads it",
}
"""Variables that others read than we."""


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Containerfile, each with what follows it."""
    text = re.sub(r"\\\n\s*", " ", text_of("Containerfile"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in lines]


def of_kind(kind: str) -> list[str]:
    """What follows each instruction of a kind."""
    return [rest for name, rest in instructions() if name == kind]


def ignored(path: str) -> bool:
    """Whether a file is left out of what an image is built from."""
    patterns = [
        line for line in text_of(".containerignore").splitlines() if line and line[0] != "#"
    ]
    whole = PurePosixPath(path)
    candidates = [str(whole), *(str(folder) for folder in whole.parents if folder.name)]
    return any(
        fnmatch(one, pattern)
        or (pattern.startswith("**/") and fnmatch(PurePosixPath(one).name, pattern[3:]))
        for one in candidates
        for pattern in patterns
    )


def compose() -> dict[str, Any]:
    """The services of compose.yaml."""
    return yaml.safe_load(text_of("compose.yaml"))["services"]


def values_of(service: dict[str, Any]) -> dict[str, str]:
    """The variables that a service is given."""
    return {name: str(value) for name, value in service.get("environment", {}).items()}


def test_what_is_copied_is_there_and_not_ignored() -> None:
    for rest in of_kind("COPY"):
        *sources, _target = (word for word in shlex.split(rest) if not word.startswith("--"))
        if "--from=" in rest:
            continue
        assert sources == ["."]
    kept = [path for path in listed() if not ignored(path)]
    needed = [path for path in listed("app", "templates", "static") if path not in kept]
    assert needed == [], "ignored"
    assert {"pyproject.toml", "constraints.txt", "README.md", "LICENSE"} <= set(kept)
    built = {"setup.py", "MANIFEST.in"} & set(listed())
    assert built <= set(kept)
    assert [path for path in kept if path.startswith(("tests/", ".git/", "docs/"))] == []


def test_both_names_of_the_list_of_what_is_ignored_say_the_same() -> None:
    assert text_of(".containerignore") == text_of(".dockerignore")


def test_what_is_ignored_can_be_there() -> None:
    made = {".git", ".venv", ".env", ".hypothesis", ".*_cache", "build", "instance"}
    for line in text_of(".containerignore").splitlines():
        if line.startswith(("#", "**/")) or line in made:
            continue
        assert (ROOT / line).exists(), line


def test_the_image_is_pinned_runs_as_nobody_and_keeps_its_store() -> None:
    bases = {base.partition(" AS ")[0] for base in of_kind("FROM")}
    assert len(bases) == 1
    [base] = bases
    assert re.fullmatch(r"python:\d+\.\d+-slim-[a-z]+", base)
    assert of_kind("USER") not in ([], ["root"])
    last = [name for name, _ in instructions()]
    assert last.index("USER") > last.index("COPY")
    values = dict(pair.split("=", 1) for pair in shlex.split(" ".join(of_kind("ENV"))))
    assert of_kind("VOLUME") == [values["INSTANCE"]]
    assert of_kind("EXPOSE") == [values["PORT"]]
    assert values["HOST"] == "0.0.0.0"


def test_the_image_starts_a_command_that_is_there() -> None:
    [command] = of_kind("CMD")
    assert " ".join(json.loads(command)) in commands()


def test_the_health_check_is_python_that_asks_an_address_that_is_there(live_board: Any) -> None:
    [rest] = of_kind("HEALTHCHECK")
    words = json.loads(rest[rest.index("[") :])
    assert words[:2] == ["python", "-c"]
    assert "/healthz" in words[2]
    asked = compile(words[2], "HEALTHCHECK", "exec")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PORT", str(live_board.port))
        patch.setenv("no_proxy", "127.0.0.1")
        exec(asked, {})
        patch.setenv("PORT", "1")
        with pytest.raises(OSError, match="refused"):
            exec(asked, {})


def test_every_variable_is_one_that_somebody_reads() -> None:
    named = {pair.split("=", 1)[0] for pair in shlex.split(" ".join(of_kind("ENV")))}
    for service in compose().values():
        named |= values_of(service).keys()
    assert named - OF_THE_IMAGES.keys() <= variables()


def test_nothing_starts_with_a_password_that_everybody_knows() -> None:
    secret = "${POSTGRES_PASSWORD:?"
    services = compose()
    assert values_of(services["database"])["POSTGRES_PASSWORD"].startswith(secret)
    url = values_of(services["board"])["DATABASE_URL"]
    assert secret in url
    assert url.startswith("postgresql+psycopg://jobwall:$")
    assert url.endswith("@database/jobwall")


def test_what_compose_builds_mounts_and_waits_for_is_there() -> None:
    whole = yaml.safe_load(text_of("compose.yaml"))
    services = compose()
    for service in services.values():
        assert ("build" in service) != ("image" in service)
        if "build" in service:
            assert (ROOT / service["build"]["dockerfile"]).is_file()
        else:
            assert re.fullmatch(r"[a-z]+:\d+(\.\d+)?-[a-z]+", service["image"]), "pinned, short"
        for mount in service.get("volumes", ()):
            source = mount.partition(":")[0]
            assert source in whole["volumes"] or (ROOT / source).is_file(), mount
        for name, needed in service.get("depends_on", {}).items():
            waits = needed["condition"] == "service_healthy"
            assert waits and ("healthcheck" in services[name] or "build" in services[name])
    [volume] = services["board"]["volumes"]
    assert of_kind("VOLUME") == [volume.partition(":")[2]]


def test_only_the_proxy_can_be_reached_and_from_this_machine_alone() -> None:
    ports = {name: service.get("ports", []) for name, service in compose().items()}
    [published] = ports.pop("proxy")
    assert not any(ports.values())
    address, _outside, inside = published.split(":")
    assert address == "127.0.0.1"
    nginx = text_of("deploy/nginx.conf")
    assert re.search(rf"^\s*listen {inside};", nginx, re.MULTILINE)
    assert "proxy_pass http://board:8000;" in nginx
    assert of_kind("EXPOSE") == ["8000"]
