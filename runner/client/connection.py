"""The service's socket as seen from a client: one HTTP connection pool over it, and every answer checked.

A path may be longer than the 107 bytes a socket address holds; it is then reached through the folder's descriptor.
"""

from __future__ import annotations

import json
import os
import socket as sockets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from http.client import UNAUTHORIZED
from pathlib import Path
from typing import Final, TypeVar

import httpx

from runner.errors import RunnerError, SignInError, UnreachableError, UsageError
from runner.model.document import JsonObject
from runner.proof.canonical import parse_strict
from runner.wire.api_access import NO_SESSION, SESSION_OVER, SESSION_RULES
from runner.wire.documents import from_document, to_document
from runner.wire.errors import ErrorDocument, from_wire
from runner.words import N_

Value = TypeVar("Value")
Query = Sequence[tuple[str, str | int]]

_LONGEST_ADDRESS: Final = 107
_TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0)
_STREAM_TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0, read=45.0)
"""A stream gives a sign of life every 15 seconds; without three of them the connection is lost."""
MAX_ANSWER: Final = 64 * 1024 * 1024
"""Bytes of an answer that is a JSON document."""


def page_query(states: Sequence[str], before: str | None, limit: int) -> list[tuple[str, str | int]]:
    """The query of one page of a list.

    Args:
        states: only rows in these states; empty means all.
        before: `next` of the page before; None for the newest.
        limit: how many rows at most.
    """
    query: list[tuple[str, str | int]] = [("state", str(state)) for state in states]
    query.append(("limit", limit))
    if before is not None:
        query.append(("before", before))
    return query


