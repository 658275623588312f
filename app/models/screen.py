"""Televisions: the screens that may show the wall, and the codes that wait to become one."""

from sqlalchemy import Boolean, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.store.database import MICROS, Base, id_text

ADDRESS = 45  # characters of the longest address
BROWSER = 300  # characters that are kept of what a browser calls itself


class Screen(Base):
    """A screen that may show the wall of every project, or of those in `screen_projects`.

    Before its one-time link is opened it has a `link_hash` instead of a `token_hash`.
    """

    __tablename__ = "screens"

    screen_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    every_project: Mapped[bool] = mapped_column(Boolean)
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    link_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    link_until: Mapped[int | None] = mapped_column(MICROS)
    address: Mapped[str | None] = mapped_column(String(ADDRESS))
    browser: Mapped[str | None] = mapped_column(String(BROWSER))
    created_at: Mapped[int] = mapped_column(MICROS)
    last_seen_at: Mapped[int | None] = mapped_column(MICROS)
    revoked_at: Mapped[int | None] = mapped_column(MICROS)


class ScreenProject(Base):
    """A project that a screen shows. Rows, so that a screen never shows more when one goes."""

    __tablename__ = "screen_projects"

    screen_id: Mapped[int] = mapped_column(
        ForeignKey("screens.screen_id", ondelete="CASCADE"), primary_key=True
    )
    project_id: Mapped[str] = mapped_column(
        id_text(), ForeignKey("projects.project_id", ondelete="CASCADE"), primary_key=True
    )


class Pairing(Base):
    """A code on a screen that no one has entered yet, for ten minutes.

    The code is no secret: it stands on a television, and opens nothing but for who may open all.
    What the screen keeps to itself is its token; `network` is what its address is counted by.
    """

    __tablename__ = "pairings"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    code: Mapped[str] = mapped_column(String(8), unique=True)
    address: Mapped[str] = mapped_column(String(ADDRESS))
    network: Mapped[str] = mapped_column(String(ADDRESS))
    browser: Mapped[str] = mapped_column(String(BROWSER))
    expires_at: Mapped[int] = mapped_column(MICROS)


class WrongCode(Base):
    """A code that someone (a session, a network) entered and that no screen shows."""

    __tablename__ = "wrong_codes"
    __table_args__ = (Index("ix_wrong_codes_who", "who", "at"),)

    wrong_code_id: Mapped[int] = mapped_column(primary_key=True)
    who: Mapped[str] = mapped_column(String(64))
    at: Mapped[int] = mapped_column(MICROS)
