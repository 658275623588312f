"""Who may see and do what: API keys, sign-in links and sessions, all kept as hashes."""

from sqlalchemy import ForeignKey, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from app.store.database import MICROS, Base, id_text


class GrantColumns:
    """What a key, a link or a session opens: up to `scope`, in one project or (None) in all."""

    scope: Mapped[int] = mapped_column(SmallInteger)
    project_id: Mapped[str | None] = mapped_column(
        id_text(), ForeignKey("projects.project_id", ondelete="CASCADE")
    )
    created_at: Mapped[int] = mapped_column(MICROS)
    expires_at: Mapped[int | None] = mapped_column(MICROS)


class ApiKey(GrantColumns, Base):
    """An API key; `hint` is its first few characters, to tell keys apart."""

    __tablename__ = "api_keys"

    key_id: Mapped[int] = mapped_column(primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(200))
    revoked_at: Mapped[int | None] = mapped_column(MICROS)


class SignInLink(GrantColumns, Base):
    """A link that signs one person in, once."""

    __tablename__ = "sign_in_links"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[int | None] = mapped_column(MICROS)


class Session(GrantColumns, Base):
    """A signed-in browser; one that came by a key ends with the key."""

    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    label: Mapped[str] = mapped_column(String(200))
    key_id: Mapped[int | None] = mapped_column(ForeignKey("api_keys.key_id", ondelete="CASCADE"))
    revoked_at: Mapped[int | None] = mapped_column(MICROS)


class Secret(Base):
    """What the hosts of one PostgreSQL share, and nobody else may know: see `access.secret`."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    value: Mapped[str] = mapped_column(String(64))
