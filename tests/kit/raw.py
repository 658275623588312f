"""A client over a bare socket, that says what it is told to, byte for byte."""

import socket

from tests.kit.board import Board

SOON = 20  # seconds: none of what is waited for takes more than one
GET = "GET {} HTTP/1.1\r\nHost: board\r\n{}\r\n"
POST = "POST {} HTTP/1.1\r\nHost: board\r\nContent-Type: application/json\r\n{}\r\n"


class Client:
    """A client that says what it is told to, byte for byte."""

    def __init__(self, board: Board) -> None:
        self.socket = socket.create_connection(("127.0.0.1", board.port), SOON)
        self.file = self.socket.makefile("rb")
        self.key = f"Authorization: Bearer {board.key}\r\n"

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.socket.close()

    def say(self, text: str | bytes) -> "Client":
        self.socket.sendall(text.encode() if isinstance(text, str) else text)
        return self

    def get(self, path: str, *headers: str) -> "Client":
        return self.say(GET.format(path, self.key + "".join(f"{one}\r\n" for one in headers)))

    def post(self, path: str, body: str = "", *headers: str) -> "Client":
        head = "".join(f"{one}\r\n" for one in headers)
        return self.say(POST.format(path, self.key + head) + body)

    def hear(self) -> tuple[int, dict[str, str], bytes]:
        """The next answer."""
        status = int(self.file.readline().split()[1])
        headers = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(": ")
            headers[name.lower()] = value
        body = b""
        if headers.get("transfer-encoding") == "chunked":
            while size := int(self.file.readline(), 16):
                body += self.file.read(size)
                self.file.readline()
            self.file.readline()
        elif "content-length" in headers:
            body = self.file.read(int(headers["content-length"]))
        return status, headers, body

    def is_closed(self) -> bool:
        """Whether the board ends it, without another word."""
        try:
            return self.file.read() == b""
        except ConnectionResetError:
            return True