class Connection:
    """HTTP over the service's socket."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._folder = -1
        self._streams: set[sockets.socket] = set()
        """Ends of the streams being read."""
        self._forget: Callable[[], None] = lambda: None
        self._over: SignInError | None = None
        """Why the session that was asked under is over; None while one is asked under, or none ever was."""
        self._http = httpx.Client(
            transport=httpx.HTTPTransport(uds=self._address()), base_url="http://twokey", timeout=_TIMEOUT
        )

    def close(self) -> None:
        """Give up the connections; a thread that reads a stream finds it ended."""
        for end in tuple(self._streams):
            with suppress(OSError):  # it was ended from the other side
                end.shutdown(sockets.SHUT_RDWR)
        self._http.close()
        if self._folder >= 0:
            os.close(self._folder)
            self._folder = -1

    def use_token(self, token: str, forget: Callable[[], None]) -> None:
        """Ask under a session from now on; an empty token: under none.

        Args:
            token: what opens the session.
            forget: called when the service says that the session is over.
        """
        self._http.headers.pop("authorization", None)
        self._over = None
        if token:
            self._http.headers["authorization"] = f"Bearer {token}"
        self._forget = forget

    def get(self, kind: type[Value], path: str, query: Query = ()) -> Value:
        """Read a document.

        Raises:
            RunnerError: the very error the service raised.
            UnreachableError: no service answers, or not with a document of this kind.
        """
        return self._value(kind, self._ask("GET", path, query=query))

    def post(self, kind: type[Value], path: str, body: object) -> Value:
        """Send a value, read the answer; raises as `get`."""
        return self._value(kind, self._ask("POST", path, _body(body)))

    def delete(self, kind: type[Value], path: str) -> Value:
        """Remove something, read the answer; raises as `get`."""
        return self._value(kind, self._ask("DELETE", path))

    def get_bytes(self, path: str) -> bytes:
        """Read raw bytes; raises as `get`."""
        answer = self._ask("GET", path)
        self._require_success(answer)
        return answer.content

    def post_for_bytes(self, path: str, body: object) -> bytes:
        """Send a value, read raw bytes; raises as `get`."""
        answer = self._ask("POST", path, _body(body))
        self._require_success(answer)
        return answer.content

    @contextmanager
    def stream(self, path: str, query: Query, headers: Mapping[str, str]) -> Iterator[Iterator[str]]:
        """Lines of an event stream, for as long as the block lasts; raises as `get`, also while lines are read."""
        with self._reaching(), ExitStack() as stack:
            answer = self._opened(stack, path, query, headers)
            if answer.is_error:
                answer.read()
                if self._has_dropped_session(answer):
                    answer = self._opened(stack, path, query, headers)
            if answer.is_error:
                answer.read()
                self._require_success(answer)
            with self._endable(answer):
                yield answer.iter_lines()

    def _opened(self, stack: ExitStack, path: str, query: Query, headers: Mapping[str, str]) -> httpx.Response:
        return stack.enter_context(
            self._http.stream("GET", path, params=list(query), headers=dict(headers), timeout=_STREAM_TIMEOUT)
        )

    def _ask(self, method: str, path: str, body: bytes | None = None, query: Query = ()) -> httpx.Response:
        """Ask once; and once more without a session when it turns out to be over."""
        headers = {} if body is None else {"content-type": "application/json"}
        with self._reaching():
            answer = self._http.request(method, path, params=list(query), content=body, headers=headers)
            if self._has_dropped_session(answer):
                answer = self._http.request(method, path, params=list(query), content=body, headers=headers)
        return answer

    def _has_dropped_session(self, answer: httpx.Response) -> bool:
        """Whether an answer says that the session asked under is over, which is forgotten then."""
        if answer.status_code != UNAUTHORIZED or "authorization" not in self._http.headers:
            return False
        error = self._error(answer)
        if not isinstance(error, SignInError) or error.rule not in SESSION_RULES:
            return False
        self._http.headers.pop("authorization", None)
        self._over = error if error.rule == SESSION_OVER else None
        self._forget()
        return True

    @contextmanager
    def _endable(self, answer: httpx.Response) -> Iterator[None]:
        """Let `close` end the stream of an answer while the block lasts."""
        end = answer.extensions["network_stream"].get_extra_info("socket")
        self._streams.add(end)
        try:
            yield
        finally:
            self._streams.discard(end)

    def _address(self) -> str:
        text = str(self._socket)
        if len(os.fsencode(text)) <= _LONGEST_ADDRESS:
            return text
        try:
            self._folder = os.open(self._socket.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise self._unreachable(error.strerror or str(error)) from error
        return f"/proc/self/fd/{self._folder}/{self._socket.name}"

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            raise self._unreachable(str(error) or type(error).__name__) from error

    def _value(self, kind: type[Value], answer: httpx.Response) -> Value:
        self._require_success(answer)
        return self._read(kind, answer)

    def _require_success(self, answer: httpx.Response) -> None:
        if answer.is_success:
            return
        raise self._error(answer)

    def _error(self, answer: httpx.Response) -> RunnerError:
        """What the service raised; that a session is wanted is told as why the one there was is over."""
        error = from_wire(self._read(ErrorDocument, answer))
        is_wanting = isinstance(error, SignInError) and error.rule == NO_SESSION
        return self._over if is_wanting and self._over is not None else error

    def _read(self, kind: type[Value], answer: httpx.Response) -> Value:
        document = self._document(answer)
        try:
            return from_document(kind, document)
        except UsageError as error:
            raise self._unreachable(f"HTTP {answer.status_code}: {error}") from error

    def _document(self, answer: httpx.Response) -> JsonObject:
        try:
            document = parse_strict(answer.content, MAX_ANSWER)
        except RunnerError as error:
            raise self._unreachable(f"HTTP {answer.status_code}: {error}") from error
        if not isinstance(document, dict):
            raise self._unreachable(f"HTTP {answer.status_code}")
        return document

    def _unreachable(self, reason: str) -> UnreachableError:
        return UnreachableError(
            N_("service at {socket}: no answer: {reason}"),
            hint=N_("see whether it runs: twokey status; start it with: twokey serve"),
            socket=str(self._socket),
            reason=reason,
        )


def _body(value: object) -> bytes:
    return json.dumps(to_document(value), ensure_ascii=False, separators=(",", ":")).encode()
