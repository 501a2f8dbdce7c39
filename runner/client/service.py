"""The service as a typed object: one method for each thing a person can ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from runner.client.connection import Connection, page_query
from runner.client.door import Door
from runner.client.environment import ServiceEnvironment
from runner.client.log import ServiceLog
from runner.client.register import ServiceRegister
from runner.client.tokens import Tokens
from runner.model.plan import PlanDocument
from runner.model.request import PublicationState, RequestState
from runner.model.run import RunState
from runner.runbook.places import sessions_folder
from runner.wire import api
from runner.wire.api import People, ServiceStatus, Versions
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
    StandingList,
    StatementShown,
    Waiting,
)
from runner.wire.api_run import RunPage, RunShown


class Service:
    """A running service, over its socket. Methods raise the `RunnerError` the service raised."""

    def __init__(self, socket: Path) -> None:
        self._connection = Connection(socket)
        self.door = Door(self._connection, socket, Tokens(sessions_folder()))
        """Where one signs in and out."""
        self.log = ServiceLog(self._connection)
        """Its audit log and the live stream of it."""
        self.register = ServiceRegister(self._connection)
        """Its people, grants and policy."""
        self.environment = ServiceEnvironment(self._connection)
        """Its settings, and its secrets by reference."""

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

    def people(self) -> People:
        return self._connection.get(People, api.PEOPLE)

    def inventory(self) -> InventoryShown:
        return self._connection.get(InventoryShown, api.INVENTORY)

    def runbooks(self) -> RunbookList:
        return self._connection.get(RunbookList, api.RUNBOOKS)

    def publications(
        self, states: Sequence[PublicationState] = (), before: str | None = None, limit: int = api.DEFAULT_PAGE
    ) -> PublicationPage:
        return self._connection.get(PublicationPage, api.PUBLICATIONS, page_query(states, before, limit))

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
        return self._connection.get(RequestPage, api.REQUESTS, page_query(states, before, limit))

    def request(self, number: str) -> RequestShown:
        return self._connection.get(RequestShown, api.request_path(number))

    def standing(self, *, everything: bool = False) -> StandingList:
        return self._connection.get(StandingList, api.STANDING, [("all", "true")] if everything else ())

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
        *,
        vendor: bool = False,
    ) -> RunPage:
        query = [*page_query(states, before, limit), *([("request", request)] if request else [])]
        query += [("vendor", "true")] if vendor else []
        return self._connection.get(RunPage, api.RUNS, query)

    def run(self, run: str) -> RunShown:
        return self._connection.get(RunShown, api.run_path(run))
