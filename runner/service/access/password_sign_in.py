"""Signing in by password and code, and giving somebody their first ones.

Whoever is unknown, has no password, or gives a wrong password or code, is refused in the same words and after the same
time. A name waits after too many wrong ones, whether or not anybody has it.
"""

from __future__ import annotations

import base64
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import ceil
from typing import Final

from runner.engine.desk.premises import Premises
from runner.engine.desk.refusals import RefusalLog
from runner.engine.desk.upkeep import present_register
from runner.engine.journal import service_entry
from runner.errors import NotFoundError, RefusedError, SignInError, UsageError
from runner.model.access import Credential, Session, SessionEnd
from runner.model.log import About, ActorKind, Entry
from runner.model.policy import SessionTerms, Strength
from runner.rules.passwords import LONGEST, is_change_due, is_first_over, remembered, require_new_password, wait_after
from runner.rules.ruling import Ruling
from runner.rules.tags import Tag
from runner.service.access import codes
from runner.service.access.directory import barred, standing
from runner.service.access.hashing import Hasher
from runner.service.access.key_sign_in import may_not_act, refused
from runner.service.access.limits import Buckets, Rate, too_often
from runner.service.access.sealing import Sealer
from runner.service.access.sessions import Proof, Sessions
from runner.store.store import Transaction
from runner.wire.api_access import PASSWORD_DUE, Authenticator, FirstPassword, PasswordSignIn
from runner.words import N_

_LONGEST_NAME: Final = 128
_STRANGERS: Final = 1024
_FIRST_BYTES: Final = 15
_HALF: Final = "half of a first password"


@dataclass(frozen=True, slots=True)
class Kept:
    """How passwords and secrets are kept."""

    hasher: Hasher
    sealer: Sealer


