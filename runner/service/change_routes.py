"""Routes of plans, requests and statements."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, FastAPI, Query
from starlette.responses import Response

from runner.engine.desk.facts import groups_of
from runner.engine.desk.premises import Premises
from runner.engine.desk.requesting import require_published
from runner.engine.journal import service_entry
from runner.errors import RunnerError, UsageError
from runner.model.document import JsonObject
from runner.model.log import About
from runner.model.plan import PlanDocument
from runner.model.request import Publication, RequestState
from runner.rules.plans import open_plan
from runner.rules.seeing import is_within
from runner.rules.tags import Tag
from runner.runbook.loader import parse_runbook
from runner.service.access.access import Caller
from runner.service.access.guard import Asker, Source
from runner.service.bodies import answer, kept_nowhere, read_value, small_body
from runner.service.content_view import find_publication
from runner.service.parts import Service
from runner.service.queries import USUAL_LIMIT, Before, Limit, Name, split_page
from runner.service.request_view import request_shown, waiting
from runner.service.sight import Sight, seen_page
from runner.service.standing_view import standing_list
from runner.service.statement_view import statement_shown
from runner.wire import api
from runner.wire.api_request import PlanAsked, RequestPage, Signed, Waiting
from runner.wire.documents import from_document
from runner.words import N_

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


def _planned(premises: Premises, publication: Publication, asked: PlanAsked, caller: Caller) -> PlanDocument:
    """The plan that was asked for.

    Raises:
        UsageError: it cannot be made; to somebody of a vendor one that their grant does not list is as little told
            from one that cannot be made as a host that they may not see from one that there is not.
    """
    if caller.vendor is None:
        return premises.planner.make(publication, asked)
    try:
        made = premises.planner.make(publication, asked)
    except RunnerError:
        raise _unplanned() from None
    runbook = parse_runbook(made.runbook_source.encode(), publication.content.runbook)
    plan = open_plan(made, runbook, from_document)
    if not is_within(caller.vendor, plan.runbook.id, groups_of(plan)):
        raise _unplanned()
    return made


def _unplanned() -> UsageError:
    return UsageError(
        N_("plan: this cannot be planned within your grant"),
        hint=N_("name only hosts that your grant lists, and the parameters that the runbook asks for"),
    )


def add_routes(app: FastAPI, service: Service) -> None:
    """Add the routes."""
    _add_plans(app, service)
    _add_requests(app, service)


def _add_plans(app: FastAPI, service: Service) -> None:
    premises, store = service.premises, service.store

    @app.post(api.PLANS)
    def make_plan(body: Body, caller: Asker) -> Response:
        asked = read_value(PlanAsked, body)
        with store.reading() as transaction:
            sight = Sight(premises, transaction, caller)
            publication = find_publication(transaction, sight, asked.runbook, asked.content)
        require_published(publication.digest, publication.state)
        made = keep_plan(service, _planned(premises, publication, asked, caller))
        told = answer(made)
        told.plan = made.digests.plan
        return told

    @app.get(api.PLANS + "/{digest}")
    def plan(digest: str, caller: Asker) -> Response:
        with store.reading() as transaction:
            Sight(premises, transaction, caller).require_plan(f"sha256:{digest}")
            return answer(transaction.plans.get(f"sha256:{digest}"))


def _add_requests(app: FastAPI, service: Service) -> None:
    premises, store, clock = service.premises, service.store, service.clock

    @app.get(api.REQUESTS)
    def requests(
        caller: Asker,
        state: States = [],  # noqa: B006 - FastAPI copies a default
        before: Before = None,
        limit: Limit = USUAL_LIMIT,
    ) -> Response:
        with store.reading() as transaction:
            sight = Sight(premises, transaction, caller)
            if before is not None:
                sight.require_request(before)
            found = seen_page(
                lambda most, last: transaction.requests.page(most, states=state, before=last),
                sight.request,
                lambda request: request.number,
                limit,
                before,
            )
            rows, last = split_page(found, limit)
        return answer(RequestPage(rows, last.number if last else None))

    @app.get(api.REQUESTS + "/{number}")
    def request(number: str, caller: Asker) -> Response:
        with store.reading() as transaction:
            Sight(premises, transaction, caller).require_request(number)
            return answer(request_shown(premises, transaction, number, clock.now()))

    @app.get(api.STANDING)
    def standing(caller: Asker, everything: Annotated[bool, Query(alias="all")] = False) -> Response:  # noqa: FBT002 - a query's flag
        with store.reading() as transaction:
            sight = Sight(premises, transaction, caller)
            return answer(standing_list(premises, transaction, sight, clock.now(), everything=everything))

    @app.post(api.STATEMENTS)
    def submit(body: Body, source: Source) -> Response:
        outcome = service.desk.submit(read_value(Signed, body), source)
        return kept_nowhere(answer(outcome)) if outcome.half else answer(outcome)

    @app.get(api.STATEMENTS + "/{statement}")
    def statement(statement: str, caller: Asker) -> Response:
        with store.reading() as transaction:
            sight = Sight(premises, transaction, caller)
            return answer(statement_shown(sight.require_statement(statement)))

    @app.get(api.WAITING)
    def awaited(caller: Asker, person: Name = "") -> Response:
        with store.reading() as transaction:
            sight = Sight(premises, transaction, caller)
            acts = waiting(premises, transaction, person, clock.now()).acts
            return answer(Waiting(tuple(filter(sight.act, acts))))
