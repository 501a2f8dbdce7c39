"""Signing in by key: a challenge, and the key's signature over it."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from runner.engine.desk.premises import Premises
from runner.engine.desk.refusals import RefusalLog
from runner.engine.desk.upkeep import present_register
from runner.engine.journal import service_entry
from runner.errors import RefusedError, SignatureError, SignInError, StorageError, UsageError
from runner.model.access import Session, SignInClaim
from runner.model.log import About
from runner.model.policy import Strength
from runner.proof.sign_in import verify_sign_in
from runner.proof.sshsig import SshSignature
from runner.proof.statement import parse_statement
from runner.rules.ruling import Ruling
from runner.rules.tags import Tag
from runner.service.access.challenges import Challenges
from runner.service.access.directory import barred, who_has_key
from runner.service.access.limits import Buckets, Rate
from runner.service.access.sessions import Proof, Sessions
from runner.wire.api_access import MOST_KEYS, Challenge, ChallengeAsked, KeySignIn
from runner.wire.documents import from_document
from runner.words import N_

_log = logging.getLogger(__name__)

_CLOCKS_APART: Final = timedelta(minutes=10)
_LONGEST_NAME: Final = 128


class KeySignIns:
    """Gives challenges and takes their answers."""

    def __init__(self, premises: Premises, sessions: Sessions, refusals: RefusalLog, rate: Rate) -> None:
        self._premises = premises
        self._sessions = sessions
        self._refusals = refusals
        self._challenges = Challenges(premises.clock)
        self._persons = Buckets(rate, premises.clock)

    def challenge(self, asked: ChallengeAsked, peer: str) -> Challenge:
        """A challenge for a name, whoever has it, or for the holder of one of the keys offered.

        Raises:
            UsageError: neither, both, or too much is named.
            TooOftenError: too many challenges wait for their answer.
        """
        if bool(asked.person) == bool(asked.keys):
            raise UsageError(N_("sign-in: expected the name of a person, or keys"))
        if len(asked.person) > _LONGEST_NAME or len(asked.keys) > MOST_KEYS:
            raise UsageError(N_("sign-in: expected at most {most} keys, and a name"), most=MOST_KEYS)
        person, key = (asked.person, "") if asked.person else self._holder_of(asked.keys)
        given = self._challenges.give(person, peer)
        return Challenge(given.nonce, given.until, self._premises.site.origin, person, key)

    def sign_in(self, answer: KeySignIn, peer: str) -> tuple[Session, str]:
        """Begin a session for whose key has signed; it and its token.

        Raises:
            UsageError: it is no claim.
            SignInError: it was not signed by this person's key, or the challenge is not good.
            RefusedError: this person may not sign in.
        """
        data = answer.statement.encode("utf-8", errors="surrogatepass")
        claim = from_document(SignInClaim, parse_statement(data))
        try:
            signature = self._verified(claim, answer.signature, data, peer)
        except (SignInError, SignatureError):
            self._refusals.nobody_known()
            raise
        self._persons.take(claim.person)
        now = self._premises.clock.now()
        strength = Strength.TOUCH if signature.key.is_fido else Strength.KEY
        with self._premises.store.writing() as transaction:
            ruling = barred(present_register(self._premises, transaction), claim.person, now)
            if ruling is None:
                return self._sessions.open(transaction, Proof(claim.person, strength, claim.key, peer), now)
        raise may_not_act(self._premises, claim.person, peer, ruling)

    def _holder_of(self, keys: tuple[str, ...]) -> tuple[str, str]:
        now = self._premises.clock.now()
        with self._premises.store.reading() as transaction:
            for key in keys:
                if person := who_has_key(self._premises.register.of(transaction), key[:_LONGEST_NAME], now):
                    return person, key
        return "", ""

    def _verified(self, claim: SignInClaim, armored: str, data: bytes, peer: str) -> SshSignature:
        if claim.origin != self._premises.site.origin:
            raise SignInError(
                N_("sign-in: it was made for {got}, this is {expected}"),
                rule="access:other-origin",
                got=claim.origin[:120],
                expected=self._premises.site.origin,
            )
        self._challenges.take(claim.nonce, claim.person, peer)
        now = self._premises.clock.now()
        if abs(claim.at - now) > _CLOCKS_APART:
            raise SignInError(
                N_("sign-in: the client's clock and the service's are more than ten minutes apart"),
                rule="access:other-time",
                hint=N_("set the clocks, then sign in again"),
            )
        signature = verify_sign_in(armored, data)
        with self._premises.store.reading() as transaction:
            holder = who_has_key(self._premises.register.of(transaction), signature.key.fingerprint, now)
        if holder is None or holder != claim.person or signature.key.fingerprint != claim.key:
            raise SignInError(
                N_("sign-in: the key {key} is not one that {person} may sign in with"),
                rule="access:unknown-key",
                key=claim.key[:80],
                person=claim.person[:80],
            )
        return signature


def may_not_act(premises: Premises, person: str, peer: str, ruling: Ruling) -> RefusedError:
    """The refusal of somebody who has shown who they are, and may not act; on record."""
    refused(premises, person, ruling.rule, peer)
    return RefusedError(ruling.message, rule=ruling.rule, hint=ruling.hint, **ruling.facts)


def refused(premises: Premises, person: str, rule: str, peer: str) -> None:
    """Record a sign-in that was refused in the name of somebody known; that it cannot be changes nothing."""
    payload = {"person": person, "rule": rule, "peer": peer}
    entry = service_entry(Tag.SESSION_REFUSED, About(), premises.clock.now(), {**payload})
    try:
        with premises.store.writing() as transaction:
            transaction.inbox.put([premises.leaves.make(entry)])
    except StorageError as error:
        _log.error("a refused sign-in could not be recorded: %s", error)
