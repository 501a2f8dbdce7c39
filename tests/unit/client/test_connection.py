from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.client.connection import Connection
from runner.client.log import ServiceLog
from runner.client.service import Service
from runner.errors import (
    InvalidContentError,
    NotFoundError,
    RefusedError,
    RunnerError,
    SignInError,
    StorageError,
    UnreachableError,
    UsageError,
)
from runner.model.people import KeyHolder
from runner.wire.api import People
from runner.wire.api_access import NO_SESSION, SESSION_OVER
from runner.wire.api_audit import EntryShown, Gap, Hello
from tests.stub_service import JSON, Raw, StubService, sse, stub_service

PEOPLE = People((KeyHolder("王", "ssh-ed25519 AAAA", "SHA256:w"), KeyHolder("li", "ssh-ed25519 AAAB", "SHA256:l")))
ENTRY = EntryShown(7, 6, {"tag": "service:run:moved"}, {"to": "running"}, "ab")


@pytest.fixture
def socket(short_folder: Path) -> Path:
    return short_folder / "s"


@pytest.fixture
def stub(socket: Path) -> Iterator[StubService]:
    with stub_service(socket) as stub:
        yield stub


@pytest.fixture
def service(socket: Path, stub: StubService) -> Iterator[Service]:
    with Service(socket) as service:
        yield service


def test_values_arrive_whole(service: Service, stub: StubService) -> None:
    stub.says("GET /v1/people", PEOPLE)
    assert service.people() == PEOPLE


@pytest.mark.parametrize(
    "error",
    [
        RefusedError("no {what}", rule="L2:x", hint="ask {what}", what="way"),
        InvalidContentError("{path}: 1 problem", ("a.yml:1:2: wrong",), path="a.yml"),
        NotFoundError("{name} is missing", name="it"),
        StorageError("full"),
    ],
)
def test_errors_are_raised_as_the_service_raised_them(service: Service, stub: StubService, error: RunnerError) -> None:
    stub.says("GET /v1/people", error)
    with pytest.raises(RunnerError) as raised:
        service.people()
    assert type(raised.value) is type(error)
    assert (raised.value.message, raised.value.hint, raised.value.facts) == (error.message, error.hint, error.facts)
    assert getattr(raised.value, "rule", "") == getattr(error, "rule", "")
    assert getattr(raised.value, "problems", ()) == getattr(error, "problems", ())


@pytest.mark.parametrize(
    "raw",
    [
        Raw(b"<html>", 502, "text/html"),
        Raw(b'{"people": []', 200, JSON),
        Raw(b'{"people": [], "people": []}', 200, JSON),
        Raw(b'{"persons": []}', 200, JSON),
        Raw(b"[]", 200, JSON),
        Raw(b'{"error": "OtherError", "message": "x"}', 500, JSON),
        Raw(b'{"detail": "x"}', 500, JSON),
    ],
)
def test_what_is_no_answer_of_a_service_is_no_service(service: Service, stub: StubService, raw: Raw) -> None:
    stub.says("GET /v1/people", raw)
    with pytest.raises(UnreachableError):
        service.people()


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_nobody_at_the_socket(socket: Path) -> None:
    code, said, advice = _told(socket)
    gc.collect()  # httpcore leaves a socket that did not connect to the garbage collector
    assert code == 3
    assert str(socket) in said
    assert "twokey serve" in advice


def _told(socket: Path) -> tuple[int, str, str]:
    connection = Connection(socket)
    try:
        connection.get(People, "/v1/people")
    except UnreachableError as error:
        return error.exit_code, str(error), error.advice()
    finally:
        connection.close()
    raise AssertionError("somebody answered")


def test_a_long_path_is_reached(short_folder: Path) -> None:
    folder = short_folder / ("名" * 60)
    folder.mkdir()
    with stub_service(short_folder / "s") as stub:
        (folder / "socket").symlink_to(short_folder / "s")
        stub.says("GET /v1/people", PEOPLE)
        with Service(folder / "socket") as service:
            assert len(str(folder / "socket").encode()) > 107
            assert service.people() == PEOPLE


def test_a_long_path_without_folder(short_folder: Path) -> None:
    with pytest.raises(UnreachableError):
        Connection(short_folder / ("名" * 60) / "socket")


