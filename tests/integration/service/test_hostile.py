"""Requests meant to do harm: whatever is sent, to whatever path, is refused, and nothing of the service breaks."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

import pytest

from runner.service.permissions import PERMISSIONS
from runner.wire import api
from tests.desk_world import ALICE
from tests.integration.service.conftest import Served
from tests.integration.service.signing_in import Asking, asking
from tests.integration.service.test_permissions import filled

POSTS = sorted(path for method, path in PERMISSIONS if method == "POST")
DEEP = 200_000
HOSTILE = {
    "nothing": b"",
    "blanks": b" \n\t ",
    "no JSON": b"statement=x&signature=y",
    "cut off": b'{"statement":"x","sign',
    "two documents": b"{}{}",
    "text behind": b"{} x",
    "a list": b"[]",
    "null": b"null",
    "a name twice": b'{"person":"a","person":"b","run":"x","run":"y","statement":"a","statement":"b"}',
    "a name twice, inside": b'{"parameters":{"a":1,"a":2}}',
    "an unknown name": b'{"__class__":"x"}',
    "not a number": b'{"parameters":{"a":NaN}}',
    "no end": b'{"parameters":{"a":Infinity},"keys":[-Infinity]}',
    "a fraction": b'{"parameters":{"a":1.5}}',
    "an exponent": b'{"parameters":{"a":1e400}}',
    "minus zero": b'{"parameters":{"a":-0}}',
    "a large number": b'{"parameters":{"a":9007199254740993}}',
    "a long number": b'{"parameters":{"a":' + b"9" * 100_000 + b"}}",
    "no UTF-8": b'{"statement":"\xff\xfe","signature":"x"}',
    "overlong UTF-8": b'{"statement":"\xc0\xaf","signature":"x"}',
    "UTF-16": '{"statement":"x","signature":"y"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "half a pair": b'{"person":"\\ud800","statement":"\\ud800","signature":"","run":"\\ud800","runbook":"\\ud800"}',
    "a control character": b'{"person":"a\x00b"}',
    "deep lists": b'{"parameters":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep lists without end": b"[" * DEEP,
    "compressed": gzip.compress(b"{}"),
    "types": b'{"statement":{"a":[]},"signature":7,"person":[],"keys":{},"run":null,"runbook":3,"files":"x"}',
}


@pytest.fixture
def somebody(served: Served) -> Iterator[Asking]:
    with asking(served.socket, served.world.clock) as one:
        yield one


@pytest.mark.parametrize("path", POSTS)
def test_bodies(somebody: Asking, path: str) -> None:
    headers = {"authorization": f"Bearer {somebody.sign_in(ALICE)}", "content-type": "application/json"}
    for name, body in HOSTILE.items():
        answer = somebody.http.post(path, content=body, headers=headers)
        assert 400 <= answer.status_code < 500, (name, answer.status_code, answer.text[:300])
        assert answer.json()["error"].endswith("Error"), name
    assert somebody.ask("GET", api.STATUS).status_code == 200


@pytest.mark.parametrize("path", [path for path in POSTS if path != api.PUBLICATIONS])
def test_bodies_that_are_too_long(somebody: Asking, path: str) -> None:
    headers = {"authorization": f"Bearer {somebody.sign_in(ALICE)}"}
    body = b'{"person":"' + b"x" * api.MAX_BODY + b'"}'
    answer = somebody.http.post(path, content=body, headers=headers)
    assert (answer.status_code, answer.json()["facts"]["limit"]) == (400, api.MAX_BODY)


def test_a_body_in_pieces_that_does_not_end(somebody: Asking) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(64):
            yield b" " * 65536

    answer = somebody.http.post(api.STATEMENTS, content=pieces())
    assert (answer.status_code, answer.json()["facts"]["limit"]) == (400, api.MAX_BODY)


def test_half_surrogates_in_what_is_signed(somebody: Asking) -> None:
    for path in (api.STATEMENTS, api.SIGN_IN):
        inner = json.dumps({"origin": "\ud800"})
        answer = somebody.ask("POST", path, {"statement": inner, "signature": "x"})
        assert answer.status_code == 400


PARTS = (
    "%00",
    "%ff%fe",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e",
    "9" * 40,
    "-1",
    "x" * 3000,
    "%F0%9F%94%91",
    "'%22;--",
    "%0d%0aA:b",
)


@pytest.mark.parametrize("route", sorted(route for route in PERMISSIONS if "{" in route[1]))
def test_paths(somebody: Asking, route: tuple[str, str]) -> None:
    method, path = route
    token = somebody.sign_in(ALICE)
    for part in PARTS:
        answer = somebody.ask(method, path[: path.index("{")] + part, token=token)
        assert 400 <= answer.status_code < 500, (part, answer.status_code, answer.text[:300])


@pytest.mark.parametrize("path", sorted(path for method, path in PERMISSIONS if method == "GET"))
def test_queries(somebody: Asking, path: str) -> None:
    names = ["after"]
    if path != api.EVENTS:
        names = ["before", "limit", "state", "run", "request", "tag", "actor", "person", "from", "to", "index", "size"]
    token = somebody.sign_in(ALICE)
    for name in names:
        for part in (*PARTS, ""):
            if path == api.EVENTS and part in ("", "-1"):  # from now on, and from the beginning
                continue
            answer = somebody.ask("GET", f"{filled(path)}?{name}={part}", token=token)
            assert answer.status_code < 500, (name, part, answer.text[:300])
    many = "&".join(f"state=s{number}" for number in range(2000))
    if path != api.EVENTS:
        assert somebody.ask("GET", f"{filled(path)}?{many}", token=token).status_code < 500


def test_a_stream_from_where_the_log_never_was(somebody: Asking) -> None:
    for position in ("9" * 40, "e1-x", "1.5", "\xff"):
        answer = somebody.http.get(api.EVENTS, params={"after": position})
        assert answer.status_code == 400
        answer = somebody.http.get(api.EVENTS, headers=[(b"last-event-id", position.encode("latin-1"))])
        assert answer.status_code == 400


def test_many_headers(somebody: Asking) -> None:
    headers = [(f"x-{number}", "y" * 100) for number in range(500)]
    assert somebody.http.get(api.STATUS, headers=headers).status_code in (200, 400, 431)
    assert somebody.ask("GET", api.STATUS).status_code == 200
