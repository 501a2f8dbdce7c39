"""Bodies of requests and answers: bounded, strictly read, made of documents."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Final, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from runner.errors import UsageError
from runner.proof.canonical import parse_strict
from runner.wire.api import MAX_BODY, MAX_UPLOAD
from runner.wire.documents import from_document, to_document
from runner.words import N_

JSON: Final = "application/json"
BYTES: Final = "application/octet-stream"

_DRAINED: Final = 64 * 1024 * 1024
"""Bytes of a body that is too long which are read and dropped, so that its sender gets to read the answer."""

Value = TypeVar("Value")


class Answer(Response):
    """A value as the body of an answer, and how much of what there is it shows."""

    rows = 1
    """How many rows a list has; 1 for a single object."""
    plan = ""
    """Digest of the plan it shows, where one was made for it."""


async def small_body(request: Request) -> bytes:
    """The body of an ordinary request.

    Raises:
        UsageError: it is longer than `MAX_BODY`.
    """
    return await _read(request, MAX_BODY)


async def upload_body(request: Request) -> bytes:
    """The body of a request that uploads content.

    Raises:
        UsageError: it is longer than `MAX_UPLOAD`.
    """
    return await _read(request, MAX_UPLOAD)


def read_value(kind: type[Value], body: bytes) -> Value:
    """The value of a body.

    Raises:
        UsageError: not JSON, a key twice, unknown keys, wrong types.
    """
    document = parse_strict(body, limit=MAX_UPLOAD)
    if not isinstance(document, dict):
        raise UsageError(N_("body: expected a JSON object"))
    return from_document(kind, document)


def answer(value: object, status: int = 200) -> Answer:
    """A value as the body of an answer."""
    text = json.dumps(to_document(value), ensure_ascii=False, separators=(",", ":"))
    told = Answer(text.encode("utf-8"), status, media_type=JSON)
    told.rows = rows_of(value)
    return told


def rows_of(value: object) -> int:
    """How many rows an answer shows: what its lists hold where it is made of lists alone, otherwise 1."""
    if not is_dataclass(value) or isinstance(value, type):
        return 1
    parts = {one.name: getattr(value, one.name) for one in fields(value)}
    if isinstance(rows := parts.get("rows"), tuple):
        return len(rows)
    lists = [part for part in parts.values() if isinstance(part, tuple)]
    return sum(map(len, lists)) if len(lists) == len(parts) else 1


def kept_nowhere(response: Response) -> Response:
    """An answer with a secret in it, that nothing on the way may keep."""
    response.headers["cache-control"] = "no-store"
    return response


async def _read(request: Request, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size <= limit:
                chunks.append(chunk)
            elif size > limit + _DRAINED:
                break
            else:
                chunks.clear()
    except ClientDisconnect as error:
        raise UsageError(N_("body: it ended too early")) from error
    if size > limit:
        raise UsageError(N_("body: got {size} bytes or more, expected at most {limit}"), size=size, limit=limit)
    return b"".join(chunks)