@dataclass(frozen=True, slots=True)
class FirstCredential:
    """What a person is handed, once."""

    password: str = field(repr=False)
    """Good for one sign-in, which must change it."""
    address: str = field(repr=False)
    """For the authenticator: an `otpauth:` address."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A first credential that has cost its time and is not yet anybody's."""

    person: str
    first: FirstCredential
    hash: str = field(repr=False)
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A name nobody has, as if somebody had it."""

    failures: int
    until: datetime | None


class PasswordSignIns:
    """Checks passwords and codes. Its work takes a processor for a while: call it where that disturbs nobody."""

    def __init__(self, premises: Premises, sessions: Sessions, refusals: RefusalLog, kept: Kept, rate: Rate) -> None:
        self._premises = premises
        self._sessions = sessions
        self._refusals = refusals
        self._hasher = kept.hasher
        self._sealer = kept.sealer
        self._tries = Buckets(rate, premises.clock)
        self._lock = threading.Lock()
        self._strangers: OrderedDict[str, _Waiting] = OrderedDict()

    @property
    def _terms(self) -> SessionTerms:
        return self._premises.policy.sessions

    def sign_in(self, asked: PasswordSignIn, peer: str) -> tuple[Session, str]:
        """Begin a session for whoever knows password and code; it and its token.

        Raises:
            UsageError: something is too long.
            SignInError: one of the three is wrong, or a new password has to be given.
            TooOftenError: the name waits, after wrong ones.
            RefusedError: the new password will not do, or this person may not sign in.
        """
        now = self._premises.clock.now()
        credential, step = self._checked(asked, peer, now)
        renewed = self._renewed(credential, asked, now)
        proof = Proof(credential.person, Strength.PASSWORD, "", peer)
        with self._premises.store.writing() as transaction:
            if self._is_unchanged(transaction, credential) and transaction.credentials.use_step(proof.person, step):
                transaction.credentials.put(replace(renewed, last_step=step, failures=0, locked_until=None))
                if asked.new_password:
                    self._record_change(transaction, proof.person, now)
                return self._sessions.open(transaction, proof, now)
        raise self._wrong(credential, asked.person, peer, now)

    def confirm(self, asked: PasswordSignIn, peer: str) -> None:
        """Make sure that somebody who signs knows password and code; the code is used up. Raises as `sign_in`."""
        now = self._premises.clock.now()
        credential, step = self._checked(asked, peer, now)
        renewed = self._renewed(credential, replace(asked, new_password=""), now)
        with self._premises.store.writing() as transaction:
            if self._is_unchanged(transaction, credential) and transaction.credentials.use_step(asked.person, step):
                transaction.credentials.put(replace(renewed, last_step=step, failures=0, locked_until=None))
                return
        raise self._wrong(credential, asked.person, peer, now)

    def authenticator(self, asked: FirstPassword, peer: str) -> Authenticator:
        """The authenticator that goes with a first password, for whoever knows that; until it is changed.

        Raises:
            UsageError: something is too long.
            SignInError: it is nobody's first password.
            TooOftenError: the name waits, after wrong ones.
            RefusedError: this person may not sign in.
        """
        now = self._premises.clock.now()
        credential = self._at_door(asked.person, asked.password, now)
        is_right = self._hasher.is_right(asked.password, credential.password if credential else "")
        if credential is None or not is_right or not credential.must_change or is_first_over(credential, now):
            raise self._wrong(credential, asked.person, peer, now)
        self._require_active(credential.person, peer, now)
        secret = self._sealer.open(credential.secret, credential.person).decode()
        return Authenticator(codes.address(secret, credential.person, self._premises.site.name))

    def half(self, statement: str) -> str:
        """Half of a first password: known to whoever signed the statement, and to the key file."""
        return base64.b32encode(self._sealer.derive(_HALF, statement)[:_FIRST_BYTES]).decode().lower()

    def prepared(self, person: str, application: str, approval: str) -> Callable[[Transaction, str], str]:
        """As `prepare`, with the halves of two statements as password; what is returned gives it, by somebody."""
        second = self.half(approval)
        prepared = self.prepare(person, f"{self.half(application)}-{second}")

        def give(transaction: Transaction, by: str) -> str:
            self.reset(transaction, prepared, by)
            return second

        return give

    def prepare(self, person: str, password: str = "") -> Prepared:
        """A first password and a new authenticator for a person, made before the transaction that gives them."""
        password = password or base64.b32encode(secrets.token_bytes(_FIRST_BYTES)).decode().lower()
        secret = codes.new_secret()
        first = FirstCredential(password, codes.address(secret, person, self._premises.site.name))
        return Prepared(person, first, self._hasher.hash(password), self._sealer.seal(secret.encode(), person))

    def reset(self, transaction: Transaction, prepared: Prepared, by: str) -> FirstCredential:
        """Give a person what was prepared in place of what they had, and end their sessions; on record.

        Args:
            transaction: what it is part of.
            prepared: what they get.
            by: who decided it.

        Raises:
            NotFoundError: there is nobody of that name.
        """
        person = prepared.person
        if standing(self._premises.register.of(transaction), person) is None:
            raise NotFoundError(N_('person "{name}" does not exist'), name=person)
        now = self._premises.clock.now()
        before = transaction.credentials.find(person)
        history = remembered(before, self._terms) if before else ()
        transaction.credentials.put(
            Credential(person, prepared.hash, now, history, must_change=True, secret=prepared.sealed)
        )
        self._sessions.end_all_in(transaction, person, SessionEnd.CREDENTIAL)
        entry = service_entry(Tag.CREDENTIAL_RESET, About(), now, {"person": person, "by": by})
        transaction.inbox.put([self._premises.leaves.make(entry)])
        return prepared.first

    def _at_door(self, person: str, password: str, now: datetime, new: str = "") -> Credential | None:
        """What is kept of who says to be somebody, once they need not wait."""
        if len(person) > _LONGEST_NAME or max(len(password), len(new)) > LONGEST:
            raise UsageError(
                N_("sign-in: a name of at most {name} and passwords of at most {password} characters"),
                name=_LONGEST_NAME,
                password=LONGEST,
            )
        self._tries.take(person)
        credential = self._find(person)
        self._require_no_wait(credential, person, now)
        return credential

    def _checked(self, asked: PasswordSignIn, peer: str, now: datetime) -> tuple[Credential, int]:
        """Whose password and code it is, and the time step of the code, not yet used up; raises as `sign_in`."""
        credential = self._at_door(asked.person, asked.password, now, asked.new_password)
        is_right = self._hasher.is_right(asked.password, credential.password if credential else "")
        step = self._step_of(credential, asked.code, now)
        if credential is None or not is_right or step is None or is_first_over(credential, now):
            raise self._wrong(credential, asked.person, peer, now)
        self._require_active(credential.person, peer, now)
        return credential, step

    def _require_active(self, person: str, peer: str, now: datetime) -> None:
        if (ruling := self._barred(person, now)) is not None:
            raise may_not_act(self._premises, person, peer, ruling)

    def _find(self, person: str) -> Credential | None:
        with self._premises.store.reading() as transaction:
            return transaction.credentials.find(person)

    def _barred(self, person: str, now: datetime) -> Ruling | None:
        with self._premises.store.reading() as transaction:
            return barred(present_register(self._premises, transaction), person, now)

    def _step_of(self, credential: Credential | None, code: str, now: datetime) -> int | None:
        if credential is None:
            return None
        secret = self._sealer.open(credential.secret, credential.person).decode()
        step = codes.step_of(code, secret, now)
        return None if step is None or step <= credential.last_step else step

    def _renewed(self, credential: Credential, asked: PasswordSignIn, now: datetime) -> Credential:
        """The credential as it is kept from now on: with the new password, or the old one by today's parameters.

        Raises:
            SignInError: a new password is due and none was given.
            RefusedError: the one given will not do.
        """
        new = asked.new_password
        if new:
            require_new_password(new, credential.person, self._terms)
            kept = remembered(credential, self._terms)
            if any(self._hasher.is_right(new, one) for one in kept):
                raise RefusedError(N_("new password: it was used before"), rule="access:password-used")
            return replace(credential, password=self._hasher.hash(new), changed_at=now, history=kept, must_change=False)
        if is_change_due(credential, self._terms, now):
            raise SignInError(
                N_("sign-in: the password must be changed"),
                rule=PASSWORD_DUE,
                hint=N_("sign in again with a new one: twokey login --new-password-file FILE"),
            )
        if self._hasher.is_outdated(credential.password):
            return replace(credential, password=self._hasher.hash(asked.password))
        return credential

    def _is_unchanged(self, transaction: Transaction, credential: Credential) -> bool:
        """Whether nobody has given the person another one while this one was being looked at."""
        found = transaction.credentials.find(credential.person)
        return found is not None and found.password == credential.password

    def _record_change(self, transaction: Transaction, person: str, now: datetime) -> None:
        self._sessions.end_all_in(transaction, person, SessionEnd.CREDENTIAL)
        entry = Entry(Tag.CREDENTIAL_CHANGED, now, ActorKind.PERSON, person, About())
        transaction.inbox.put([self._premises.leaves.make(entry)])

    def _require_no_wait(self, credential: Credential | None, name: str, now: datetime) -> None:
        until = credential.locked_until if credential else self._stranger(name).until
        if until is not None and until > now:
            self._refusals.nobody_known()
            raise too_often(ceil((until - now).total_seconds()))

    def _wrong(self, credential: Credential | None, name: str, peer: str, now: datetime) -> SignInError:
        """Count a wrong password or code, and the one refusal there is for all of them."""
        if credential is None:
            self._count_stranger(name, now)
            self._refusals.nobody_known()
        else:
            self._count(credential.person, now)
            refused(self._premises, credential.person, "access:wrong", peer)
        return SignInError(
            N_("sign-in: person, password or code is wrong"),
            rule="access:wrong",
            hint=N_("a code is good once; wait for the next one"),
        )

    def _count(self, person: str, now: datetime) -> None:
        with self._premises.store.writing() as transaction:
            credential = transaction.credentials.find(person)
            if credential is not None:
                failures = credential.failures + 1
                wait = wait_after(failures, self._terms)
                until = None if wait is None else now + wait
                transaction.credentials.put(replace(credential, failures=failures, locked_until=until))

    def _stranger(self, name: str) -> _Waiting:
        with self._lock:
            return self._strangers.get(name, _Waiting(0, None))

    def _count_stranger(self, name: str, now: datetime) -> None:
        failures = self._stranger(name).failures + 1
        wait = wait_after(failures, self._terms)
        with self._lock:
            self._strangers[name] = _Waiting(failures, None if wait is None else now + wait)
            self._strangers.move_to_end(name)
            while len(self._strangers) > _STRANGERS:
                self._strangers.popitem(last=False)
