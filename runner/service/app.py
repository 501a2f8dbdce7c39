"""The web application: routes over the service's parts, and every error told in one form."""

from __future__ import annotations

import logging
import secrets
from typing import Final

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from runner.errors import RunnerError, SignInError, TooOftenError, UnreachableError, UsageError
from runner.service import (
    access_routes,
    audit_routes,
    change_routes,
    content_routes,
    event_routes,
    openapi_routes,
    people_routes,
    place_routes,
    run_routes,
    status_routes,
)
from runner.service.access.guard import make_guard, nothing_at
from runner.service.bodies import answer
from runner.service.parts import Service
from runner.service.permissions import require_listed
from runner.service.recording import recorded_by
from runner.wire.errors import status_of, to_wire
from runner.words import N_

_log = logging.getLogger(__name__)


_ROUTES: Final = (
    status_routes,
    access_routes,
    content_routes,
    change_routes,
    people_routes,
    place_routes,
    run_routes,
    audit_routes,
    event_routes,
    openapi_routes,
)


def make_app(service: Service) -> FastAPI:
    """The application over these parts.

    Raises:
        UnlistedRouteError: the table of permissions and the routes do not agree.
    """
    guard = make_guard(service.access)
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, dependencies=[Depends(guard)])
    app.router.route_class = recorded_by(service.access)
    for routes in _ROUTES:
        routes.add_routes(app, service)
    require_listed(app.routes)
    app.add_exception_handler(RunnerError, _told)
    app.add_exception_handler(RequestValidationError, _told_of_query)
    app.add_exception_handler(HTTPException, _told_of_path)
    app.add_exception_handler(Exception, _told_of_fault)
    return app


async def _told(_: Request, error: Exception) -> Response:
    if not isinstance(error, RunnerError):
        raise error
    response = answer(to_wire(error), status_of(error))
    if isinstance(error, SignInError):
        response.headers["www-authenticate"] = "Bearer"
    elif isinstance(error, TooOftenError):
        response.headers["retry-after"] = str(error.facts.get("seconds", 1))
    return response


async def _told_of_query(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    return await _told(
        request,
        UsageError(
            N_("query: {name}: {reason}"),
            name=".".join(str(part) for part in first["loc"][1:]) or "?",
            reason=str(first["msg"]),
        ),
    )


async def _told_of_path(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return await _told(request, nothing_at(request))


async def _told_of_fault(request: Request, error: Exception) -> Response:
    """The boundary of the service: a fault of ours is told by a number, its traceback stays in the service's log."""
    number = secrets.token_hex(4)
    _log.error("fault %s in %s %s", number, request.method, request.url.path, exc_info=error)
    told = UnreachableError(
        N_("service: a fault of its own (number {number})"),
        hint=N_("the service's log tells more under that number: service.log in the state directory"),
        number=number,
    )
    return answer(to_wire(told), 500)
