"""The event stream over the socket."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from runner.client.service import Service
from runner.errors import UnreachableError
from runner.wire import api
from runner.wire.api_audit import EntryShown, Gap, Hello
from tests.desk_world import ALICE, World
from tests.integration.service.conftest import EPOCH, Served, serving


def test_what_is_committed_comes_at_once(served: Served) -> None:
    with served.log.events() as events:
        hello = next(events)
        assert hello == Hello(EPOCH, 3)
        served.world.publish()
        tags = [next(events) for _ in range(3)]
    assert [entry.tag for entry in tags if isinstance(entry, EntryShown)] == [
        "person:publication:proposed",
        "person:publication:countersigned",
        "service:publication:published",
    ]


def test_what_was_missed_is_replayed(served: Served) -> None:
    number = served.world.requested().number
    with served.log.events(after=0) as events:
        assert isinstance(next(events), Hello)
        entries = [next(events) for _ in range(7)]
    assert [entry.id for entry in entries if isinstance(entry, EntryShown)] == list(range(1, 8))
    with served.log.events(after=f"{EPOCH}-3", request=number) as events:
        assert isinstance(next(events), Hello)
        entry = next(events)
        assert isinstance(entry, EntryShown)
        assert entry.tag == "person:request:submitted"


def test_a_run_is_followed_alone(served: Served) -> None:
    started = served.world.start(ALICE, served.world.approved().number)
    with served.log.events(run=started.run, after=0) as events:
        next(events)
        entries = [next(events) for _ in range(2)]
    assert [entry.about["run"] for entry in entries if isinstance(entry, EntryShown)] == [started.run] * 2


def test_a_number_of_another_log_yields_a_gap(served: Served) -> None:
    with served.log.events(after="e0-999999") as events:
        assert isinstance(next(events), Hello)
        assert next(events) == Gap(999999, 3)


def test_the_header_of_a_browser_is_understood(served: Served) -> None:
    transport = httpx.HTTPTransport(uds=str(served.socket))
    with (
        httpx.Client(transport=transport, base_url="http://twokey") as client,
        client.stream("GET", api.EVENTS, headers={"Last-Event-ID": f"{EPOCH}-2"}) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert next(lines) == "event: hello"
        assert next(line for line in lines if line.startswith("id:")) == f"id: {EPOCH}-3"


def test_the_stream_ends_with_the_service(world: World, short_folder: Path) -> None:
    path = short_folder / "s"
    with Service(path) as client, ExitStack() as service:
        service.enter_context(serving(world, path))
        with pytest.raises(UnreachableError):
            follow_while_it_ends(client, service)


def follow_while_it_ends(client: Service, service: ExitStack) -> None:
    with client.log.events() as events:
        assert isinstance(next(events), Hello)
        service.close()
        next(events)
