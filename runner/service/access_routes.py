"""Routes of signing in and out, and of one's own sessions."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, FastAPI
from starlette.responses import Response

from runner.errors import SignInError
from runner.model.access import Session, SessionEnd
from runner.service.access.access import Caller
from runner.service.access.confirming import Confirming
from runner.service.access.guard import Asker, Source
from runner.service.bodies import answer, kept_nowhere, read_value, small_body
from runner.service.parts import Service
from runner.wire import api
from runner.wire.api_access import (
    NO_SESSION,
    ChallengeAsked,
    FirstPassword,
    KeySignIn,
    PasswordSignIn,
    SessionList,
    SessionShown,
    SignedIn,
    SignedOut,
    SignOutAsked,
)
from runner.wire.api_request import Confirmed
from runner.words import N_

Body = Annotated[bytes, Depends(small_body)]


def add_routes(app: FastAPI, service: Service) -> None:
    """Add the routes."""
    access = service.access
    sessions = access.sessions
    confirming = Confirming(service.premises, access.passwords, service.desk)

    @app.post(api.SIGN_IN_CHALLENGE)
    def challenge(body: Body, caller: Asker) -> Response:
        access.take_turn(caller.peer)
        return answer(access.keys.challenge(read_value(ChallengeAsked, body), caller.peer))

    @app.post(api.SIGN_IN)
    def sign_in(body: Body, caller: Asker) -> Response:
        access.take_turn(caller.peer)
        return _begun(service, *access.keys.sign_in(read_value(KeySignIn, body), caller.peer))

    @app.post(api.SIGN_IN_PASSWORD)
    async def sign_in_by_password(body: Body, caller: Asker) -> Response:
        access.take_turn(caller.peer)
        asked = read_value(PasswordSignIn, body)
        session, token = await access.slots.run(asked.person, lambda: access.passwords.sign_in(asked, caller.peer))
        return _begun(service, session, token)

    @app.post(api.SIGN_IN_AUTHENTICATOR)
    async def authenticator(body: Body, caller: Asker) -> Response:
        access.take_turn(caller.peer)
        asked = read_value(FirstPassword, body)
        shown = await access.slots.run(asked.person, lambda: access.passwords.authenticator(asked, caller.peer))
        return kept_nowhere(answer(shown))

    @app.post(api.CONFIRMED)
    async def confirm(body: Body, caller: Asker, source: Source) -> Response:
        session = _session_of(caller)
        access.take_turn(caller.peer)
        asked = read_value(Confirmed, body)
        person = confirming.statement(asked).person
        return answer(await access.slots.run(person, lambda: confirming.confirm(asked, session, source)))

    @app.post(api.SIGN_OUT)
    def sign_out(body: Body, caller: Asker) -> Response:
        session = _session_of(caller)
        if read_value(SignOutAsked, body).everywhere:
            ended = sessions.end_all(session.person, SessionEnd.SIGNED_OUT)
        else:
            ended = (sessions.end(session.person, session.id),)
        return answer(SignedOut(tuple(one.id for one in ended)))

    @app.get(api.SESSIONS)
    def own_sessions(caller: Asker) -> Response:
        asking = _session_of(caller)
        return answer(SessionList(tuple(_shown(one, asking) for one in sessions.of(asking.person))))

    @app.delete(api.SESSIONS + "/{session}")
    def end_session(session: str, caller: Asker) -> Response:
        return answer(SignedOut((sessions.end(_session_of(caller).person, session).id,)))


def _begun(service: Service, session: Session, token: str) -> Response:
    idle = int(service.access.sessions.terms.idle)
    origin = service.premises.site.origin
    begun = SignedIn(session.person, session.id, token, session.strength, session.until, idle, origin)
    return kept_nowhere(answer(begun))


def _session_of(caller: Caller) -> Session:
    """The session of who asks; the guard lets nobody without one come this far."""
    if caller.session is None:
        raise SignInError(N_("nobody has signed in, and this is shown only to who has"), rule=NO_SESSION)
    return caller.session


def _shown(session: Session, asking: Session) -> SessionShown:
    return SessionShown(
        id=session.id,
        strength=session.strength,
        credential=session.credential,
        peer=session.peer,
        created=session.created,
        last_seen=session.last_seen,
        until=session.until,
        this=session.id == asking.id,
    )
