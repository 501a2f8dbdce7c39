"""Who asks: the parts of signing in put together, and the decision whether a path may be asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runner.engine.desk.premises import Premises
from runner.engine.desk.refusals import RefusalLog
from runner.errors import SignInError
from runner.model.access import Session
from runner.model.people import Vendor
from runner.model.policy import Reading
from runner.rules.seeing import vendors_in
from runner.service.access.hashing import Hasher, Parameters, Slots, tuned
from runner.service.access.key_sign_in import KeySignIns
from runner.service.access.limits import USUAL, Buckets, Rates
from runner.service.access.password_sign_in import Kept, PasswordSignIns
from runner.service.access.query_log import QueryLog
from runner.service.access.sealing import Sealer
from runner.service.access.sessions import Sessions
from runner.service.access.tuning import noting
from runner.service.permissions import Permission
from runner.wire.api_access import NO_SESSION
from runner.words import N_

_BEARER: Final = re.compile(r"bearer +(?P<token>\S+)", re.IGNORECASE)
_NEEDS_NO_SESSION: Final = frozenset({Permission.PUBLIC, Permission.STATEMENT})


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks for something."""

    peer: str
    """Where they are; identifies nobody."""
    session: Session | None = None
    vendor: Vendor | None = None
    """What their grant lists, where they are of a vendor; they see nothing else."""

    @property
    def person(self) -> str:
        """Who has signed in; empty: nobody."""
        return "" if self.session is None else self.session.person


class Access:
    """The door of the service."""

    def __init__(
        self, premises: Premises, state: Path, tune: Callable[[], Parameters] = tuned, rates: Rates = USUAL
    ) -> None:
        """Put the door together.

        Args:
            premises: what the service works with.
            state: the state directory, for the key that seals secrets.
            tune: finds out how expensive a password may be, when the first one is set.
            rates: how often one may knock.
        """
        self._premises = premises
        self._refusals = RefusalLog(premises)
        self._peers = Buckets(rates.peer, premises.clock)
        self.sessions = Sessions(premises)
        self.queries = QueryLog(premises)
        """Who has asked what."""
        self.keys = KeySignIns(premises, self.sessions, self._refusals, rates.person)
        kept = Kept(Hasher(premises.store, tune, noting(premises.leaves, premises.clock)), Sealer(state))
        self.passwords = PasswordSignIns(premises, self.sessions, self._refusals, kept, rates.passwords)
        self.slots = Slots()
        """Where passwords are worked on."""

    def stop(self) -> None:
        """Let go of threads, and write down what was only counted."""
        self.slots.stop()
        self._refusals.flush()
        self.queries.flush()

    def take_turn(self, peer: str) -> None:
        """Count a sign-in, or a wish for one, of a peer.

        Raises:
            TooOftenError: there were too many.
        """
        self._peers.take(peer)

    def needs_session(self, permission: Permission) -> bool:
        """Whether a path with that permission is refused to whoever has not signed in.

        Where somebody of a vendor is enrolled nobody reads without a session, whatever policy says: they would see
        without one what they do not see in theirs.
        """
        if permission in _NEEDS_NO_SESSION:
            return False
        if permission is Permission.SELF or self._premises.policy.reading is not Reading.ADMITTED:
            return True
        with self._premises.store.reading() as transaction:
            return bool(vendors_in(self._premises.register.of(transaction)))

    def admit(self, permission: Permission, authorizations: Sequence[str], peer: str) -> Caller:
        """Decide whether a path may be asked for; whoever asks.

        A session that is named must be good wherever one is looked at, also where none is needed.

        Args:
            permission: what the path needs.
            authorizations: `Authorization` headers of the request.
            peer: where it comes from.

        Raises:
            SignInError: a session is needed and none is named, or the one that is named is not good.
        """
        if permission in _NEEDS_NO_SESSION:
            return Caller(peer)
        try:
            if not authorizations:
                self._require_no_session_needed(permission)
                return Caller(peer)
            session = self.sessions.require(_token_of(authorizations))
            return Caller(peer, session, self._vendor_of(session.person))
        except SignInError:
            self._refusals.nobody_known()
            raise

    def _vendor_of(self, name: str) -> Vendor | None:
        with self._premises.store.reading() as transaction:
            return self._premises.register.of(transaction).people[name].vendor

    def _require_no_session_needed(self, permission: Permission) -> None:
        if self.needs_session(permission):
            raise SignInError(
                N_("nobody has signed in, and this is shown only to who has"),
                rule=NO_SESSION,
                hint=N_("sign in: twokey login"),
            )


def _token_of(authorizations: Sequence[str]) -> str:
    match = _BEARER.fullmatch(authorizations[0]) if len(authorizations) == 1 else None
    if match is None:
        raise SignInError(
            N_("session: expected one header, Authorization: Bearer TOKEN"),
            rule=NO_SESSION,
            hint=N_("sign in: twokey login"),
        )
    return match["token"]
