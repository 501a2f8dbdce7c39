"""Routes that write down who asks, between finding the answer and giving it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from runner.errors import NotFoundError
from runner.service.access.access import Access
from runner.service.access.guard import caller_of
from runner.service.access.query_log import Query
from runner.service.bodies import Answer
from runner.service.permissions import PERMISSIONS, RECORDED, Permission

_PAGING: Final = frozenset({"before", "limit", "after"})
"""Parameters that say which part of an answer is wanted, and narrow nothing."""
_LONGEST: Final = 200

Handler = Callable[[Request], Awaitable[Response]]


def recorded_by(access: Access) -> type[APIRoute]:
    """The kind of route that leaves a record of each query of what the table calls protected."""

    class RecordedRoute(APIRoute):
        """A route whose answers are on record before they are given."""

        def get_route_handler(self) -> Callable[[Request], Any]:
            handler: Handler = super().get_route_handler()
            names = frozenset(parameter.alias for parameter in self.dependant.query_params) - _PAGING
            path = self.path

            async def recorded(request: Request) -> Response:
                permission = PERMISSIONS.get((request.method, path))
                if permission not in RECORDED:
                    return await handler(request)
                try:
                    response = await handler(request)
                except NotFoundError:
                    await _record(access, request, permission, Query(_path(request), _filters(request, names), 0))
                    raise
                rows, plan = (response.rows, response.plan) if isinstance(response, Answer) else (1, "")
                query = Query(_path(request), _filters(request, names), rows, plan)
                await _record(access, request, permission, query)
                return response

            return recorded

    return RecordedRoute


async def _record(access: Access, request: Request, permission: Permission, query: Query) -> None:
    caller = caller_of(request)
    if caller.session is None:
        access.queries.count(caller.peer)
    elif _is_new(request, permission) or not access.queries.is_known(caller.session, query):
        await access.queries.record(caller.session, query)


def _is_new(request: Request, permission: Permission) -> bool:
    """Whether it is a query of its own whatever was asked before; further pages of the log belong to the first."""
    is_first_page = "before" not in request.query_params
    return request.method != "GET" or (permission is Permission.READ_LOG and is_first_page)


def _path(request: Request) -> str:
    return request.url.path[:_LONGEST]


def _filters(request: Request, names: frozenset[str]) -> dict[str, tuple[str, ...]]:
    asked = ((name, tuple(sorted(request.query_params.getlist(name)))) for name in sorted(names))
    return {name: values for name, values in asked if any(values)}
