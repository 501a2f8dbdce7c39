"""The guard before every route: it looks at the table, and at who asks, before anything of a request is read."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Annotated, Final

from anyio.to_thread import run_sync
from fastapi import Depends, Request

from runner.errors import NotFoundError
from runner.model.access import Session
from runner.service.access.access import Access, Caller
from runner.service.permissions import Share, permission_of, share_of
from runner.words import N_

LOOK_AGAIN: Final = 10.0
"""Seconds after which it is looked again whether the session of a long answer is still good."""


SOURCE: Final = "source"
"""Where the server that took a request keeps from where its connection was made."""


def make_guard(access: Access) -> Callable[[Request], Awaitable[None]]:
    """The dependency that every route has."""

    async def guard(request: Request) -> None:
        route = request.scope["route"].path
        permission = permission_of(request.method, route)
        headers = request.headers.getlist("authorization")
        peer = peer_of(request)
        needed = bool(headers) or await run_sync(access.needs_session, permission)
        if needed:
            request.state.caller = await run_sync(access.admit, permission, headers, peer)
        else:
            request.state.caller = Caller(peer)
        if request.state.caller.vendor is not None and share_of(request.method, route) is Share.NONE:
            raise nothing_at(request)

    return guard


def nothing_at(request: Request) -> NotFoundError:
    """What is answered to whoever asks for a path that does not exist, or does not for them."""
    path = f"{request.method} {request.url.path}"[:200]
    return NotFoundError(N_("service: it has nothing at {path}"), path=path)


def peer_of(request: Request) -> str:
    """Where a request comes from, as the server that took it says."""
    return request.client.host if request.client is not None else "-"


def source_of(request: Request) -> str:
    """From where a request's connection was made, as the operating system says; empty when nothing proves it."""
    source = getattr(request.state, SOURCE, "")
    return source if isinstance(source, str) else ""


Source = Annotated[str, Depends(source_of)]
"""From where, as a parameter of a route."""


def caller_of(request: Request) -> Caller:
    """Who asks, as the guard has found."""
    caller = request.state.caller
    if not isinstance(caller, Caller):
        raise TypeError("the guard was not asked")
    return caller


Asker = Annotated[Caller, Depends(caller_of)]
"""Who asks, as a parameter of a route."""


async def while_open(
    chunks: AsyncGenerator[bytes, None], access: Access, session: Session, seconds: Callable[[], float]
) -> AsyncGenerator[bytes, None]:
    """An answer that goes on for as long as it may be followed under its session; nothing is sent afterwards.

    That nobody asks anything else meanwhile does not end it: who watches a run presses no key.
    """
    sessions = access.sessions
    looked, endings = seconds(), sessions.endings
    async with aclosing(chunks):
        async for chunk in chunks:
            if sessions.endings != endings or seconds() - looked >= LOOK_AGAIN:
                endings, looked = sessions.endings, seconds()
                if not await run_sync(sessions.may_follow, session):
                    return
            yield chunk
