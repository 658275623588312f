"""What an exception says, as the message of a failed job."""

from __future__ import annotations

import traceback

MOST = 8 * 1024  # bytes in UTF-8, as many as the board keeps
GAP = "\n… {:,} bytes left out …\n"


def message_of(error: BaseException | str) -> str:
    """The whole chain of an exception with its traceback, the root first; of a text itself.

    Longer than `MOST` it loses its middle: the root is at the start, what was raised at the end.
    """
    if isinstance(error, BaseException):
        try:
            lines = traceback.format_exception(type(error), error, error.__traceback__)
            text = "".join(lines)
        except Exception:  # an exception may have a __str__ that raises
            text = type(error).__name__
    else:
        text = str(error)
    return shortened(text.strip() or "failed without a message")


def shortened(text: str) -> str:
    """A text of at most `MOST` bytes that the board takes: no NUL, no half of a surrogate pair."""
    encoded = text.replace("\0", "\ufffd").encode("utf-8", "replace")
    if len(encoded) > MOST:
        room = MOST - len(GAP.format(len(encoded)).encode())
        head, tail = encoded[: room // 2], encoded[-(room - room // 2) :]
        gap = GAP.format(len(encoded) - room)
        return head.decode("utf-8", "ignore") + gap + tail.decode("utf-8", "ignore")
    return encoded.decode()
