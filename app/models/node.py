"""The nodes of a database of several, as far as we must know them."""

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.store.database import MICROS, Base

ADDRESS = 300  # characters of a host's name and its port


class NodeOutage(Base):
    """A node that does not answer `since` then, as was seen at `seen_at` last (`store.nodes`).

    It has so many projects, if anybody knew when it began. All processes say the same of it.
    """

    __tablename__ = "node_outages"

    node: Mapped[str] = mapped_column(String(ADDRESS), primary_key=True)
    since: Mapped[int] = mapped_column(MICROS)
    seen_at: Mapped[int] = mapped_column(MICROS)
    projects: Mapped[int | None] = mapped_column(Integer)
