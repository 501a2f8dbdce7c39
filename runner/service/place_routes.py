"""The route that tells a client where it is, since it cannot say so for itself."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.responses import Response

from runner.rules.places import terminal_at
from runner.service.access.guard import Source
from runner.service.bodies import answer
from runner.service.parts import Service
from runner.wire import api
from runner.wire.api_people import Here


def add_routes(app: FastAPI, service: Service) -> None:
    """Add the route."""

    @app.get(api.HERE)
    def here(source: Source) -> Response:
        with service.store.reading() as transaction:
            return answer(Here(source, terminal_at(service.premises.register.of(transaction), source)))
