"""The secret key that signs the tokens of forms: of all hosts that serve one store, the same.

It is a setting; else SQLite, which one host serves, has it in a file (`config`), and PostgreSQL,
which several may serve, in a row.
"""

import secrets

from flask import current_app
from sqlalchemy import Connection, select

from app.models import Secret
from app.store.database import reading, table_of, upsert, writing

FORMS = "forms"


def secret_key() -> bytes:
    """The key. In a store that has none yet it is made; a process looks for it once."""
    if not current_app.secret_key:
        with reading() as connection:
            known = _find(connection)
        current_app.secret_key = known or _make()
    return str(current_app.secret_key).encode("utf-8", "surrogateescape")


def _find(connection: Connection) -> str | None:
    return connection.scalar(select(Secret.value).where(Secret.name == FORMS))


def _make() -> str | None:
    """Make the key, unless another host did so just now; gives what is kept."""
    with writing() as connection:
        row = upsert(connection.dialect.name, table_of(Secret))
        row = row.values(name=FORMS, value=secrets.token_hex(32))
        connection.execute(row.on_conflict_do_nothing())
        return _find(connection)
