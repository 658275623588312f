"""The body of a request as it comes in, piece by piece: of a known length, or in chunks."""

import re
from typing import Protocol

LINE = 256
"""Bytes of the line before a chunk; what extensions say there, nobody here reads."""

TRAILERS = 8192
"""Bytes of the fields behind the last chunk; nobody reads these either."""

_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?")


class MalformedBodyError(Exception):
    """What follows is no body as HTTP has them; where the next request begins is unknown."""


class Body(Protocol):
    """A body of which some may be there; `length` is 0 where it does not say."""

    content: bytearray
    length: int

    def take(self, received: bytearray) -> bool:
        """Move what belongs to the body out of `received`; True once it is whole.

        Raises MalformedBodyError.
        """


class Sized:
    """A body whose length its head tells."""

    def __init__(self, length: int) -> None:
        self.content = bytearray()
        self.length = length

    def take(self, received: bytearray) -> bool:
        """See `Body`."""
        more = received[: self.length - len(self.content)]
        self.content += more
        del received[: len(more)]
        return len(self.content) == self.length


class Chunked:
    """A body in chunks (RFC 9112, 7.1), read strictly: whoever stands before us did, too."""

    length = 0

    def __init__(self) -> None:
        self.content = bytearray()
        self._missing = 0  # bytes of the chunk that is being read
        self._behind = False  # a chunk ended, and the line end behind it is not read
        self._trailing = False

    def take(self, received: bytearray) -> bool:
        """See `Body`."""
        at = 0
        try:
            while True:
                if self._trailing:
                    end = _end_of_trailers(received, at)
                    at = end if end is not None else at
                    return end is not None
                if self._missing:
                    more = received[at : at + self._missing]
                    self.content += more
                    at += len(more)
                    self._missing -= len(more)
                    if self._missing:
                        return False
                    self._behind = True
                if self._behind:
                    if len(received) < at + 2:
                        return False
                    if received[at : at + 2] != b"\r\n":
                        raise MalformedBodyError("A chunk is longer than it says.")
                    at += 2
                    self._behind = False
                end = received.find(b"\r\n", at, at + LINE)
                if end < 0:
                    if len(received) - at >= LINE:
                        raise MalformedBodyError("The size of a chunk has no end.")
                    return False
                line = _CHUNK_LINE.fullmatch(received, at, end)
                if line is None:
                    raise MalformedBodyError("The size of a chunk is no number.")
                self._missing = int(line[1], 16)
                self._trailing = not self._missing
                at = end if self._trailing else end + 2
        finally:
            del received[:at]


def _end_of_trailers(received: bytearray, at: int) -> int | None:
    """Where the request ends: at an empty line, before which there may be trailers."""
    end = received.find(b"\r\n\r\n", at)
    if end >= 0:
        return end + 4
    if len(received) - at > TRAILERS:
        raise MalformedBodyError("The fields behind the last chunk have no end.")
    return None
