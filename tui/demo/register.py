"""The demonstration's people: a few accounts, a few grants, and the real rules about them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from runner.errors import NotFoundError
from runner.model.grant import GRANTS, Grant, GrantKind, GrantRecord, GrantState, Leave, concerns, kind_of
from runner.model.log import About
from runner.model.people import Person, Register
from runner.model.policy import Policy
from runner.model.statement import StatementKind
from runner.model.time import Clock
from runner.proof.canonical import digest
from runner.rules.duties import roles_of
from runner.rules.granting import AT_ONCE, GRANT_RULES, require_lawful, require_stopped
from runner.rules.leaving import Matters, leaving
from runner.rules.oversight import Remark, remarks
from runner.rules.policy import require, who_may
from runner.rules.register import enter
from runner.rules.ruling import Facts
from runner.rules.staffing import prove
from runner.rules.tags import Tag
from runner.wire.api import Words
from runner.wire.api_people import (
    GrantPage,
    GrantShown,
    LeavingShown,
    PersonShown,
    PolicyShown,
    RegisterShown,
    Staffing,
    StaffingRow,
)
from runner.wire.api_request import Act, Outcome
from runner.wire.documents import from_document
from runner.wire.grant_rows import grant_row
from runner.words import N_
from tui.backend import Prepared
from tui.demo.log import DemoLog
from tui.demo.people import founded, history
from tui.demo.stage import ENVIRONMENT, POLICY, policy_source

_ACTS: Final = {
    GrantState.APPLIED: (StatementKind.GRANT, StatementKind.DENY, StatementKind.RETRACT),
    GrantState.GRANTED: (StatementKind.INSPECT,),
}
_TITLES: Final = {
    StatementKind.GRANT: N_("grant {number}, {grant} {person}: approve it"),
    StatementKind.DENY: N_("grant {number}, {grant} {person}: turn it down"),
    StatementKind.RETRACT: N_("grant {number}, {grant} {person}: take it back"),
    StatementKind.INSPECT: N_("grant {number}, {grant} {person}: inspect what came of it"),
}
_ENDS: Final = {
    StatementKind.DENY: (GrantState.REJECTED, Tag.GRANT_DENIED, N_("grant {number} is turned down")),
    StatementKind.RETRACT: (GrantState.WITHDRAWN, Tag.GRANT_RETRACTED, N_("grant {number} is taken back")),
}


class DemoRegister:
    """Everyone, the grants that made them so, and the signatures that change them."""

    def __init__(self, clock: Clock, log: DemoLog) -> None:
        self._clock = clock
        self._log = log
        self._register = founded()
        self._records: dict[str, GrantRecord] = {}
        for record in history(clock.now()):
            self._records[record.number] = record
            log.put(Tag.GRANT_APPLIED, record.applied_at, _about(record), None, record.applicant)
            if record.decided_at is not None:
                self._register = enter(self._register, record.grant, record.decided_at)

    @property
    def value(self) -> Register:
        """The register now."""
        return self._register

    def people(self) -> RegisterShown:
        self._log.require_reached()
        now = self._clock.now()
        uninspected = [each for each in self._records.values() if each.state is GrantState.GRANTED]
        return RegisterShown(
            at=now,
            people=tuple(_person(person, now) for person in self._register.people.values()),
            terminals=(),
            remarks=_words(remarks(self._register, POLICY, uninspected, now)),
        )

    def grants(self, person: str, before: str | None, limit: int) -> GrantPage:
        self._log.require_reached()
        found = [
            record
            for record in reversed(self._records.values())
            if person in ("", concerns(record.grant)) and (before is None or record.number < before)
        ]
        rows = tuple(grant_row(record) for record in found[:limit])
        return GrantPage(rows, rows[-1].number if len(found) > limit else None)

    def grant(self, number: str) -> GrantShown:
        self._log.require_reached()
        record = self._get(number)
        if not isinstance(record.grant, Leave):
            return GrantShown(grant_row(record), self._acts_of(record), ())
        shown = self._leaving(record.grant.person, record.decided_at)
        return GrantShown(grant_row(record), self._acts_of(record), shown.open, shown.ends)

    def leaving(self, person: str) -> LeavingShown:
        self._log.require_reached()
        return self._leaving(person, None)

    def _leaving(self, person: str, at: datetime | None) -> LeavingShown:
        found = leaving(self._register, person, Matters(), at or self._clock.now())
        return LeavingShown(person, _words(found.ends), _words(found.stays))

    def policy(self) -> PolicyShown:
        self._log.require_reached()
        source = policy_source()
        return PolicyShown(POLICY.name, source, digest(source.encode()), "", differs=False)

    def terms(self) -> Policy:
        self._log.require_reached()
        return POLICY

    def staffing(self) -> Staffing:
        self._log.require_reached()
        rows = []
        for proof in prove(self._facts(None), POLICY):
            team = proof.team
            names = (team.requester, *team.approvers, team.executor, team.confirmer) if team else ()
            rows.append(StaffingRow(proof.risk, proof.unit, team is not None, names, proof.missing))
        return Staffing(tuple(rows))

    def acts(self) -> tuple[Act, ...]:
        """The first act of each grant that is not closed."""
        return tuple(act for record in self._records.values() for act in self._acts_of(record)[:1])

    def hand_in(self, prepared: Prepared) -> Outcome:
        """Take a statement about a grant.

        Raises:
            RefusedError: by the law, the policy or the grant's state.
        """
        now, kind = self._clock.now(), prepared.kind
        record = self._applied(prepared, now) if kind is StatementKind.APPLY else self._get(prepared.subject)
        require(kind, prepared.key.person, self._facts(record, prepared.key.fingerprint), POLICY)
        if kind is StatementKind.APPLY:
            return self._apply(prepared, record, now)
        if kind is StatementKind.GRANT:
            return self._take_effect(prepared, replace(record, approver=prepared.key.person), now)
        if kind is StatementKind.INSPECT:
            inspected = replace(record, state=GrantState.CHECKED, inspector=prepared.key.person, inspected_at=now)
            message = N_("grant {number} is inspected and closed")
            return self._keep(prepared, inspected, Tag.GRANT_INSPECTED, message)
        state, tag, message = _ENDS[kind]
        ended = replace(record, state=state, approver=prepared.key.person, decided_at=now)
        return self._keep(prepared, ended, tag, message)

    def _applied(self, prepared: Prepared, now: datetime) -> GrantRecord:
        content = prepared.content
        terms = content.get("terms")
        kind = GRANTS[GrantKind(str(content.get("grant")))]
        grant: Grant = from_document(kind, terms if isinstance(terms, dict) else {})
        newest = max(self._records, default=f"SQ-{now.year}-0000")
        return GrantRecord(
            number=f"{newest[:-4]}{int(newest[-4:]) + 1:04}",
            grant=grant,
            reason=str(content["reason"]),
            state=GrantState.APPLIED,
            applicant=prepared.key.person,
            application="0" * 64,
            applied_at=now,
        )

    def _apply(self, prepared: Prepared, record: GrantRecord, now: datetime) -> Outcome:
        if kind_of(record.grant) in AT_ONCE:
            return self._take_effect(prepared, record, now)
        self._after(record.grant, now)
        message = N_("grant {number} is applied for and waits for another person's approval")
        return self._keep(prepared, record, Tag.GRANT_APPLIED, message)

    def _take_effect(self, prepared: Prepared, record: GrantRecord, now: datetime) -> Outcome:
        self._register = self._after(record.grant, now)
        granted = replace(record, state=GrantState.GRANTED, decided_at=now)
        if prepared.kind is StatementKind.GRANT:
            return self._keep(prepared, granted, Tag.GRANT_APPROVED, N_("grant {number} is in effect"))
        message = N_("grant {number} is in effect at once; another person must inspect it")
        return self._keep(prepared, granted, Tag.GRANT_APPLIED, message)

    def _after(self, grant: Grant, now: datetime) -> Register:
        """The register with a grant entered; raises what forbids it."""
        require_stopped(self._register, grant)
        after = enter(self._register, grant, now)
        require_lawful(after, grant, POLICY, now, ENVIRONMENT)
        return after

    def _keep(self, prepared: Prepared, record: GrantRecord, tag: Tag, message: str) -> Outcome:
        self._records[record.number] = record
        self._log.put(tag, self._clock.now(), _about(record), {"number": record.number}, prepared.key.person)
        acts = self._acts_of(record)
        return Outcome(
            statement="0" * 64,
            kind=prepared.kind,
            subject=record.number,
            state=record.state.value,
            complete=record.state is not GrantState.APPLIED,
            message=Words(message, {"number": record.number}),
            next=acts[0] if acts else None,
        )

    def _acts_of(self, record: GrantRecord) -> tuple[Act, ...]:
        facts = self._facts(record)
        about: dict[str, str | int | None] = {
            "number": record.number,
            "grant": kind_of(record.grant).value,
            "person": concerns(record.grant),
        }
        return tuple(
            Act(
                kind=kind,
                subject=record.number,
                title=Words(_TITLES[kind], about),
                people=who_may(kind, facts, POLICY),
                signed=(record.applicant,) if record.state is GrantState.APPLIED else (),
                since=record.decided_at or record.applied_at,
            )
            for kind in _ACTS.get(record.state, ())
        )

    def _get(self, number: str) -> GrantRecord:
        if number not in self._records:
            raise NotFoundError(N_("grant {number}: does not exist"), number=number)
        return self._records[number]

    def _facts(self, record: GrantRecord | None, key: str = "") -> Facts:
        return Facts(
            register=self._register,
            now=self._clock.now(),
            environment=ENVIRONMENT,
            production=True,
            key=key,
            grant=record,
        )


def _words(remarks: tuple[Remark, ...]) -> tuple[Words, ...]:
    return tuple(Words(each.message, {name: str(fact) for name, fact in each.facts.items()}) for each in remarks)


def is_about_people(kind: StatementKind) -> bool:
    """Whether statements of a kind are about grants."""
    return kind in GRANT_RULES


def _person(person: Person, now: datetime) -> PersonShown:
    posts = tuple(dict.fromkeys(each.post for each in person.posts(now)))
    return PersonShown(person, tuple(sorted(roles_of(person, POLICY, now, ENVIRONMENT))), posts)


def _about(record: GrantRecord) -> About:
    return About(request=record.number)
