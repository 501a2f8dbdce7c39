"""Bringing what shims leave on disk into the log and the record: every event once, every end once.

An event's source is its attempt's key and its number, and the highest number imported is recorded in the same
transaction: what was imported before a crash is not imported again, and nothing is left out.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from runner.engine.crash import crash_point
from runner.engine.journal import Leaves, about_attempt, service_entry
from runner.engine.shim.folder import AttemptFolder
from runner.engine.shim.protocol import Message
from runner.engine.shim.spool import SpoolEvent, SpoolReader
from runner.errors import UsageError, VerificationError
from runner.model.document import JsonObject, JsonValue
from runner.model.holding import Shim
from runner.model.log import About, ActorKind, Entry, Leaf
from runner.model.order import Result
from runner.model.plan import Role
from runner.model.run import Attempt, AttemptKey, AttemptState, HostOutcome
from runner.model.time import Clock, to_rfc3339
from runner.rules.history import OPEN
from runner.rules.tags import Tag
from runner.store.store import Store, Transaction

_log = logging.getLogger(__name__)

_MOST_EVENTS = 500
"""Events in one transaction."""
_TAGS = {
    "held": Tag.ATTEMPT_HELD,
    "released": Tag.ATTEMPT_RELEASED,
    "probe": Tag.PROBE_RESULT,
    "probe_start": Tag.PROBE_RESULT,
    "probe_end": Tag.PROBE_RESULT,
}
_NO_OFFSET = timedelta(0)
_END_TAGS = {
    AttemptState.UNKNOWN: Tag.ATTEMPT_UNKNOWN,
    AttemptState.NEVER_BEGUN: Tag.ATTEMPT_NEVER_BEGUN,
}


@dataclass(eq=False)
class Followed:
    """An attempt whose shim is listened to."""

    key: AttemptKey
    request: str
    """Number of the run's request."""
    folder: AttemptFolder
    shim: Shim
    """Who carries it out."""
    reader: SpoolReader = field(init=False)
    is_recovered: bool = False
    """Whether it was found after a restart; then it may begin no more, unless it has."""
    is_begun: bool = False
    """Whether it is recorded as begun."""
    begin: Message | None = field(default=None, repr=False)
    """The word to begin it, secrets included; dropped as soon as it has been heeded."""

    def __post_init__(self) -> None:
        self.reader = SpoolReader(self.folder.spool)