def test_events_are_read_until_the_service_ends_them(stub: StubService, socket: Path) -> None:
    stub.says(
        "GET /v1/events",
        Raw(
            b": heartbeat\n\n"
            + sse("hello", Hello("e", 6))
            + sse("entry", ENTRY, 7)
            + b"event: later\ndata: {}\n\n"
            + sse("gap", Gap(7, 9), 9),
            kind="text/event-stream",
        ),
    )
    connection = Connection(socket)
    with ServiceLog(connection).events(run="BG-2026-0001/1", after=6) as events:
        assert [next(events) for _ in range(3)] == [Hello("e", 6), ENTRY, Gap(7, 9)]
        with pytest.raises(UnreachableError, match="ended"):
            next(events)
    connection.close()
    assert stub.asked[0].query == (("run", "BG-2026-0001/1"), ("after", "6"))


def test_a_refused_stream_raises_the_services_error(service: Service, stub: StubService) -> None:
    stub.says("GET /v1/events", UsageError("no such number"))
    with pytest.raises(UsageError, match="no such number"), service.log.events(after="x"):
        pass


def test_pages_are_asked_for_by_state_and_position(service: Service, stub: StubService) -> None:
    stub.says("GET /v1/runs", Raw(json.dumps({"rows": [], "next": None}).encode(), 200, JSON))
    service.runs([], "BG-2026-0001", before="BG-2026-0001/4", limit=3)
    assert stub.asked[0].query == (("limit", "3"), ("before", "BG-2026-0001/4"), ("request", "BG-2026-0001"))


class TestSession:
    def test_one_that_is_over_is_forgotten_and_done_without(self, socket: Path, stub: StubService) -> None:
        forgotten: list[str] = []
        stub.says("GET /v1/people", SignInError("over", rule=SESSION_OVER), PEOPLE)
        connection = Connection(socket)
        connection.use_token("t", lambda: forgotten.append("t"))
        assert connection.get(People, "/v1/people") == PEOPLE
        assert forgotten == ["t"]
        assert len(stub.asked) == 2
        connection.close()

    def test_why_it_is_over_is_told_for_as_long_as_one_is_wanted(self, socket: Path, stub: StubService) -> None:
        over = SignInError("over", rule=SESSION_OVER, reason="idle", idle=600)
        stub.says("GET /v1/people", over, SignInError("nobody", rule=NO_SESSION))
        connection = Connection(socket)
        connection.use_token("t", lambda: None)
        for _ in range(2):
            with pytest.raises(SignInError) as raised:
                connection.get(People, "/v1/people")
            assert (raised.value.rule, raised.value.facts) == (SESSION_OVER, {"reason": "idle", "idle": 600})
        connection.use_token("", lambda: None)
        with pytest.raises(SignInError) as raised:
            connection.get(People, "/v1/people")
        assert raised.value.rule == NO_SESSION
        connection.close()

    @pytest.mark.parametrize("error", [SignInError("no", rule="access:wrong"), RefusedError("no", rule=SESSION_OVER)])
    def test_another_refusal_forgets_nothing(self, socket: Path, stub: StubService, error: RunnerError) -> None:
        forgotten: list[str] = []
        stub.says("GET /v1/people", error)
        connection = Connection(socket)
        connection.use_token("t", lambda: forgotten.append("t"))
        with pytest.raises(type(error)):
            connection.get(People, "/v1/people")
        assert (forgotten, len(stub.asked)) == ([], 1)
        connection.close()

    def test_without_one_a_refusal_is_final(self, service: Service, stub: StubService) -> None:
        stub.says("GET /v1/people", SignInError("no", rule=NO_SESSION))
        with pytest.raises(SignInError):
            service.people()
        assert len(stub.asked) == 1

    def test_a_stream_is_opened_anew_without_one(self, socket: Path, stub: StubService) -> None:
        stub.says(
            "GET /v1/events",
            SignInError("over", rule=SESSION_OVER),
            Raw(sse("hello", Hello("e", 1)), kind="text/event-stream"),
        )
        connection = Connection(socket)
        connection.use_token("t", lambda: None)
        with ServiceLog(connection).events() as events:
            assert next(events) == Hello("e", 1)
        connection.close()
