"""A service that says what a test told it to say: real HTTP on a real unix socket, with nothing behind it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from runner.errors import NotFoundError, RunnerError
from runner.model.document import JsonObject
from runner.proof.canonical import parse_strict
from runner.wire import api
from runner.wire.api_people import Here
from runner.wire.documents import to_document
from runner.wire.errors import status_of, to_wire

JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer that is no document."""

    body: bytes
    status: int = 200
    kind: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: JsonObject


@dataclass
class StubService:
    """Answers by method and path: a value, an error to be told, or raw bytes; a list is used up one by one."""

    answers: dict[str, object] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def says(self, what: str, *answers: object) -> None:
        """Say these answers, one after the other, to `GET /v1/…`; the last one for good."""
        self.answers[what] = list(answers)

    def posted(self, path: str) -> list[JsonObject]:
        """Bodies that were sent to a path."""
        return [asked.body for asked in self.asked if asked.method == "POST" and asked.path == path]

    def answer(self, asked: Asked) -> object:
        self.asked.append(asked)
        found = self.answers.get(f"{asked.method} {asked.path}")
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        if found is None and (asked.method, asked.path) == ("GET", api.HERE):
            return Here("", None)
        if found is None:
            return NotFoundError("stub: nothing at {path}", path=asked.path)
        return found


@contextmanager
def stub_service(socket: Path) -> Iterator[StubService]:
    """A stub listening at a socket for as long as the block lasts."""
    stub = StubService()
    server = _server(socket, stub)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="stub")
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        socket.unlink(missing_ok=True)


def sse(kind: str, value: object, number: int = 1) -> bytes:
    """One server-sent event."""
    return f"id: e-{number}\nevent: {kind}\ndata: {json.dumps(to_document(value))}\n\n".encode()


def _server(socket: Path, stub: StubService) -> ThreadingUnixStreamServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._deal(b"")

        def do_POST(self) -> None:
            self._deal(self.rfile.read(int(self.headers["content-length"])))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's signature
            """Say nothing."""

        def address_string(self) -> str:
            return "unix"

        def _deal(self, data: bytes) -> None:
            parts = urlsplit(self.path)
            body = parse_strict(data) if data else {}
            asked = Asked(
                self.command, unquote(parts.path), tuple(parse_qsl(parts.query)), body if isinstance(body, dict) else {}
            )
            answer = stub.answer(asked)
            if isinstance(answer, Raw):
                self._send(answer)
            elif isinstance(answer, RunnerError):
                document = json.dumps(to_document(to_wire(answer))).encode()
                self._send(Raw(document, status_of(answer), JSON))
            else:
                self._send(Raw(json.dumps(to_document(answer), ensure_ascii=False).encode(), 200, JSON))

        def _send(self, raw: Raw) -> None:
            self.send_response(raw.status)
            self.send_header("content-type", raw.kind)
            self.send_header("content-length", str(len(raw.body)))
            self.end_headers()
            self.wfile.write(raw.body)

    class Server(ThreadingUnixStreamServer):
        daemon_threads = True

    return Server(str(socket), Handler)