class Importer:
    """Records what became of attempts."""

    def __init__(self, store: Store, leaves: Leaves, clock: Clock) -> None:
        self._store = store
        self._leaves = leaves
        self._clock = clock

    def begun(self, followed: Followed) -> None:
        """Record that an attempt has begun.

        Raises:
            StorageError: it cannot be recorded now.
        """
        if followed.is_begun:
            return
        now = self._clock.now()
        with self._store.writing() as transaction:
            attempt = transaction.attempts.get(followed.key)
            if attempt.state is AttemptState.INTENDED:
                self._save(transaction, replace(attempt, state=AttemptState.BEGUN, began_at=now))
                entry = service_entry(Tag.ATTEMPT_BEGUN, about_attempt(followed.key, followed.request), now)
                transaction.inbox.put(self._leaves.make_all([entry]))
        followed.is_begun = True
        crash_point("begun_recorded")

    def import_some(self, followed: Followed) -> bool:
        """Record the next events; whether there were any.

        Raises:
            StorageError: they cannot be recorded now; they will be read again.
        """
        mark = followed.reader.mark()
        events = self._read(followed)
        if not events:
            return False
        try:
            with self._store.writing() as transaction:
                self._put(transaction, followed, events)
        except BaseException:
            followed.reader.return_to(mark)
            raise
        crash_point("first_event")
        return True

    def ended(self, followed: Followed, result: Result) -> None:
        """Record the last events and the end of an attempt, together.

        Raises:
            StorageError: it cannot be recorded now; it can be tried again.
        """
        while followed.reader.number < result.events and self.import_some(followed):
            pass
        crash_point("last_event")
        with self._store.writing() as transaction:
            attempt = transaction.attempts.get(followed.key)
            if attempt.state not in OPEN:
                return
            self._end(transaction, followed, attempt, result)
            crash_point("result_seen")
        crash_point("result_committed")

    def never_begun(self, followed: Followed, reason: str) -> None:
        """Record that an attempt was proven not to have begun.

        Raises:
            StorageError: it cannot be recorded now; it can be tried again.
        """
        result = Result(followed.key, AttemptState.NEVER_BEGUN, self._clock.now(), {}, 0, reason=reason)
        self.ended(followed, result)

    def log_returned(self, since: datetime) -> None:
        """Record that the log could not be written for a while.

        Raises:
            StorageError: it still cannot.
        """
        now = self._clock.now()
        entry = service_entry(Tag.LOG_RETURNED, About(), now, {"since": to_rfc3339(since)})
        with self._store.writing() as transaction:
            transaction.inbox.put(self._leaves.make_all([entry]))

    def _read(self, followed: Followed) -> Sequence[SpoolEvent]:
        try:
            return followed.reader.read(_MOST_EVENTS)
        except VerificationError as error:
            _log.warning("attempt %s: %s", followed.key, error)
            return ()

    def _put(self, transaction: Transaction, followed: Followed, events: Sequence[SpoolEvent]) -> None:
        entries = [self._entry(followed, event) for event in events]
        transaction.inbox.put(self._make(entries))
        crash_point("mid_import")
        transaction.attempts.set_imported(followed.key, events[-1].number)

    def _make(self, entries: Sequence[Entry]) -> list[Leaf]:
        """Leaves of events; one that has no canonical form is recorded as such instead of stopping the others."""
        try:
            return self._leaves.make_all(entries)
        except UsageError:
            return [leaf for entry in entries for leaf in self._make_one(entry)]

    def _make_one(self, entry: Entry) -> list[Leaf]:
        try:
            return self._leaves.make_all([entry])
        except UsageError as error:
            return self._leaves.make_all([replace(entry, payload={"unreadable": str(error)})])

    def _entry(self, followed: Followed, event: SpoolEvent) -> Entry:
        host = event.body.get("host")
        return Entry(
            tag=_TAGS.get(str(event.body.get("event")), Tag.ANSIBLE_EVENT).value,
            occurred=self._instant(event.body.get("at")),
            actor_kind=ActorKind.SHIM,
            actor=followed.shim.id,
            about=about_attempt(
                followed.key, followed.request, event=event.number, host=host if isinstance(host, str) else ""
            ),
            payload=event.body,
            source=f"{followed.key}#{event.number}",
        )

    def _instant(self, text: JsonValue) -> datetime:
        """When an event says it happened; now when it does not say so."""
        try:
            instant = datetime.fromisoformat(str(text))
        except ValueError:
            return self._clock.now()
        return instant if instant.utcoffset() == _NO_OFFSET else self._clock.now()

    def _end(self, transaction: Transaction, followed: Followed, attempt: Attempt, result: Result) -> None:
        key = followed.key
        self._save(
            transaction,
            replace(
                attempt,
                state=result.state,
                ended_at=result.ended_at,
                outcomes=result.outcomes,
                settled=result.settled,
                reason=result.reason,
                imported=max(attempt.imported, followed.reader.number),
            ),
        )
        about = about_attempt(key, followed.request)
        tag = _END_TAGS.get(result.state, Tag.ATTEMPT_ENDED)
        entries = [service_entry(tag, about, result.ended_at, _told(result))]
        if result.outputs and result.state is AttemptState.SUCCEEDED and key.role is Role.DO:
            epoch = transaction.runs.get(key.run).epoch
            transaction.runs.put_outputs(key.run, epoch, key.batch, key.step, result.outputs)
            entries.append(service_entry(Tag.RUN_OUTPUTS, about, result.ended_at, dict(result.outputs)))
        transaction.inbox.put(self._leaves.make_all(entries))

    @staticmethod
    def _save(transaction: Transaction, attempt: Attempt) -> None:
        """Save under the epoch the run has in this very transaction: an end is recorded whoever holds the run."""
        transaction.attempts.save(attempt, transaction.runs.get(attempt.key.run).epoch)


def _told(result: Result) -> JsonObject:
    """What the log keeps of an end."""
    outcomes: JsonObject = {host: HostOutcome(outcome).value for host, outcome in result.outcomes.items()}
    return {
        "state": result.state.value,
        "outcomes": outcomes,
        "reason": result.reason,
        "events": result.events,
        "settled": dict(result.settled),
        "facts": result.facts,
    }
