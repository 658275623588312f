"""What an audit finds: see `audit`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One value that is not what the jobs say."""

    where: str
    stored: object
    counted: object

    def __str__(self) -> str:
        return f"{self.where}: stored {self.stored}, counted {self.counted}"


def is_there(row: object) -> str:
    """In a finding, whether there is a row."""
    return "none" if row is None else "a row"
