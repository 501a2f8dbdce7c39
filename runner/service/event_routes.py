"""The route of the event stream."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from anyio.to_thread import run_sync
from fastapi import FastAPI, Header
from starlette.responses import StreamingResponse

from runner.errors import UsageError
from runner.model.log import LogFilter
from runner.service.access.access import Caller
from runner.service.access.guard import Asker, while_open
from runner.service.parts import Service
from runner.service.queries import Name
from runner.service.sight import Sight
from runner.service.stream import position_of
from runner.wire import api
from runner.words import N_

_NO_RUN: Final = "-"
"""Name that no run has."""


def add_routes(app: FastAPI, service: Service) -> None:
    """Add the route."""

    @app.get(api.EVENTS)
    async def events(
        caller: Asker,
        run: Name = "",
        request: Name = "",
        after: Name = "",
        last_event_id: Annotated[str, Header(max_length=120)] = "",
    ) -> StreamingResponse:
        position = _position(last_event_id or after)
        wanted = await run_sync(_seen, service, caller, LogFilter(run=run, request=request))
        stream = service.stream.follow(position, wanted)
        if caller.session is not None:
            stream = while_open(stream, service.access, caller.session, asyncio.get_running_loop().time)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"cache-control": "no-store"})


def _seen(service: Service, caller: Caller, wanted: LogFilter) -> LogFilter:
    """What of it they see: somebody of a vendor follows one run or request at a time, and otherwise nothing.

    Raises:
        NotFoundError: the run or request does not exist for them.
    """
    if caller.vendor is None:
        return wanted
    if not (wanted.run or wanted.request):
        return LogFilter(run=_NO_RUN)
    with service.store.reading() as transaction:
        sight = Sight(service.premises, transaction, caller)
        if wanted.run:
            sight.require_run(wanted.run)
        if wanted.request:
            sight.require_request(wanted.request)
    return wanted


def _position(text: str) -> int | None:
    """Where to go on; None: at what is new."""
    if not text:
        return None
    position = position_of(text)
    if position is None:
        raise UsageError(N_("events: expected the id of an event or the number of an entry"))
    return position
