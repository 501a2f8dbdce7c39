"""Queries of protected data are on record (L9): one entry each, before the answer, without the data."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from runner.client.service import Service
from runner.errors import StorageError
from runner.rules.tags import Tag
from runner.service.access.access import Access
from runner.service.permissions import PERMISSIONS, RECORDED, Permission
from runner.wire import api
from runner.wire.api_request import PlanAsked
from runner.wire.documents import to_document
from tests.desk_world import ALICE, BOB, World
from tests.integration.service.conftest import Served, serving
from tests.integration.service.signing_in import Asking, asking, signed_in_only
from tests.integration.service.test_permissions import filled, paths


@pytest.fixture
def strict(world: World, short_folder: Path) -> Iterator[Served]:
    """A world that nobody reads without a session."""
    signed_in_only(world)
    socket = short_folder / "s"
    with serving(world, socket) as parts, Service(socket) as client:
        yield Served(world, parts, socket, client)


@pytest.fixture
def somebody(strict: Served) -> Iterator[Asking]:
    with asking(strict.socket, strict.world.clock) as one:
        yield one


def records(world: World, tag: Tag = Tag.LOG_QUERIED) -> list[dict[str, Any]]:
    """What the log says was asked, oldest first."""
    with world.store.reading() as transaction:
        leaves = transaction.log.after(0, 100_000)
    return [json.loads(leaf.payload or b"{}") for leaf in leaves if json.loads(leaf.leaf)["tag"] == tag]


class TestWhatIsProtected:
    def test_everything_but_what_is_public_ones_own_or_signed(self) -> None:
        others = {Permission.PUBLIC, Permission.SELF, Permission.STATEMENT, Permission.EXPORT}
        assert set(Permission) == RECORDED | others

    def test_each_path_leaves_exactly_one_entry(self, strict: Served, somebody: Asking) -> None:
        token = somebody.sign_in(ALICE)
        tried = 0
        for method, path in paths(*RECORDED):
            if path == api.EVENTS:
                continue
            before = records(strict.world)
            answer = somebody.ask(method, filled(path), body={} if method == "POST" else None, token=token)
            expected = 0 if answer.status_code == 400 else 1
            made = records(strict.world)[len(before) :]
            assert [one["path"] for one in made] == [filled(path)] * expected, (path, answer.text)
            tried += expected
        assert tried > 20

    def test_nothing_else_leaves_one(self, strict: Served, somebody: Asking) -> None:
        token = somebody.sign_in(ALICE)
        for method, path in sorted(PERMISSIONS):
            if PERMISSIONS[method, path] in RECORDED or path == api.SIGN_OUT:
                continue
            somebody.ask(method, filled(path), body={} if method == "POST" else None, token=token)
        assert records(strict.world) == []

    def test_an_export_is_one_entry_too(self, strict: Served, somebody: Asking) -> None:
        run = strict.world.running().id
        assert somebody.ask("POST", api.BUNDLES, {"run": run}, somebody.sign_in(BOB)).status_code == 200
        assert records(strict.world) == []
        assert len(records(strict.world, Tag.BUNDLE_EXPORTED)) == 1


class TestEntry:
    def test_it_says_who_what_and_how_much_and_not_the_data(self, strict: Served, somebody: Asking) -> None:
        strict.world.requested()
        begun = somebody.session(BOB)
        query = "?state=submitted&state=approved&limit=5&colour=red"
        assert somebody.ask("GET", api.REQUESTS + query, token=begun["token"]).status_code == 200
        assert records(strict.world) == [
            {
                "path": api.REQUESTS,
                "query": {"state": ["approved", "submitted"]},
                "rows": 1,
                "session": begun["session"],
            }
        ]

    def test_what_is_not_there_was_asked_for_all_the_same(self, strict: Served, somebody: Asking) -> None:
        token = somebody.sign_in(BOB)
        assert somebody.ask("GET", api.REQUESTS + "/BG-2026-0099", token=token).status_code == 404
        assert [(one["path"], one["rows"]) for one in records(strict.world)] == [(api.REQUESTS + "/BG-2026-0099", 0)]

    def test_what_is_refused_shows_nothing_and_is_no_query(self, strict: Served, somebody: Asking) -> None:
        token = somebody.sign_in(BOB)
        assert somebody.ask("GET", api.REQUESTS + "?limit=many", token=token).status_code == 400
        assert somebody.ask("GET", api.REQUESTS).status_code == 401
        assert records(strict.world) == []

    def test_each_plan_that_is_made_is_a_query_named_by_its_digest(self, strict: Served, somebody: Asking) -> None:
        strict.world.publish()
        token = somebody.sign_in(BOB)
        asked = to_document(PlanAsked(runbook="web-restart"))
        made = [somebody.ask("POST", api.PLANS, asked, token) for _ in range(2)]
        assert [answer.status_code for answer in made] == [200, 200], made[0].text
        leaves = [json.loads(leaf.leaf) for leaf in entries(strict.world)]
        plans = [leaf["about"]["plan"] for leaf in leaves if leaf["tag"] == Tag.LOG_QUERIED]
        assert plans == [answer.json()["digests"]["plan"] for answer in made]


def entries(world: World) -> tuple[Any, ...]:
    with world.store.reading() as transaction:
        return transaction.log.after(0, 100_000)


class TestOpenViews:
    def test_a_view_that_refreshes_itself_is_one_query(self, strict: Served, somebody: Asking) -> None:
        token = somebody.sign_in(ALICE)
        for _ in range(20):
            strict.world.clock.pass_by(seconds=20)
            somebody.ask("GET", api.RUNS, token=token)
        assert len(records(strict.world)) == 1
        strict.world.clock.pass_by(seconds=220)
        somebody.ask("GET", api.RUNS, token=token)
        assert len(records(strict.world)) == 2

    def test_another_filter_object_or_session_is_another(self, strict: Served, somebody: Asking) -> None:
        token = somebody.sign_in(ALICE)
        somebody.ask("GET", api.RUNS, token=token)
        somebody.ask("GET", api.RUNS + "?request=BG-2026-0001", token=token)
        somebody.ask("GET", api.REQUESTS, token=token)
        strict.world.clock.pass_by(seconds=1)
        somebody.ask("GET", api.RUNS, token=somebody.sign_in(ALICE))
        somebody.ask("GET", api.RUNS, token=somebody.sign_in(BOB))
        assert len(records(strict.world)) == 5

    def test_an_open_stream_is_one_query_however_much_comes(self, strict: Served, somebody: Asking) -> None:
        headers = {"authorization": f"Bearer {somebody.sign_in(ALICE)}"}
        for act in (strict.world.requested, lambda: somebody.sign_in(BOB)):
            with somebody.http.stream("GET", api.EVENTS, headers=headers) as stream:
                lines = stream.iter_lines()
                assert next(lines) == "event: hello"
                with asking(strict.socket, strict.world.clock) as other:
                    assert other.ask("GET", api.STATUS).status_code == 200
                act()
                assert any(line.startswith("data:") and '"tag":' in line for line in lines)
        assert [one["path"] for one in records(strict.world)] == [api.EVENTS]

    def test_a_page_of_the_log_that_no_query_led_to_is_a_query(self, strict: Served, somebody: Asking) -> None:
        token = somebody.sign_in(BOB)
        somebody.ask("GET", api.ENTRIES + "?before=999999999", token=token)
        assert [one["path"] for one in records(strict.world)] == [api.ENTRIES]
        somebody.ask("GET", api.ENTRIES + "?before=3", token=token)
        assert len(records(strict.world)) == 1


class TestTogether:
    def test_many_at_once_are_all_on_record(self, strict: Served, somebody: Asking) -> None:
        token = somebody.sign_in(ALICE)

        async def ask_all() -> list[int]:
            transport = httpx.AsyncHTTPTransport(uds=str(strict.socket))
            headers = {"authorization": f"Bearer {token}"}
            async with httpx.AsyncClient(transport=transport, base_url="http://twokey", headers=headers) as http:
                asked = [http.get(f"{api.REQUESTS}/BG-2026-{number:04}") for number in range(1, 41)]
                return [answer.status_code for answer in await asyncio.gather(*asked)]

        assert asyncio.run(ask_all()) == [404] * 40
        assert len({one["path"] for one in records(strict.world)}) == 40

    def test_none_of_a_batch_is_answered_when_it_cannot_be_written(
        self, strict: Served, somebody: Asking, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        token = somebody.sign_in(ALICE)

        def full() -> object:
            raise StorageError("no room")

        monkeypatch.setattr(strict.world.store, "writing", full)
        answers = [somebody.ask("GET", api.REQUESTS, token=token) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [507] * 3
        assert "rows" not in answers[0].json()


class TestNobodyNamed:
    def test_where_all_may_read_they_are_counted_by_where_they_come_from(self, served: Served) -> None:
        with asking(served.socket, served.world.clock) as somebody:
            for _ in range(7):
                assert somebody.ask("GET", api.RUNS).status_code == 200
        assert records(served.world, Tag.QUERIES_COUNTED) == []
        access: Access = served.parts.access
        access.queries.flush()
        access.queries.flush()
        (counted,) = records(served.world, Tag.QUERIES_COUNTED)
        assert counted["count"] == 7
        assert counted["peer"].startswith("uid:")

    def test_who_has_signed_in_is_named_there_too(self, served: Served) -> None:
        with asking(served.socket, served.world.clock) as somebody:
            somebody.ask("GET", api.RUNS, token=somebody.sign_in(ALICE))
        served.parts.access.queries.flush()
        assert [one["path"] for one in records(served.world)] == [api.RUNS]
        assert records(served.world, Tag.QUERIES_COUNTED) == []
