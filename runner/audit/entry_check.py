"""Step 3 of the procedure for one entry after the other: its form, its payload, its statement, its attempt."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from runner.audit.statement_check import StatementBook
from runner.audit.steps import StepError
from runner.errors import VerificationError
from runner.model.log import ActorKind, LeafFields, LeafKeys, StoredLeaf
from runner.model.verdict import Note
from runner.proof.leaf import MAX_SALT, MIN_SALT, parse_leaf, payload_commitment
from runner.rules.tags import Tag
from runner.words import N_

_ENDS: Final = frozenset({Tag.ATTEMPT_ENDED, Tag.ATTEMPT_UNKNOWN, Tag.ATTEMPT_NEVER_BEGUN})
_OF_AN_ATTEMPT: Final = frozenset({Tag.ATTEMPT_INTENDED, Tag.ATTEMPT_BEGUN, *_ENDS})

_Slot = tuple[str, int | None, str, str]
"""Run, batch, step and role: where attempts are numbered."""


@dataclass(slots=True)
class _Attempt:
    events: int = 0
    is_ended: bool = False


class EntryCheck:
    """Checks entries in order, and keeps what later ones must agree with."""

    def __init__(self, statements: StatementBook) -> None:
        self._statements = statements
        self._attempts: dict[tuple[_Slot, int], _Attempt] = {}
        self._numbers: dict[_Slot, int] = {}
        self.count = 0
        """Entries checked."""
        self.remarks: list[Note] = []
        """What a reader should know though nothing is wrong with the log."""

    def check(self, stored: StoredLeaf, keys: LeafKeys | None = None) -> LeafFields:
        """Check the next entry (3.2 to 3.6).

        Args:
            stored: leaf, payload and salt.
            keys: what the entry is found by, where there is such an index.

        Returns:
            What the leaf says.

        Raises:
            StepError: with the number of the step that fails.
        """
        leaf = check_leaf(stored)
        if keys is not None:
            _require_keys(leaf, keys)
        about = leaf.about
        if about.statement:
            self._statements.require(about.statement, leaf.actor if leaf.actor_kind is ActorKind.PERSON else "")
        if about.attempt is not None and (about.event is not None or leaf.tag in _OF_AN_ATTEMPT):
            self._follow(leaf, about.attempt, stored.payload)
        self.count += 1
        return leaf

    def _follow(self, leaf: LeafFields, number: int, payload: bytes | None) -> None:
        about = leaf.about
        slot = (about.run, about.batch, about.step, about.role)
        if leaf.tag == Tag.ATTEMPT_INTENDED:
            self._intend(slot, number)
            return
        attempt = self._attempts.get((slot, number))
        if attempt is None:
            raise StepError(N_("attempt {attempt}: was never intended"), step="3.6", attempt=_name(slot, number))
        if attempt.is_ended:
            raise StepError(N_("attempt {attempt}: has ended before this"), step="3.6", attempt=_name(slot, number))
        if about.event is not None:
            if about.event != attempt.events + 1:
                raise StepError(
                    N_("attempt {attempt}: event number mismatch (got {got}, expected {expected})"),
                    step="3.6",
                    attempt=_name(slot, number),
                    got=about.event,
                    expected=attempt.events + 1,
                )
            attempt.events = about.event
        elif leaf.tag in _ENDS:
            attempt.is_ended = True
            self._remark_events(attempt, _name(slot, number), payload)

    def _intend(self, slot: _Slot, number: int) -> None:
        if number != self._numbers.get(slot, 0) + 1:
            raise StepError(
                N_("attempt {attempt}: number mismatch (got {got}, expected {expected})"),
                step="3.6",
                attempt=_name(slot, number),
                got=number,
                expected=self._numbers.get(slot, 0) + 1,
            )
        self._numbers[slot] = number
        self._attempts[slot, number] = _Attempt()

    def _remark_events(self, attempt: _Attempt, name: str, payload: bytes | None) -> None:
        """Remark on an end that tells of more events than the log holds: the shim's spool was damaged then."""
        try:
            told = json.loads(payload or b"{}")
        except ValueError:
            return
        events = told.get("events") if isinstance(told, dict) else None
        if isinstance(events, int) and events != attempt.events:
            self.remarks.append(
                Note(
                    N_("attempt {attempt}: it reported {told} events, the log holds {held}"),
                    {"attempt": name, "told": events, "held": attempt.events},
                )
            )


def check_leaf(stored: StoredLeaf) -> LeafFields:
    """Check the form of a leaf (3.2) and its payload (3.4).

    Raises:
        StepError: with the number of the step that fails.
    """
    try:
        leaf = parse_leaf(stored.leaf)
    except VerificationError as error:
        raise StepError.of("3.2", error) from error
    if leaf.payload is None:
        if stored.payload is not None or stored.salt is not None:
            raise StepError(N_("payload: there is one, the leaf says there is none"), step="3.4")
    elif stored.payload is None or stored.salt is None:
        raise StepError(N_("payload: is missing"), step="3.4")
    elif not MIN_SALT <= len(stored.salt) <= MAX_SALT:
        raise StepError(N_("payload: the salt has {got} bytes"), step="3.4", got=len(stored.salt))
    elif payload_commitment(stored.salt, stored.payload) != leaf.payload:
        raise StepError(N_("payload: does not fit the leaf's commitment"), step="3.4")
    return leaf


def _require_keys(leaf: LeafFields, keys: LeafKeys) -> None:
    """Refuse an entry that is found under a name its leaf does not have (3.3)."""
    about = leaf.about
    if keys == LeafKeys(leaf.tag, about.run, about.request, leaf.actor, leaf.occurred):
        return
    for field, got, expected in (
        ("tag", keys.tag, leaf.tag),
        ("run", keys.run, leaf.about.run),
        ("request", keys.request, leaf.about.request),
        ("actor", keys.actor, leaf.actor),
        ("occurred", keys.occurred.isoformat(), leaf.occurred.isoformat()),
    ):
        if got != expected:
            raise StepError(
                N_('found by "{field}": got {got}, expected {expected}'),
                step="3.3",
                field=field,
                got=got,
                expected=expected,
            )


def _name(slot: _Slot, number: int) -> str:
    run, batch, step, role = slot
    return f"{run}/{batch}/{step}.{role}/{number}"
