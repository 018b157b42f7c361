"""A browser without a screen: one kept-alive connection, a cookie jar, forms read off the page.

Written on sockets because the client shares the two cores with what it measures: it must cost next to nothing.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlencode, urlsplit

_CSRF = "b" * 32
_INPUT = re.compile(r"<input\b[^>]*>")
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')


@dataclass(slots=True)
class Answer:
    status: int
    location: str
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Browser:
    def __init__(self, port: int, cookies: dict[str, str] | None = None) -> None:
        self._address = ("127.0.0.1", port)
        self._host = f"localhost:{port}"
        self.cookies = {"milk_csrf": _CSRF, **(cookies or {})}
        self._socket: socket.socket | None = None
        self._buffer = b""

    def get(self, path: str) -> Answer:
        return self._send(self.request(path))

    def post(self, path: str, fields: dict[str, str]) -> Answer:
        body = urlencode({"csrfmiddlewaretoken": _CSRF, **fields}).encode()
        head = self.request(
            path, "POST", f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        )
        return self._send(head + body)

    def follow(self, answer: Answer) -> Answer:
        """Go where a redirect says."""
        assert answer.status in (302, 303), (answer.status, answer.text[:2000])
        parts = urlsplit(answer.location)
        return self.get(parts.path + (f"?{parts.query}" if parts.query else ""))

    def request(self, path: str, method: str = "GET", headers: str = "") -> bytes:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return (f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\nCookie: {cookies}\r\n{headers}\r\n").encode()

    def _send(self, request: bytes) -> Answer:
        for attempt in (1, 2):  # the server closes idle connections
            try:
                if self._socket is None:
                    self._socket = socket.create_connection(self._address, timeout=30)
                    self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._buffer = b""
                self._socket.sendall(request)
                return self._read()
            except (ConnectionError, EOFError):
                self._socket = None
                if attempt == 2:
                    raise
        raise AssertionError

    def _read(self) -> Answer:
        head = self._read_until(b"\r\n\r\n").decode("latin-1")
        lines = head.split("\r\n")
        status, length, location, chunked, closes = int(lines[0].split(" ", 2)[1]), 0, "", False, False
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            match name.lower():
                case "content-length":
                    length = int(value)
                case "location":
                    location = value
                case "transfer-encoding":
                    chunked = value == "chunked"
                case "connection":
                    closes = value.lower() == "close"
                case "set-cookie":
                    self._keep(value)
        body = self._read_chunks() if chunked else self._read_exactly(length)
        if closes:
            self._socket = None
        return Answer(status, location, body)

    def _keep(self, cookie: str) -> None:
        name, _, value = cookie.split(";", 1)[0].partition("=")
        if "Max-Age=0" in cookie or not value:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value

    def _more(self) -> None:
        assert self._socket is not None
        received = self._socket.recv(262_144)
        if not received:
            raise EOFError
        self._buffer += received

    def _read_until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            self._more()
        found, _, self._buffer = self._buffer.partition(mark)
        return found

    def _read_exactly(self, length: int) -> bytes:
        while len(self._buffer) < length:
            self._more()
        found, self._buffer = self._buffer[:length], self._buffer[length:]
        return found

    def _read_chunks(self) -> bytes:
        body = b""
        while size := int(self._read_until(b"\r\n"), 16):
            body += self._read_exactly(size)
            self._read_exactly(2)
        self._read_until(b"\r\n")
        return body


def fields_of(page: str) -> dict[str, str]:
    """The inputs of a page as a browser sends them: hidden and text values, and one radio of each group."""
    fields: dict[str, str] = {}
    checked: set[str] = set()
    for tag in _INPUT.findall(page):
        attributes = dict(_ATTRIBUTE.findall(tag))
        name, kind = attributes.get("name"), attributes.get("type", "text")
        if not name or kind in ("submit", "checkbox"):
            continue
        if kind == "radio":
            is_checked = bool(re.search(r"\bchecked\b", tag))
            if name in checked or (name in fields and not is_checked):
                continue
            if is_checked:
                checked.add(name)
        fields[name] = unescape(attributes.get("value", ""))
    return fields
