"""Routes of runs."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Query
from starlette.responses import Response

from runner.model.run import RunState
from runner.rules.seeing import vendors_in
from runner.service.access.guard import Asker
from runner.service.bodies import answer
from runner.service.parts import Service
from runner.service.queries import USUAL_LIMIT, Before, Limit, Name, split_page
from runner.service.run_view import run_rows, run_shown
from runner.service.sight import Sight, seen_page
from runner.wire import api
from runner.wire.api_run import RunPage

States = Annotated[list[RunState], Query()]


def add_routes(app: FastAPI, service: Service) -> None:
    """Add the routes."""
    premises, store = service.premises, service.store

    @app.get(api.RUNS)
    def runs(
        caller: Asker,
        state: States = [],  # noqa: B006 - FastAPI copies a default
        request: Name = "",
        vendor: bool = False,  # noqa: FBT001, FBT002 - a query's flag
        before: Before = None,
        limit: Limit = USUAL_LIMIT,
    ) -> Response:
        with store.reading() as transaction:
            sight = Sight(premises, transaction, caller)
            if before is not None:
                sight.require_run(before)
            executors = vendors_in(premises.register.of(transaction)) if vendor else None
            found = seen_page(
                lambda most, last: transaction.runs.page(
                    most, states=state, request=request or None, executors=executors, before=last
                ),
                sight.run,
                lambda record: record.id,
                limit,
                before,
            )
            records, last = split_page(found, limit)
            rows = run_rows(premises, transaction, records)
        return answer(RunPage(rows, last.id if last else None))

    @app.get(api.RUNS + "/{run:path}")
    def run(run: str, caller: Asker) -> Response:
        with store.reading() as transaction:
            Sight(premises, transaction, caller).require_run(run)
            return answer(run_shown(premises, transaction, run, service.clock.now()))
