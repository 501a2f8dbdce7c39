"""The route of the event stream."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header
from starlette.responses import StreamingResponse

from runner.errors import UsageError
from runner.model.log import LogFilter
from runner.service.parts import Service
from runner.service.queries import Name
from runner.service.stream import position_of
from runner.wire import api
from runner.words import N_


def make_router(service: Service) -> APIRouter:
    """The route."""
    router = APIRouter()

    @router.get(api.EVENTS)
    async def events(
        run: Name = "",
        request: Name = "",
        after: Name = "",
        last_event_id: Annotated[str, Header(max_length=120)] = "",
    ) -> StreamingResponse:
        position = _position(last_event_id or after)
        stream = service.stream.follow(position, LogFilter(run=run, request=request))
        return StreamingResponse(stream, media_type="text/event-stream", headers={"cache-control": "no-store"})

    return router


def _position(text: str) -> int | None:
    """Where to go on; None: at what is new."""
    if not text:
        return None
    position = position_of(text)
    if position is None:
        raise UsageError(N_("events: expected the id of an event or the number of an entry"))
    return position
