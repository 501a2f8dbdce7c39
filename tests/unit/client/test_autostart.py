from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from runner.client.autostart import READY, _alone, _require_ready, _said, connect, find_service
from runner.errors import RefusedError, RunnerError, UnreachableError, UsageError
from runner.wire.documents import to_document
from runner.wire.errors import to_wire
from tests.needs import needs_root
from tests.stub_service import Raw, stub_service
from tests.waiting import wait_until
from tests.wire_samples import STATUS


def test_no_socket_no_service(tmp_path: Path) -> None:
    assert find_service(tmp_path / "socket") is None


def test_a_service_that_answers_is_found(short_folder: Path) -> None:
    with stub_service(short_folder / "s") as stub:
        stub.says("GET /v1/status", STATUS)
        service = connect(short_folder, short_folder / "state", short_folder / "s")
        service.close()
    assert [asked.path for asked in stub.asked] == ["/v1/status"]


def test_something_else_at_the_socket_is_no_service(short_folder: Path) -> None:
    with stub_service(short_folder / "s") as stub:
        stub.says("GET /v1/status", Raw(b"hello"))
        assert find_service(short_folder / "s") is None


def test_an_error_of_the_service_is_raised(short_folder: Path) -> None:
    with stub_service(short_folder / "s") as stub:
        stub.says("GET /v1/status", RefusedError("no", rule="x"))
        with pytest.raises(RefusedError):
            find_service(short_folder / "s")


def test_nothing_is_started_when_that_is_not_wanted(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError) as raised:
        connect(tmp_path, tmp_path, tmp_path / "socket", start=False)
    assert "twokey serve" in raised.value.advice()


def test_a_state_directory_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        connect(tmp_path, tmp_path / "state", tmp_path / "socket")
    assert "twokey init" in raised.value.advice()


@needs_root
def test_a_state_directory_of_another_user(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    os.chown(state, 65534, 65534)
    with pytest.raises(UsageError, match="another user"):
        connect(tmp_path, state, tmp_path / "socket")


def test_one_client_at_a_time_starts_a_service(tmp_path: Path) -> None:
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        waiting.set()
        with _alone(tmp_path):
            order.append("second")

    thread = threading.Thread(target=second)
    with _alone(tmp_path):
        thread.start()
        wait_until(waiting.is_set, 5, "the second client")
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]


def test_ready_is_ready() -> None:
    _require_ready(b"a warning of a library\n" + READY, Path("/state"))


@pytest.mark.parametrize(
    "error", [RefusedError("{who} must sign", rule="L1:x", who="li"), UsageError("not so", hint="so")]
)
def test_what_kept_a_service_from_starting_is_raised(error: RunnerError) -> None:
    said = b"noise\n" + json.dumps(to_document(to_wire(error))).encode() + b"\n"
    with pytest.raises(type(error), match=str(error)):
        _require_ready(said, Path("/state"))


@pytest.mark.parametrize(
    "said, reason", [(b"", "-"), (b"Segmentation fault\n", "Segmentation fault"), (b"{}\n", "{}"), (b"\xff\n", "�")]
)
def test_a_service_that_ends_without_a_word(said: bytes, reason: str) -> None:
    with pytest.raises(UnreachableError) as raised:
        _require_ready(said, Path("/state"))
    assert raised.value.facts["reason"] == reason
    assert "/state/service.log" in raised.value.advice()


@pytest.mark.parametrize("said", [READY, b"x\n" + READY, b"it failed\n", b""])
def test_a_starting_service_is_listened_to_until_it_is_ready_or_ends(said: bytes) -> None:
    reading, writing = os.pipe()
    os.write(writing, said)
    os.close(writing)
    assert _said(reading) == said
    os.close(reading)
