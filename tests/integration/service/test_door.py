"""What the interface refuses: bodies, queries, paths and processes that will not do."""

from __future__ import annotations

import base64
import socket
from pathlib import Path

import httpx
import pytest

from runner.client.service import Service
from runner.errors import (
    UnreachableError,
    UsageError,
)
from runner.wire import api
from tests.desk_world import ALICE, World
from tests.integration.service.conftest import Served, serving


def ask(served: Served, method: str, path: str, body: bytes | None = None) -> httpx.Response:
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(served.socket)), base_url="http://twokey") as client:
        return client.request(method, path, content=body)


class TestBodies:
    def test_strict(self, served: Served) -> None:
        for body, word in (
            (b'{"statement":"x","statement":"y","signature":"z"}', "twice"),
            (b'{"statement":"x","signature":"z","more":1}', "more"),
            (b'{"statement":1,"signature":"z"}', "statement"),
            (b'{"statement":"x","signature":1.5}', "1.5"),
            (b"[]", "object"),
            (b"", "JSON"),
            (b"\xff", "UTF-8"),
        ):
            answer = ask(served, "POST", api.STATEMENTS, body)
            assert answer.status_code == 400
            document = answer.json()
            assert document["error"] == "UsageError"
            assert word in document["message"].format(**document["facts"])

    def test_bounded(self, served: Served) -> None:
        answer = ask(served, "POST", api.STATEMENTS, b'{"statement":"' + b"x" * api.MAX_BODY + b'"}')
        assert answer.status_code == 400
        assert answer.json()["facts"]["limit"] == api.MAX_BODY

    def test_a_file_has_its_bound(self, served: Served) -> None:
        proposal = served.world.proposal(ALICE, served.world.reach())
        large = base64.b64encode(bytes(api.MAX_FILE + 1)).decode()
        files = (type(proposal.files[0])(proposal.files[0].path, executable=False, data=large), *proposal.files[1:])
        with pytest.raises(UsageError) as caught:
            served.client.propose(type(proposal)(proposal.runbook, files, proposal.statement, proposal.signature))
        assert caught.value.facts["limit"] == api.MAX_FILE

    def test_queries_are_checked(self, served: Served) -> None:
        for path in (
            api.REQUESTS + "?limit=0",
            api.REQUESTS + "?limit=1000",
            api.REQUESTS + "?state=nonsense",
            api.ENTRIES + "?before=x",
            api.INCLUSION + "?index=-1&size=3",
            api.INCLUSION,
            api.EVENTS + "?after=x",
            api.ENTRIES + "/x",
        ):
            answer = ask(served, "GET", path)
            assert (answer.status_code, answer.json()["error"]) == (400, "UsageError"), path

    def test_other_paths(self, served: Served) -> None:
        for method, path in (("GET", "/"), ("GET", "/v1/nothing"), ("DELETE", api.REQUESTS), ("GET", "/docs")):
            assert ask(served, method, path).json()["error"] == "NotFoundError"

    def test_a_fault_is_told_by_a_number(
        self, served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken() -> None:
            raise ZeroDivisionError("a secret of the inside")

        monkeypatch.setattr(served.world.clock, "now", broken)
        answer = ask(served, "GET", api.STATUS)
        document = answer.json()
        assert (answer.status_code, document["error"]) == (500, "UnreachableError")
        assert "secret" not in answer.text
        assert document["facts"]["number"] in caplog.text
        assert "ZeroDivisionError" in caplog.text


class TestDoor:
    def test_another_user_is_turned_away(self, world: World, short_folder: Path) -> None:
        path = short_folder / "s"
        with serving(world, path, admit=lambda _: False), Service(path) as client, pytest.raises(UnreachableError):
            client.status()

    def test_the_socket_is_its_owners(self, served: Served) -> None:
        assert served.socket.stat().st_mode & 0o777 == 0o600

    def test_half_a_request_disturbs_nobody(self, served: Served, caplog: pytest.LogCaptureFixture) -> None:
        with socket.socket(socket.AF_UNIX) as half:
            half.connect(str(served.socket))
            half.sendall(b"POST /v1/statements HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            assert served.client.status().site == "test"
        assert served.client.status().site == "test"
        assert "fault" not in caplog.text

    def test_garbage_disturbs_nobody(self, served: Served) -> None:
        with socket.socket(socket.AF_UNIX) as garbage:
            garbage.connect(str(served.socket))
            garbage.sendall(b"\x00\xff garbage\r\n\r\n")
            assert b"400" in garbage.recv(1000)
        assert served.client.status().site == "test"

    def test_a_long_path_is_reached(self, world: World, awkward_folder: Path) -> None:
        folder = awkward_folder / ("深" * 30)
        path = folder / "socket"
        with serving(world, path), Service(path) as client:
            assert client.status().site == "test"
