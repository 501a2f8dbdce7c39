"""The service's door as a client sees it: signing in and out, and the sessions one has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from runner.client.connection import Connection
from runner.client.tokens import KeptToken, Tokens
from runner.errors import SignatureError
from runner.model.access import SignInClaim
from runner.model.time import Clock
from runner.proof.sign_in import NAMESPACE
from runner.proof.statement import statement_bytes
from runner.wire import api
from runner.wire.api_access import (
    Authenticator,
    Challenge,
    ChallengeAsked,
    FirstPassword,
    KeySignIn,
    PasswordSignIn,
    SessionList,
    SignedIn,
    SignedOut,
    SignOutAsked,
)
from runner.wire.api_request import Confirmed, Outcome
from runner.wire.documents import to_document
from runner.words import N_

if TYPE_CHECKING:
    from runner.client.signer import Signer


class Door:
    """Signs in and out. Methods raise the `RunnerError` the service raised."""

    def __init__(self, connection: Connection, socket: Path, tokens: Tokens) -> None:
        self._connection = connection
        self._socket = socket
        self._tokens = tokens

    def resume(self, origin: str) -> KeptToken | None:
        """Go on under the session that is kept for a service, if there is one."""
        kept = self._tokens.find(origin, self._socket)
        if kept is not None:
            self._use(origin, kept.token)
        return kept

    def challenge(self, keys: Sequence[str]) -> Challenge:
        """A challenge for the holder of one of these keys.

        Raises:
            SignatureError: none of them is anybody's who may sign in.
        """
        given = self._connection.post(Challenge, api.SIGN_IN_CHALLENGE, ChallengeAsked(keys=tuple(keys)))
        if not given.key:
            raise SignatureError(
                N_("none of your keys belongs to anybody who may sign in here"),
                rule="access:unknown-key",
                hint=N_("name your key with --key FILE"),
            )
        return given

    def sign_in_by_key(self, challenge: Challenge, origin: str, signer: Signer, clock: Clock) -> SignedIn:
        """Answer a challenge, and keep the session; arguments as `visit_by_key`."""
        return self._keep(self._answer(challenge, origin, signer, clock))

    def visit_by_key(self, challenge: Challenge, origin: str, signer: Signer, clock: Clock) -> None:
        """Answer a challenge for this connection alone: nothing is kept, and `leave` ends the session.

        Args:
            challenge: what the service gave.
            origin: the log this client means to sign in to; the service's word for it is not asked.
            signer: the key the challenge was found by.
            clock: what time it is.
        """
        begun = self._answer(challenge, origin, signer, clock)
        self._connection.use_token(begun.token, lambda: None)

    def leave(self) -> None:
        """End a visit's session."""
        self._connection.post(SignedOut, api.SIGN_OUT, SignOutAsked(everywhere=False))

    def _answer(self, challenge: Challenge, origin: str, signer: Signer, clock: Clock) -> SignedIn:
        claim = SignInClaim(origin, challenge.person, signer.fingerprint, challenge.nonce, clock.now())
        data = statement_bytes(to_document(claim))
        body = KeySignIn(data.decode(), signer.sign(NAMESPACE, data))
        return self._connection.post(SignedIn, api.SIGN_IN, body)

    def authenticator(self, asked: FirstPassword) -> Authenticator:
        """The authenticator that goes with a first password."""
        return self._connection.post(Authenticator, api.SIGN_IN_AUTHENTICATOR, asked)

    def sign_in_by_password(self, asked: PasswordSignIn) -> SignedIn:
        """Sign in with what a person knows and has, and keep the session."""
        return self._keep(self._connection.post(SignedIn, api.SIGN_IN_PASSWORD, asked))

    def confirm(self, confirmed: Confirmed) -> Outcome:
        """Have a statement of one's own attested, under one's session; raises what the desk says of it."""
        return self._connection.post(Outcome, api.CONFIRMED, confirmed)

    def sign_out(self, origin: str, *, everywhere: bool) -> SignedOut:
        """End this session, or all of the person's, and keep none."""
        ended = self._connection.post(SignedOut, api.SIGN_OUT, SignOutAsked(everywhere))
        self._connection.use_token("", lambda: None)
        self._tokens.forget(origin)
        return ended

    def sessions(self) -> SessionList:
        """One's own sessions."""
        return self._connection.get(SessionList, api.SESSIONS)

    def end_session(self, session: str) -> SignedOut:
        """End one of them."""
        return self._connection.delete(SignedOut, api.session_path(session))

    def _keep(self, begun: SignedIn) -> SignedIn:
        self._tokens.keep(begun.origin, self._socket, begun.person, begun.token)
        self._use(begun.origin, begun.token)
        return begun

    def _use(self, origin: str, token: str) -> None:
        self._connection.use_token(token, lambda: self._tokens.forget(origin))
