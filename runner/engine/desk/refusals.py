"""Refusals on record (L9): each of a known person's statements by itself, attempts of nobody known as a count.

The first attempt of nobody known is written at once, those of the following minute as one number.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from typing import Final

from runner.engine.desk.admission import Admitted, ForkError
from runner.engine.desk.premises import Premises
from runner.errors import RefusedError, StorageError
from runner.model.document import JsonObject
from runner.model.log import About, ActorKind, Entry
from runner.model.statement import Statement, StatementKind
from runner.model.time import to_rfc3339
from runner.rules.tags import Tag

_log = logging.getLogger(__name__)

COUNTED_FOR: Final = 60.0
"""Seconds whose attempts of nobody known are written as one number."""
SERVICE: Final = "twokey"
"""Name under which the service itself acts."""

_REQUEST_KINDS: Final = frozenset(
    {
        StatementKind.APPROVE,
        StatementKind.REJECT,
        StatementKind.WITHDRAW,
        StatementKind.REVOKE,
        StatementKind.START,
        StatementKind.GRANT,
        StatementKind.DENY,
        StatementKind.RETRACT,
        StatementKind.INSPECT,
    }
)
_RUN_KINDS: Final = frozenset(
    {
        StatementKind.CONFIRM,
        StatementKind.GATE,
        StatementKind.SHEET,
        StatementKind.PAUSE,
        StatementKind.ABORT,
        StatementKind.DECIDE,
        StatementKind.CLOSE,
        StatementKind.REVIEW,
    }
)


class RefusalLog:
    """Writes refusals; that they cannot be written never turns a refusal into something else."""

    def __init__(self, premises: Premises, counted_for: float = COUNTED_FOR) -> None:
        self._premises = premises
        self._counted_for = counted_for
        self._lock = threading.Lock()
        self._count = 0
        self._since: datetime | None = None
        self._timer: threading.Timer | None = None

    def refused(self, admitted: Admitted, error: RefusedError) -> None:
        """Record that a known person's statement was refused."""
        statement = admitted.signed.statement
        forked = isinstance(error, ForkError)
        entry = Entry(
            tag=Tag.LOG_FORKED if forked else Tag.STATEMENT_REFUSED,
            occurred=self._premises.clock.now(),
            actor_kind=ActorKind.PERSON,
            actor=admitted.person.name,
            about=about_statement(statement),
            payload={
                "kind": statement.kind.value,
                "subject": statement.subject[:200],
                "rule": error.rule,
                "message": error.message,
                "facts": {name: _plain(value) for name, value in error.facts.items()},
            },
        )
        self._write(entry)

    def nobody_known(self) -> None:
        """Count an attempt by nobody who may sign; the first in a while is written at once."""
        with self._lock:
            now = self._premises.clock.now()
            if self._since is not None:
                self._count += 1
                return
            self._since = now
            self._timer = threading.Timer(self._counted_for, self.flush)
            self._timer.daemon = True
            self._timer.start()
        self._write(self._counted(1, now, now))

    def flush(self) -> None:
        """Write what was counted."""
        with self._lock:
            count, since = self._count, self._since
            self._count, self._since = 0, None
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        if count and since is not None:
            self._write(self._counted(count, since, self._premises.clock.now()))

    def _counted(self, count: int, since: datetime, until: datetime) -> Entry:
        payload: JsonObject = {"count": count, "since": to_rfc3339(since), "until": to_rfc3339(until)}
        return Entry(Tag.ACCESS_REFUSED, until, ActorKind.SERVICE, SERVICE, About(), payload)

    def _write(self, entry: Entry) -> None:
        try:
            with self._premises.store.writing() as transaction:
                transaction.inbox.put([self._premises.leaves.make(entry)])
        except StorageError as error:
            _log.error("a refusal could not be recorded: %s", error)


def about_statement(statement: Statement) -> About:
    """What a statement that took no effect was about, as far as its kind says what its subject is."""
    subject = statement.subject[:120]
    if statement.kind in _RUN_KINDS:
        return About(run=subject, request=subject.rpartition("/")[0])
    if statement.kind in _REQUEST_KINDS:
        return About(request=subject)
    if statement.kind is StatementKind.PUBLISH:
        return About(content=subject)
    return About(plan=subject)


def _plain(value: str | float | None) -> str | int | None:
    return str(value) if isinstance(value, float) else value
