"""Scopes, and what the holder of a secret may do."""

import hashlib
import secrets
from dataclasses import dataclass
from enum import IntEnum


class Scope(IntEnum):
    """Each one may do what the lower ones may: read < write (report jobs) < admin."""

    READ = 1
    WRITE = 2
    ADMIN = 3


SCOPE_BY_WORD = {scope.name.lower(): scope for scope in Scope}


@dataclass(frozen=True, slots=True)
class Grant:
    """What a valid key or session opens; `project_id` None is every project."""

    label: str
    scope: Scope
    project_id: str | None

    @property
    def manages(self) -> bool:
        """Whether it may say what else opens the board: only who may do all, in all projects."""
        return self.scope is Scope.ADMIN and self.project_id is None

    def administers(self, project_id: str) -> bool:
        """Whether it may change what is said of the project itself."""
        return self.scope is Scope.ADMIN and self.sees(project_id)

    def sees(self, project_id: str) -> bool:
        """Whether the project is one of those it opens."""
        return self.project_id in (None, project_id)


def new_secret() -> str:
    """256 random bits, safe in a URL."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> str:
    """What is stored of a secret. It is random and long, so a plain SHA-256 cannot be guessed."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
