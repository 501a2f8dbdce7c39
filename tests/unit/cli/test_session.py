from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runner.cli.session import Session, instant, places_of
from runner.errors import NotFoundError, UsageError
from runner.model.run import RunState
from runner.model.site import Site
from runner.runbook.places import state_of_site
from runner.wire.api_request import RunOfRequest
from tests.stub_service import StubService
from tests.wire_samples import NOON, NUMBER, REQUEST_SHOWN, RUN

NOW = datetime(2026, 11, 23, 4, 0, 30, tzinfo=UTC)


def options(site: Path | None = None, state: Path | None = None) -> argparse.Namespace:
    return argparse.Namespace(site=site, state=state, key=None, passphrase_file=None)


def test_the_nearest_site_upwards(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(site.root / "playbooks" / "web")
    places = places_of(options())
    assert (places.site, places.state) == (site.root, state_of_site(site.root))


def test_a_site_that_is_typed_wins(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(site.root)
    (tmp_path / "other").mkdir()
    assert places_of(options(site=tmp_path / "other")).site == tmp_path / "other"


def test_a_state_directory_knows_its_site(site: Site, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    (state / "site.json").write_text(json.dumps({"root": str(site.root)}))
    places = places_of(options(state=state))
    assert (places.site, places.state) == (site.root, state)


@pytest.mark.parametrize("written", [None, "{", "[]", '{"root": 1}'])
def test_no_site_anywhere(state: Path, written: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    if written is not None:
        (state / "site.json").write_text(written)
    with pytest.raises(NotFoundError) as raised:
        places_of(options(state=state))
    assert "twokey init" in raised.value.advice()


@pytest.mark.parametrize(
    "text, expected",
    [
        ("now", "2026-11-23T04:00:30"),
        ("+2h", "2026-11-23T06:00:30"),
        ("+1h30m", "2026-11-23T05:30:30"),
        ("12:30", "2026-11-23T04:30:00"),
        ("12:00", "2026-11-24T04:00:00"),
        ("00:30", "2026-11-23T16:30:00"),
        ("2026-11-29T00:30", "2026-11-28T16:30:00"),
        ("2026-11-29 00:30:15", "2026-11-28T16:30:15"),
        ("2026-11-29T00:30Z", "2026-11-29T00:30:00"),
        ("2026-11-29T00:30+01:00", "2026-11-28T23:30:00"),
    ],
)
def test_times_as_people_type_them(text: str, expected: str) -> None:
    assert instant(text, NOW, "Asia/Shanghai") == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "noon", "25:00", "+", "+2", "-1h", "2026-13-01T00:00", "12:3"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(UsageError, match="00:30"):
        instant(text, NOW, "Asia/Shanghai")


def test_a_time_before_every_calendar() -> None:
    with pytest.raises(UsageError, match="too far away"):
        instant("0001-01-01T00:00", NOW, "Asia/Shanghai")


@pytest.fixture
def here(site: Site, state: Path, stub: StubService) -> Iterator[Session]:
    stub.says(f"GET /v1/requests/{NUMBER}", REQUEST_SHOWN)
    with Session(options(site.root, state)) as here:
        yield here


def runs(stub: StubService, *found: tuple[str, datetime | None]) -> None:
    rows = tuple(RunOfRequest(run, RunState.RUNNING, "王", "li", NOON, ended) for run, ended in found)
    stub.says(f"GET /v1/requests/{NUMBER}", replace(REQUEST_SHOWN, runs=rows))


def test_a_run_is_named_by_itself(here: Session, stub: StubService) -> None:
    assert here.run_named(RUN) == RUN
    assert stub.asked == []


def test_a_run_is_named_by_its_request(here: Session) -> None:
    assert here.run_named(NUMBER) == RUN


def test_the_run_in_progress_is_meant(here: Session, stub: StubService) -> None:
    runs(stub, (f"{NUMBER}/1", NOON), (f"{NUMBER}/2", None))
    assert here.run_named(NUMBER) == f"{NUMBER}/2"


def test_the_last_run_is_the_one_made_last_whatever_their_order(here: Session, stub: StubService) -> None:
    over = RunOfRequest(RUN, RunState.LAPSED, "王", "", NOON, NOON)
    newest = replace(over, run=f"{NUMBER}/2", state=RunState.CLOSED, created_at=NOON + timedelta(hours=1))
    stub.says(f"GET /v1/requests/{NUMBER}", replace(REQUEST_SHOWN, runs=(newest, over)))
    assert here.run_named(NUMBER) == f"{NUMBER}/2"


def test_the_last_run_is_meant_when_none_is_in_progress(here: Session, stub: StubService) -> None:
    runs(stub, (f"{NUMBER}/1", NOON), (f"{NUMBER}/2", NOON))
    assert here.run_named(NUMBER) == f"{NUMBER}/2"


def test_a_request_without_run(here: Session, stub: StubService) -> None:
    runs(stub)
    with pytest.raises(NotFoundError) as raised:
        here.run_named(NUMBER)
    assert raised.value.advice() == f"start it with: twokey start {NUMBER}"


def test_a_request_with_several_runs_in_progress(here: Session, stub: StubService) -> None:
    runs(stub, (f"{NUMBER}/1", None), (f"{NUMBER}/2", None))
    with pytest.raises(NotFoundError, match="several"):
        here.run_named(NUMBER)
