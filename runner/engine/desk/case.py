"""One genuine statement being dealt with, inside the one transaction that records it and all it brings about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from runner.engine.desk.premises import Premises
from runner.engine.desk.refusals import SERVICE
from runner.engine.notifier import Notice
from runner.engine.plans import OpenPlan
from runner.model.document import JsonObject
from runner.model.log import About, ActorKind, Entry
from runner.model.people import Person
from runner.model.policy import Strength
from runner.model.request import RequestState
from runner.model.review import ReviewState
from runner.model.run import RunRecord
from runner.model.runbook import Risk
from runner.model.statement import SignedStatement, Statement, StatementKind
from runner.rules import policy
from runner.rules.duties import strength_of
from runner.rules.ruling import Facts
from runner.rules.statements import require_content
from runner.rules.tags import Tag
from runner.rules.terminals import AT_TERMINALS
from runner.store.fencing import FencedError
from runner.store.store import Transaction


@dataclass(frozen=True, slots=True)
class Case:
    """A statement with everything needed to deal with it."""

    premises: Premises
    transaction: Transaction
    signed: SignedStatement
    person: Person
    now: datetime
    """The present, read once."""

    @property
    def statement(self) -> Statement:
        """What was signed."""
        return self.signed.statement

    def require_content(self, subject: str, expected: JsonObject) -> None:
        """Refuse a statement that does not say exactly what the service would have written.

        Raises:
            SignatureError: naming the first field that differs.
        """
        require_content(self.statement, self.statement.kind, subject, expected)

    def require_policy(self, facts: Facts, used: frozenset[str] = frozenset()) -> None:
        """Refuse what law and policy forbid this person.

        Args:
            facts: about what is signed.
            used: terminals at which the other person has signed the same.

        Raises:
            RefusedError: with the rule and who could do it.
        """
        key = self.statement.key
        if self.statement.is_attested:
            mine = replace(facts, key="", strength=Strength.PASSWORD)
        else:
            mine = replace(facts, key=key, strength=strength_of(self.person, key))
        if self.statement.kind in AT_TERMINALS:
            mine = replace(mine, terminal=self.statement.terminal, funds=self._touches_funds(), terminals_used=used)
        policy.require(self.statement.kind, self.person.name, mine, self.premises.policy)

    def terminals_of(self, statements: Iterable[str]) -> frozenset[str]:
        """Terminals at which these statements were signed."""
        signed = (self.transaction.statements.get(each).signed.statement for each in statements)
        return frozenset(each.terminal for each in signed if each.terminal)

    def _touches_funds(self) -> bool:
        about = self.transaction.requests if self.statement.kind is StatementKind.START else self.transaction.runs
        return self.open_plan(about.get(self.statement.subject).plan).plan.runbook.touches_funds

    def record(self, tag: Tag, about: About, details: JsonObject | None = None) -> None:
        """Record the statement itself and the entry that it was made, with what it says and further details."""
        self.transaction.statements.put(self.signed, self.now)
        self.put_entry(tag, about, details)

    def put_entry(self, tag: Tag, about: About, details: JsonObject | None = None) -> None:
        """Put the entry that the statement was made, where the statement itself is recorded already."""
        payload: JsonObject = {"content": self.statement.content, **(details or {})}
        self._put(tag, replace(about, statement=self.signed.id), payload, ActorKind.PERSON, self.person.name)

    def note(self, tag: Tag, about: About, payload: JsonObject | None = None) -> None:
        """Put an entry about what the service does because of the statement."""
        about = about if about.statement else replace(about, statement=self.signed.id)
        self._put(tag, about, payload, ActorKind.SERVICE, SERVICE)

    def open_plan(self, digest: str) -> OpenPlan:
        """The plan of that digest, recomputed and expanded.

        Raises:
            NotFoundError: it was never made here.
        """
        return self.premises.plans.get(digest, self.transaction.plans)

    def claim(self, record: RunRecord) -> RunRecord:
        """The run, taken over from whoever worked on it, so that what they knew of it is out of date.

        Raises:
            RefusedError: somebody else has just claimed it.
        """
        claimed = self.transaction.runs.claim(record.id, record.epoch)
        if claimed is None:
            raise FencedError(record.id, record.epoch)
        return claimed

    def wake_after(self, run: str) -> None:
        """Wake a run once this case is committed."""
        self.transaction.after_commit(lambda: self.premises.runs.wake(run))

    def tell_after(self, number: str, state: RequestState | ReviewState) -> None:
        """Tell people outside of an emergency once this case is committed; on record (L12)."""
        notice = Notice(number, Risk.EMERGENCY, state, self.now, loud=True)
        self.transaction.after_commit(lambda: self.premises.runs.tell(notice))

    def _put(self, tag: Tag, about: About, payload: JsonObject | None, kind: ActorKind, actor: str) -> None:
        entry = Entry(tag, self.now, kind, actor, about, payload)
        self.transaction.inbox.put([self.premises.leaves.make(entry)])
