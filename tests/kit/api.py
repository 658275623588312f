"""A client of the JSON API, inside the test's own process."""

from dataclasses import dataclass, field

from flask import Flask
from flask.testing import FlaskClient

from app.access.keys import create_key
from app.access.scopes import SCOPE_BY_WORD
from app.clock import now
from app.store.database import writing
from app.web.cookies import SESSION
from tests.kit.cookies import give
from tests.kit.sessions import new_session


@dataclass
class Api:
    """A client of the API of one app, with a key of each scope."""

    app: Flask
    client: FlaskClient
    project: str = "p1"
    keys: dict[str, str] = field(default_factory=dict)

    def key(self, scope: str = "admin", project_id: str | None = None) -> str:
        """A new or known key of a scope."""
        name = f"{scope} {project_id}"
        if name not in self.keys:
            with writing() as connection:
                self.keys[name] = create_key(
                    connection,
                    name=name,
                    scope=SCOPE_BY_WORD[scope],
                    project_id=project_id,
                    now=now(),
                ).text
        return self.keys[name]

    def headers(self, scope: str = "admin", **more: str) -> dict[str, str]:
        """The Authorization header, and more."""
        return {"Authorization": f"Bearer {self.key(scope)}", **more}

    def sign_in(self) -> None:
        """Sign its client in as a browser is, for the pages."""
        give(self.client, SESSION, new_session())

    def url(self, path: str = "") -> str:
        """A URL under the project's jobs."""
        return f"/api/v1/projects/{self.project}/jobs{path}"

    def get(self, path: str = "", *, scope: str = "admin", **headers: str):
        """GET under the project's jobs."""
        return self.client.get(self.url(path), headers=self.headers(scope, **headers))

    def post(self, body: object, path: str = "", *, scope: str = "admin", **headers: str):
        """POST under the project's jobs."""
        return self.client.post(self.url(path), json=body, headers=self.headers(scope, **headers))

    def patch(self, job_id: str, body: object, *, scope: str = "admin"):
        """PATCH a job of the project."""
        return self.client.patch(self.url(f"/{job_id}"), json=body, headers=self.headers(scope))
