"""The service as a typed object: one method for each thing a person can ask of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from runner.client.connection import Connection, Query
from runner.errors import UnreachableError
from runner.model.plan import PlanDocument
from runner.model.request import PublicationState, RequestState
from runner.model.run import RunState
from runner.proof.canonical import parse_strict
from runner.wire import api
from runner.wire.api import Config, People, ServiceStatus, Versions
from runner.wire.api_audit import (
    BundleAsked,
    CheckpointShown,
    ConsistencyProof,
    EntryPage,
    EntryShown,
    Gap,
    Hello,
    InclusionProof,
)
from runner.wire.api_content import (
    InventoryShown,
    Proposal,
    PublicationPage,
    PublicationShown,
    RunbookList,
)
from runner.wire.api_request import (
    Outcome,
    PlanAsked,
    RequestPage,
    RequestShown,
    Signed,
    StatementShown,
    Waiting,
)
from runner.wire.api_run import RunPage, RunShown
from runner.wire.documents import from_document
from runner.words import N_

_EVENT_KINDS: Final = {"hello": Hello, "entry": EntryShown, "gap": Gap}
StreamEvent = Hello | EntryShown | Gap


@dataclass(frozen=True, slots=True)
class EntryWish:
    """Which log entries are wanted; empty fields do not narrow."""

    run: str = ""
    request: str = ""
    tag: str = ""
    actor: str = ""


class Service:
    """A running service, over its socket. Methods raise the `RunnerError` the service raised."""

    def __init__(self, socket: Path) -> None:
        self._connection = Connection(socket)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give up the connection."""
        self._connection.close()

    def status(self) -> ServiceStatus:
        return self._connection.get(ServiceStatus, api.STATUS)

    def versions(self) -> Versions:
        return self._connection.get(Versions, api.VERSIONS)

    def config(self) -> Config:
        return self._connection.get(Config, api.CONFIG)

    def people(self) -> People:
        return self._connection.get(People, api.PEOPLE)

    def inventory(self) -> InventoryShown:
        return self._connection.get(InventoryShown, api.INVENTORY)

    def runbooks(self) -> RunbookList:
        return self._connection.get(RunbookList, api.RUNBOOKS)

    def publications(
        self, states: Sequence[PublicationState] = (), before: str | None = None, limit: int = api.DEFAULT_PAGE
    ) -> PublicationPage:
        return self._connection.get(PublicationPage, api.PUBLICATIONS, _page(states, before, limit))

    def publication(self, digest: str) -> PublicationShown:
        return self._connection.get(PublicationShown, api.publication_path(digest))

    def propose(self, proposal: Proposal) -> Outcome:
        return self._connection.post(Outcome, api.PUBLICATIONS, proposal)

    def blob(self, sha256: str) -> bytes:
        return self._connection.get_bytes(api.blob_path(sha256))

    def make_plan(self, asked: PlanAsked) -> PlanDocument:
        return self._connection.post(PlanDocument, api.PLANS, asked)

    def plan(self, digest: str) -> PlanDocument:
        return self._connection.get(PlanDocument, api.plan_path(digest))

    def requests(
        self, states: Sequence[RequestState] = (), before: str | None = None, limit: int = api.DEFAULT_PAGE
    ) -> RequestPage:
        return self._connection.get(RequestPage, api.REQUESTS, _page(states, before, limit))

    def request(self, number: str) -> RequestShown:
        return self._connection.get(RequestShown, api.request_path(number))

    def sign(self, signed: Signed) -> Outcome:
        return self._connection.post(Outcome, api.STATEMENTS, signed)

    def statement(self, statement: str) -> StatementShown:
        return self._connection.get(StatementShown, api.statement_path(statement))

    def waiting(self, person: str = "") -> Waiting:
        return self._connection.get(Waiting, api.WAITING, [("person", person)] if person else ())

    def runs(
        self,
        states: Sequence[RunState] = (),
        request: str = "",
        before: str | None = None,
        limit: int = api.DEFAULT_PAGE,
    ) -> RunPage:
        query = [*_page(states, before, limit), *([("request", request)] if request else [])]
        return self._connection.get(RunPage, api.RUNS, query)

    def run(self, run: str) -> RunShown:
        return self._connection.get(RunShown, api.run_path(run))

    def checkpoint(self) -> CheckpointShown:
        return self._connection.get(CheckpointShown, api.CHECKPOINT)

    def consistency(self, old_size: int, new_size: int) -> ConsistencyProof:
        return self._connection.get(ConsistencyProof, api.CONSISTENCY, [("from", old_size), ("to", new_size)])

    def inclusion(self, index: int, size: int) -> InclusionProof:
        return self._connection.get(InclusionProof, api.INCLUSION, [("index", index), ("size", size)])

    def entries(
        self, wish: EntryWish | None = None, before: str | None = None, limit: int = api.DEFAULT_PAGE
    ) -> EntryPage:
        wish = wish or EntryWish()
        fields = (("run", wish.run), ("request", wish.request), ("tag", wish.tag), ("actor", wish.actor))
        query = [*_page((), before, limit), *((name, value) for name, value in fields if value)]
        return self._connection.get(EntryPage, api.ENTRIES, query)

    def bundle(self, run: str) -> bytes:
        """The evidence bundle of a run, an archive."""
        return self._connection.post_for_bytes(api.BUNDLES, BundleAsked(run))

    @contextmanager
    def events(
        self, run: str = "", request: str = "", after: int | str | None = None
    ) -> Iterator[Iterator[StreamEvent]]:
        """The event stream, for as long as the block lasts.

        Args:
            run: only entries of this run.
            request: only entries of this request.
            after: number of the last entry seen, or id of the last event; None: from now on.

        Raises:
            UnreachableError: the connection is lost, also while events are read.
        """
        fields = (("run", run), ("request", request), ("after", "" if after is None else after))
        query: Query = [(name, value) for name, value in fields if value != ""]
        with self._connection.stream(api.EVENTS, query, {"accept": "text/event-stream"}) as lines:
            yield _events_in(lines)


def _page(states: Sequence[str], before: str | None, limit: int) -> list[tuple[str, str | int]]:
    query: list[tuple[str, str | int]] = [("state", str(state)) for state in states]
    query.append(("limit", limit))
    if before is not None:
        query.append(("before", before))
    return query


def _events_in(lines: Iterator[str]) -> Iterator[StreamEvent]:
    """Server-sent events of an endless stream; its end is a lost connection."""
    kind, data = "", ""
    for line in lines:
        name, _, value = line.partition(":")
        if line == "":
            if kind in _EVENT_KINDS:
                document = parse_strict(data.encode())
                if isinstance(document, dict):
                    yield from_document(_EVENT_KINDS[kind], document)
            kind, data = "", ""
        elif name == "event":
            kind = value.removeprefix(" ")
        elif name == "data":
            data += value.removeprefix(" ")
    raise UnreachableError(N_("event stream: the service ended it"), hint=N_("it is read on after reconnecting"))
