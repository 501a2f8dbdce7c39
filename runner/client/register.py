"""The people, grants and policy of a service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from runner.client.connection import Connection, page_query
from runner.model.grant import GrantState
from runner.model.statement import StatementKind
from runner.model.time import to_rfc3339
from runner.wire import api
from runner.wire.api_people import (
    Explained,
    GrantPage,
    GrantShown,
    Here,
    LeavingShown,
    PolicyShown,
    RegisterShown,
    Staffing,
)


class ServiceRegister:
    """People, grants and policy. Methods raise the `RunnerError` the service raised."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def people(self, at: datetime | None = None) -> RegisterShown:
        """The register now, or as it was."""
        return self._connection.get(RegisterShown, api.REGISTER, [("at", to_rfc3339(at))] if at else ())

    def leaving(self, person: str) -> LeavingShown:
        """What would end and stay open if somebody left."""
        return self._connection.get(LeavingShown, api.LEAVING, [("person", person)])

    def here(self) -> Here:
        """Where this client is, as the service finds it."""
        return self._connection.get(Here, api.HERE)

    def grants(
        self,
        states: Sequence[GrantState] = (),
        person: str = "",
        before: str | None = None,
        limit: int = api.DEFAULT_PAGE,
    ) -> GrantPage:
        query = [*page_query(states, before, limit), *([("person", person)] if person else [])]
        return self._connection.get(GrantPage, api.GRANTS, query)

    def grant(self, number: str) -> GrantShown:
        return self._connection.get(GrantShown, api.grant_path(number))

    def policy(self) -> PolicyShown:
        """The policy in force."""
        return self._connection.get(PolicyShown, api.POLICY)

    def explain(self, person: str, action: StatementKind, subject: str = "") -> Explained:
        """What the policy says about a person's signature."""
        query = [("person", person), ("action", action.value), ("object", subject)]
        return self._connection.get(Explained, api.EXPLAIN, query)

    def staffing(self) -> Staffing:
        """Whether enough people are there."""
        return self._connection.get(Staffing, api.STAFFING)
