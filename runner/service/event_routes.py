"""The route of the event stream."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import FastAPI, Header
from starlette.responses import StreamingResponse

from runner.errors import UsageError
from runner.model.log import LogFilter
from runner.service.access.guard import Asker, while_open
from runner.service.parts import Service
from runner.service.queries import Name
from runner.service.stream import position_of
from runner.wire import api
from runner.words import N_


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
        wanted = LogFilter(run=run, request=request)
        stream = service.stream.follow(position, wanted)
        if caller.session is not None:
            stream = while_open(stream, service.access, caller.session, asyncio.get_running_loop().time)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"cache-control": "no-store"})


def _position(text: str) -> int | None:
    """Where to go on; None: at what is new."""
    if not text:
        return None
    position = position_of(text)
    if position is None:
        raise UsageError(N_("events: expected the id of an event or the number of an entry"))
    return position
