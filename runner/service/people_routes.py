"""Routes of people, grants and the policy."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import FastAPI, Query
from starlette.responses import Response

from runner.model.grant import GrantState
from runner.model.statement import StatementKind
from runner.model.time import require_utc
from runner.service.access.guard import Asker
from runner.service.bodies import answer
from runner.service.leaving_view import leaving_shown
from runner.service.parts import Service
from runner.service.people_view import (
    explained,
    grant_shown,
    register_shown,
    signers,
    staffing,
)
from runner.service.policy_view import policy_shown
from runner.service.queries import USUAL_LIMIT, Before, Limit, Name, split_page
from runner.service.sight import Sight
from runner.wire import api
from runner.wire.api_people import GrantPage
from runner.wire.grant_rows import grant_row

States = Annotated[list[GrantState], Query()]


def add_routes(app: FastAPI, service: Service) -> None:
    """Add the routes."""
    premises, store = service.premises, service.store

    @app.get(api.PEOPLE)
    def people(caller: Asker) -> Response:
        with store.reading() as transaction:
            sight = Sight(premises, transaction, caller)
            found = signers(premises, transaction)
            return answer(api.People(tuple(each for each in found if sight.person(each.name))))

    @app.get(api.REGISTER)
    def register(at: datetime | None = None) -> Response:
        if at is not None:
            require_utc(at)
        with store.reading() as transaction:
            return answer(register_shown(premises, transaction, at))

    @app.get(api.LEAVING)
    def leaving(person: Name) -> Response:
        with store.reading() as transaction:
            return answer(leaving_shown(premises, transaction, person))

    @app.get(api.GRANTS)
    def grants(
        state: States = [],  # noqa: B006 - FastAPI copies a default
        person: Name = "",
        before: Before = None,
        limit: Limit = USUAL_LIMIT,
    ) -> Response:
        with store.reading() as transaction:
            if before is not None:
                transaction.grants.get(before)
            page = transaction.grants.page(limit + 1, states=state, person=person, before=before)
            rows, last = split_page(page, limit)
        return answer(GrantPage(tuple(grant_row(row) for row in rows), last.number if last else None))

    @app.get(api.GRANTS + "/{number}")
    def grant(number: str) -> Response:
        with store.reading() as transaction:
            return answer(grant_shown(premises, transaction, number))

    _add_policy(app, service)


def _add_policy(app: FastAPI, service: Service) -> None:
    premises, store = service.premises, service.store

    @app.get(api.POLICY)
    def policy() -> Response:
        with store.reading() as transaction:
            return answer(policy_shown(premises, transaction))

    @app.get(api.EXPLAIN)
    def explain(person: Name, action: StatementKind, object: Name = "") -> Response:  # noqa: A002 - the query's word
        with store.reading() as transaction:
            return answer(explained(premises, transaction, person, action, object))

    @app.get(api.STAFFING)
    def staff() -> Response:
        with store.reading() as transaction:
            return answer(staffing(premises, transaction))
