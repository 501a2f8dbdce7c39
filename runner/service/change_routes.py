"""Routes of plans, requests and statements."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, FastAPI, Query
from starlette.responses import Response

from runner.engine.desk.requesting import require_published
from runner.engine.journal import service_entry
from runner.model.document import JsonObject
from runner.model.log import About
from runner.model.plan import PlanDocument
from runner.model.request import RequestState
from runner.rules.tags import Tag
from runner.service.access.guard import Source
from runner.service.bodies import answer, kept_nowhere, read_value, small_body
from runner.service.content_view import find_publication
from runner.service.parts import Service
from runner.service.queries import USUAL_LIMIT, Before, Limit, Name, split_page
from runner.service.request_view import request_shown, waiting
from runner.service.standing_view import standing_list
from runner.service.statement_view import statement_shown
from runner.wire import api
from runner.wire.api_request import PlanAsked, RequestPage, Signed

States = Annotated[list[RequestState], Query()]
Body = Annotated[bytes, Depends(small_body)]


def keep_plan(service: Service, plan: PlanDocument) -> PlanDocument:
    """Keep a plan by its digest; the first time, on record."""
    digests = plan.digests
    with service.store.writing() as transaction:
        if transaction.plans.find(digests.plan) is None:
            transaction.plans.put(plan)
            about = About(plan=digests.plan, content=digests.content)
            made: JsonObject = {"binding": digests.binding, "runtime": digests.runtime}
            entry = service_entry(Tag.PLAN_MADE, about, service.clock.now(), made)
            transaction.inbox.put([service.premises.leaves.make(entry)])
    return plan


def add_routes(app: FastAPI, service: Service) -> None:
    """Add the routes."""
    premises, store, clock = service.premises, service.store, service.clock

    @app.post(api.PLANS)
    def make_plan(body: Body) -> Response:
        asked = read_value(PlanAsked, body)
        with store.reading() as transaction:
            publication = find_publication(transaction, asked.runbook, asked.content)
        require_published(publication.digest, publication.state)
        made = keep_plan(service, premises.planner.make(publication, asked))
        told = answer(made)
        told.plan = made.digests.plan
        return told

    @app.get(api.PLANS + "/{digest}")
    def plan(digest: str) -> Response:
        with store.reading() as transaction:
            return answer(transaction.plans.get(f"sha256:{digest}"))

    @app.get(api.REQUESTS)
    def requests(state: States = [], before: Before = None, limit: Limit = USUAL_LIMIT) -> Response:  # noqa: B006 - FastAPI copies a default
        with store.reading() as transaction:
            if before is not None:
                transaction.requests.get(before)
            rows, last = split_page(transaction.requests.page(limit + 1, states=state, before=before), limit)
        return answer(RequestPage(rows, last.number if last else None))

    @app.get(api.REQUESTS + "/{number}")
    def request(number: str) -> Response:
        with store.reading() as transaction:
            return answer(request_shown(premises, transaction, number, clock.now()))

    @app.get(api.STANDING)
    def standing(everything: Annotated[bool, Query(alias="all")] = False) -> Response:  # noqa: FBT002 - a query's flag
        with store.reading() as transaction:
            return answer(standing_list(premises, transaction, clock.now(), everything=everything))

    @app.post(api.STATEMENTS)
    def submit(body: Body, source: Source) -> Response:
        outcome = service.desk.submit(read_value(Signed, body), source)
        return kept_nowhere(answer(outcome)) if outcome.half else answer(outcome)

    @app.get(api.STATEMENTS + "/{statement}")
    def statement(statement: str) -> Response:
        with store.reading() as transaction:
            return answer(statement_shown(transaction.statements.get(statement)))

    @app.get(api.WAITING)
    def awaited(person: Name = "") -> Response:
        with store.reading() as transaction:
            return answer(waiting(premises, transaction, person, clock.now()))
