"""What there is for who asks: for somebody of a vendor what their grant lists, for everybody else all of it.

What is not there for them is answered in the words for what does not exist, so that nobody learns that it does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from runner.engine.desk.facts import groups_of
from runner.engine.desk.premises import Premises
from runner.model.request import Publication, Request
from runner.model.run import RunRecord
from runner.model.statement import RecordedStatement
from runner.rules.seeing import is_listed, is_within
from runner.service.access.access import Caller
from runner.store.publications import no_plan, no_publication
from runner.store.requests import no_request
from runner.store.runs import no_run
from runner.store.statements import no_statement
from runner.store.store import Transaction
from runner.wire.api_request import Act

Row = TypeVar("Row")


class Sight:
    """What somebody sees in one transaction."""

    def __init__(self, premises: Premises, transaction: Transaction, caller: Caller) -> None:
        self._premises: Final = premises
        self._transaction: Final = transaction
        self._person: Final = caller.person
        self._vendor: Final = caller.vendor

    @property
    def is_bounded(self) -> bool:
        """Whether there is less for them than there is."""
        return self._vendor is not None

    def person(self, name: str) -> bool:
        """Whether somebody's entry is there for them; for a vendor's people their own alone."""
        return self._vendor is None or name == self._person

    def runbook(self, runbook: str) -> bool:
        """Whether a runbook and its content are."""
        return is_listed(self._vendor, runbook)

    def plan(self, digest: str) -> bool:
        """Whether a plan is; it must exist."""
        if self._vendor is None:
            return True
        plan = self._premises.plans.get(digest, self._transaction.plans).plan
        return is_within(self._vendor, plan.runbook.id, groups_of(plan))

    def request(self, request: Request) -> bool:
        """Whether a request is."""
        return self.runbook(request.runbook_id) and self.plan(request.plan)

    def run(self, record: RunRecord) -> bool:
        """Whether a run is."""
        return self.plan(record.plan)

    def act(self, act: Act) -> bool:
        """Whether a signature that is waited for is: one of their own, about a run or a request that is."""
        if self._vendor is None:
            return True
        return self._person in act.people and self._subject(act.run or act.request)

    def statement(self, statement: RecordedStatement) -> bool:
        """Whether a statement is: one of their own, or about something that is."""
        signed = statement.signed.statement
        return self._vendor is None or signed.person == self._person or self._subject(signed.subject)

    def require_publication(self, digest: str) -> Publication:
        """The publication of that content digest.

        Raises:
            NotFoundError: there is none, or not for them.
        """
        publication = self._transaction.publications.get(digest)
        if not self.runbook(publication.runbook_id):
            raise no_publication(digest)
        return publication

    def require_plan(self, digest: str) -> None:
        """Refuse a plan that does not exist, or not for them.

        Raises:
            NotFoundError: so it is.
        """
        self._transaction.plans.get(digest)
        if not self.plan(digest):
            raise no_plan(digest)

    def require_request(self, number: str) -> None:
        """Refuse a request that does not exist, or not for them.

        Raises:
            NotFoundError: so it is.
        """
        if not self.request(self._transaction.requests.get(number)):
            raise no_request(number)

    def require_run(self, run: str) -> None:
        """Refuse a run that does not exist, or not for them.

        Raises:
            NotFoundError: so it is.
        """
        if not self.run(self._transaction.runs.get(run)):
            raise no_run(run)

    def require_statement(self, statement: str) -> RecordedStatement:
        """The statement of that id.

        Raises:
            NotFoundError: there is none, or not for them.
        """
        found = self._transaction.statements.get(statement)
        if not self.statement(found):
            raise no_statement(statement)
        return found

    def _subject(self, subject: str) -> bool:
        """Whether what a statement is about is there for them; what is none of these things never is."""
        found = self._transaction
        if (request := found.requests.find(subject)) is not None:
            return self.request(request)
        if (record := found.runs.find(subject)) is not None:
            return self.run(record)
        if (publication := found.publications.find(subject)) is not None:
            return self.runbook(publication.runbook_id)
        return found.plans.find(subject) is not None and self.plan(subject)


def seen_page(
    fetch: Callable[[int, str | None], tuple[Row, ...]],
    sees: Callable[[Row], bool],
    name: Callable[[Row], str],
    limit: int,
    before: str | None,
) -> tuple[Row, ...]:
    """The next rows somebody sees, one more than a page holds where there are as many.

    Args:
        fetch: rows after a row of that name, as many at most.
        sees: whether a row is there for them.
        name: of a row.
        limit: rows of the page.
        before: name of the last row of the page before.
    """
    seen: list[Row] = []
    while len(seen) <= limit:
        rows = fetch(limit + 1, before)
        seen += filter(sees, rows)
        if len(rows) <= limit:
            break
        before = name(rows[-1])
    return tuple(seen[: limit + 1])
