"""`jobwall screens`: a link, the list, and closing one."""

import re

from app.clock import now
from app.screens.store import spend_link
from app.store.database import writing
from tests.kit.api import Api


def test_a_link_is_printed_listed_and_revoked(api: Api, run) -> None:
    made = run("screens", "link", "--name", "Hall", "--project", "p1", "--url", "https://b.test/")
    token = re.fullmatch(r"https://b\.test/wall#([\w-]{43})\n", made.stdout)[1]
    assert "link until" in run("screens", "list").stdout
    with writing() as connection:
        assert spend_link(connection, token, address="10.0.0.1", browser="b", now=now())
    listed = run("screens", "list").stdout
    assert re.match(r"\s+1  not seen yet\s+p1\s+10\.0\.0\.1\s+Unknown browser\s+Hall\n", listed)
    assert run("screens", "revoke", "1").stdout == "revoked 1\n"
    again = run("screens", "revoke", "1")
    assert (again.exit_code, again.stderr) == (1, "Error: there is no open screen 1\n")


def test_there_must_be_such_a_project(run) -> None:
    assert run("screens", "link", "--name", "Hall", "--project", "none").exit_code == 1
