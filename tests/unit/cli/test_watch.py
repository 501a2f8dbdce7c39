"""Watching a run: live lines, what ends it, and what the loss of the service changes (nothing about the run)."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from runner.cli.session import Session
from runner.cli.watch import code_of, watch
from runner.model.run import RunState
from runner.model.site import Site
from runner.model.statement import StatementKind
from runner.rules.tags import Tag
from runner.wire.api_audit import Gap, Hello
from runner.wire.api_run import RunShown
from tests.stub_service import Raw, StubService, sse
from tests.unit.cli.conftest import Twokey
from tests.wire_samples import LI, ROW, RUN, RUN_SHOWN, entry, statement

RUN_PATH = f"GET /v1/runs/{RUN}"
HELLO = sse("hello", Hello("e1", 40), 40)
BEGUN = sse("entry", entry(41, Tag.ATTEMPT_BEGUN, None, batch=1, step="upgrade", role="do", attempt=1), 41)
MOVED = sse("entry", entry(42, Tag.RUN_MOVED, {"from": "running", "to": "succeeded"}), 42)


def shown(state: RunState, event: int = 40) -> RunShown:
    return replace(RUN_SHOWN, row=replace(ROW, state=state), event=event)


def events(*parts: bytes) -> Raw:
    return Raw(b"".join(parts), kind="text/event-stream")


def test_what_happens_is_told_until_the_run_has_ended(twokey: Twokey, stub: StubService) -> None:
    stub.says(RUN_PATH, shown(RunState.RUNNING), shown(RunState.SUCCEEDED, 42))
    stub.says("GET /v1/events", events(HELLO, BEGUN, MOVED))
    answer = twokey("run", "watch", RUN)
    assert answer.code == 0
    assert answer.err == ""
    told = answer.out.splitlines()
    assert "12:00:00 begun: 1/upgrade do 1" in told
    assert "12:00:00 run: running → succeeded" in told
    assert "state:       succeeded; steps done: 1 of 3" in told
    assert "people:      executor 王, confirmer li" in told


@pytest.mark.parametrize(
    "end, code",
    [
        (RunState.SUCCEEDED, 0),
        (RunState.FAILED, 1),
        (RunState.ROLLED_BACK, 1),
        (RunState.ABANDONED, 1),
        (RunState.LAPSED, 1),
    ],
)
def test_a_run_that_has_ended_is_shown_once(twokey: Twokey, stub: StubService, end: RunState, code: int) -> None:
    stub.says(RUN_PATH, shown(end))
    assert twokey("run", "watch", RUN).code == code
    assert [asked.path for asked in stub.asked if asked.path.endswith("events")] == []


@pytest.mark.parametrize("end, code", [("succeeded", 0), ("rolled_back", 1)])
def test_a_closed_run_keeps_its_result(end: str, code: int) -> None:
    closed = statement(StatementKind.CLOSE, LI, RUN, {"state": end})
    assert code_of(replace(shown(RunState.CLOSED), statements=(closed,))) == code


def test_until_it_waits_for_people(twokey: Twokey, stub: StubService) -> None:
    stub.says(RUN_PATH, shown(RunState.RUNNING), shown(RunState.AT_GATE, 42))
    stub.says("GET /v1/events", events(HELLO, MOVED))
    assert twokey("run", "watch", RUN, "--until-waiting").code == 0


def test_a_waiting_run_is_watched_on(twokey: Twokey, stub: StubService) -> None:
    stub.says(RUN_PATH, shown(RunState.RUNNING), shown(RunState.AT_GATE, 42), shown(RunState.FAILED, 43))
    stub.says("GET /v1/events", events(HELLO, MOVED, MOVED))
    answer = twokey("run", "watch", RUN)
    assert answer.code == 1
    assert "state:       at gate; steps done: 1 of 3" in answer.out


def test_as_json_every_entry_is_a_line(twokey: Twokey, stub: StubService) -> None:
    stub.says(RUN_PATH, shown(RunState.RUNNING), shown(RunState.SUCCEEDED, 42))
    stub.says("GET /v1/events", events(HELLO, BEGUN, MOVED))
    answer = twokey("run", "watch", RUN, "--json")
    assert [json.loads(line)["id"] for line in answer.out.splitlines()] == [41, 42]


def test_a_gap_is_said(twokey: Twokey, stub: StubService) -> None:
    stub.says(RUN_PATH, shown(RunState.RUNNING), shown(RunState.SUCCEEDED, 60))
    stub.says("GET /v1/events", events(HELLO, sse("gap", Gap(40, 60), 60)))
    answer = twokey("run", "watch", RUN)
    assert answer.code == 0
    assert f"twokey audit list --run {RUN}" in answer.err


def test_a_lost_service_is_found_again_and_nothing_is_told_twice(twokey: Twokey, stub: StubService) -> None:
    stub.says(RUN_PATH, shown(RunState.RUNNING), shown(RunState.RUNNING, 41), shown(RunState.SUCCEEDED, 42))
    stub.says("GET /v1/events", events(HELLO, BEGUN), events(HELLO, MOVED))
    answer = twokey("run", "watch", RUN)
    assert answer.code == 0
    assert answer.err.splitlines() == [
        "connection to the service lost; the run is not affected; reconnecting…",
        "connected again",
    ]
    asked = [dict(asked.query)["after"] for asked in stub.asked if asked.path == "/v1/events"]
    assert asked == ["40", "41"]
    assert answer.out.count("begun: 1/upgrade do 1") == 1


def test_a_run_that_ended_meanwhile_is_told_to_its_end(twokey: Twokey, stub: StubService) -> None:
    stub.says(RUN_PATH, shown(RunState.RUNNING), shown(RunState.SUCCEEDED, 41))
    stub.says("GET /v1/events", events(HELLO, BEGUN))
    assert twokey("run", "watch", RUN).code == 0


def test_ctrl_c_ends_the_watching_only(
    site: Site, state: Path, stub: StubService, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted(Session):
        @property
        def service(self) -> _InterruptedService:  # type: ignore[override]  # only what watching asks of it
            return _InterruptedService()

    here = Interrupted(argparse.Namespace(site=site.root, state=state, key=None, passphrase_file=None))
    here.__dict__["status"] = None
    assert watch(here, RUN, until_waiting=False, as_json=True) == 130
    assert f"twokey run watch {RUN}" in capsys.readouterr().err


class _InterruptedService:
    """Somebody presses Ctrl-C while events are read."""

    def __init__(self) -> None:
        self.log = self

    def run(self, run: str) -> RunShown:
        return shown(RunState.RUNNING)

    @contextmanager
    def events(self, run: str, after: int) -> Iterator[Iterator[object]]:
        def interrupted() -> Iterator[object]:
            yield Hello("e1", after)
            raise KeyboardInterrupt

        yield interrupted()


def test_an_unknown_run(twokey: Twokey, stub: StubService) -> None:
    answer = twokey("run", "watch", "BG-2026-0009/1")
    assert answer.code == 2
    assert answer.err.startswith("twokey: ")
