"""Bodies, however they are cut on their way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.serving.bodies import Body, Chunked, MalformedBodyError, Sized

NEXT = b"GET /next HTTP/1.1\r\n"

cuts = st.lists(st.integers(1, 40), min_size=1)


def take(body: Body, wire: bytes, sizes: list[int]) -> bytearray | None:
    """Give it the bytes in pieces; what is left behind it, None where it is never whole."""
    received = bytearray()
    at = turn = 0
    while at < len(wire):
        size = sizes[turn % len(sizes)]
        received += wire[at : at + size]
        at, turn = at + size, turn + 1
        if body.take(received):
            return received + wire[at:]
    return None


@given(st.binary(max_size=200), cuts)
def test_a_body_of_a_known_length(content: bytes, sizes: list[int]) -> None:
    body = Sized(len(content))
    assert take(body, content + NEXT, sizes) == NEXT
    assert body.content == content


@given(st.lists(st.binary(min_size=1, max_size=60)), cuts, st.sampled_from(["", ";a", ' ; b="c"']))
def test_a_body_in_chunks(chunks: list[bytes], sizes: list[int], extension: str) -> None:
    parts = [f"{len(one):x}{extension}\r\n".encode() + one + b"\r\n" for one in chunks]
    for trailers in (b"", b"Digest: x\r\n"):
        body = Chunked()
        wire = b"".join(parts) + b"0\r\n" + trailers + b"\r\n"
        assert take(body, wire + NEXT, sizes) == NEXT
        assert body.content == b"".join(chunks)
        assert take(Chunked(), wire[:-1], sizes) is None


@pytest.mark.parametrize(
    "wire",
    [
        b"x\r\n",
        b"\r\n",
        b"-1\r\n",
        b"+1\r\na\r\n0\r\n\r\n",
        b"0x1\r\na\r\n0\r\n\r\n",
        b"1_0\r\n",
        b" 1\r\na\r\n0\r\n\r\n",
        b"1\ra\r\n",
        b"1\n\na\n0\n\n" + b"a" * 300,
        b"1;\x00\r\na\r\n0\r\n\r\n",
        b"123456789\r\n",
        b"1\r\nab\r\n0\r\n\r\n",
        b"1;" + b"a" * 300 + b"\r\n",
        b"0\r\n" + b"a" * 9000,
    ],
)
@given(sizes=cuts)
def test_what_is_no_chunk_is_refused(wire: bytes, sizes: list[int]) -> None:
    with pytest.raises(MalformedBodyError):
        take(Chunked(), wire, sizes)
