"""A backend of its own: one change under way among many old ones, with a clock that a test may hold still.

It obeys the Protocol as the live backend does (one contract suite runs over both), with the real policy, drafts, plan
and Merkle proofs; only hosts, signatures and the service are made up.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from runner.errors import NotFoundError, RefusedError, SignatureError, SignInError, UsageError
from runner.model.document import JsonObject, JsonValue
from runner.model.log import About, LogFilter
from runner.model.request import Approval, Request, RequestState
from runner.model.time import Clock
from runner.rules.sentences import describe
from runner.rules.tags import Tag
from runner.rules.windows import latest_rollback_decision
from runner.wire.api import ServiceStatus, Words
from runner.wire.api_audit import EntryPage, EntryShown
from runner.wire.api_request import Outcome, RequestShown, RunOfRequest, Waiting
from runner.wire.api_run import RunShown
from runner.words import N_
from tui.backend import (
    AGENT,
    PASSWORD,
    ChangePage,
    ChangeRow,
    Key,
    PlanShown,
    Prepared,
    ProvenEntry,
    RunAtHand,
    StreamEvent,
    Typed,
)
from tui.demo.desk import DemoDesk, statement_of
from tui.demo.log import DemoLog
from tui.demo.run import RESERVE
from tui.demo.stage import CODE, LOCKED, ORIGIN, PEOPLE, POLICY, READY, fingerprint
from tui.demo.story import Ending
from tui.drafting import draft_of
from tui.intents import Intent
from tui.standing import row_of


@dataclass(slots=True)
class HeldClock:
    """A clock that stands still until it is moved."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.instant += timedelta(seconds=seconds)


class DemoBackend:
    """The demonstration; `advance` moves its run on, or a thread does every `pace` seconds."""

    def __init__(self, clock: Clock, ending: Ending = Ending.ROLLS_BACK, *, older: int = 3, pace: float = 0.0) -> None:
        self._clock = clock
        self._pace = pace
        self._began = clock.now()
        self._log = DemoLog()
        self._desk = DemoDesk(clock, self._log, ending, older)
        self.register = self._desk.register
        self._keys = {AGENT: Key(PEOPLE[0], fingerprint(PEOPLE[0]), AGENT)}
        self._moving = threading.RLock()
        self._stopped = threading.Event()
        self._mover: threading.Thread | None = None
        about = About(request=READY)
        self._log.put(Tag.REQUEST_SUBMITTED, self._began, about, {"reason": "security fixes"}, PEOPLE[0])
        self._log.put(Tag.REQUEST_APPROVED, self._began, about, None, PEOPLE[1])

    def open(self) -> ServiceStatus:
        self._log.require_reached()
        if self._pace and self._mover is None:
            self._mover = threading.Thread(target=self._go_on, name="demonstration", daemon=True)
            self._mover.start()
        return ServiceStatus(
            site="demo",
            root="",
            state="",
            environment=self._desk.plan.binding.environment,
            production=True,
            embedded=False,
            origin=ORIGIN,
            timezone="Asia/Shanghai",
            version="demo",
            pid=0,
            epoch="demo",
            started_at=self._began,
            now=self.now(),
            log_size=len(self._log),
            log_waiting=0,
            log_key="",
            runs_in_progress=len(self._desk.runs),
            people=PEOPLE,
        )

    def close(self) -> None:
        self._stopped.set()
        self._log.close()

    def lose(self) -> None:
        """Behave as if the service had been killed."""
        self._log.lose()

    def regain(self) -> None:
        """Behave as if it had been started again."""
        self._log.regain()

    def advance(self, count: int = 1) -> None:
        """Let every run go on by so many beats, as far as it waits for nobody."""
        with self._moving:
            for run in self._desk.runs.values():
                for _beat in range(count):
                    if not self._desk.move_on(run):
                        break

    def now(self) -> datetime:
        return self._clock.now()

    def changes(self, before: str | None, limit: int) -> ChangePage:
        self._log.require_reached()
        with self._moving:
            rows = [each for each in self._desk.requests.values() if before is None or each.number < before]
            page = tuple(self._row(request) for request in rows[:limit])
        return ChangePage(page, page[-1].request.number if len(rows) > limit else None, self.register.acts())

    def waiting(self) -> Waiting:
        self._log.require_reached()
        with self._moving:
            rows = [self._row(request) for request in self._desk.requests.values()]
            acts = tuple(row.act for row in rows if row.act is not None)
        return Waiting((*acts, *self.register.acts()))

    def change(self, number: str) -> RequestShown:
        self._log.require_reached()
        with self._moving:
            request = self._desk.request(number)
            run = self._desk.runs.get(f"{number}/1")
        row = run.row() if run else None
        runs = (
            [RunOfRequest(row.id, row.state, row.executor, row.confirmer, row.created_at, row.ended_at)] if row else []
        )
        return RequestShown(
            request=request,
            digests=self._desk.plan.digests,
            statements=(),
            approvals=_approvals(request),
            runs=tuple(runs),
            acts=self._desk.acts_of(request),
            hindrances=(),
            otherwise=_otherwise(request),
            approval_valid_for=POLICY.approval_valid_for,
        )

    def plan(self, digest: str) -> PlanShown:
        self._log.require_reached()
        plan = self._desk.plan
        if digest != plan.digests.plan:
            raise NotFoundError(N_("plan {digest}: there is none"), digest=digest)
        return PlanShown(plan, latest_rollback_decision(plan.binding.window, plan.rollback_estimate, RESERVE))

    def run(self, run: str) -> RunShown:
        self._log.require_reached()
        with self._moving:
            found = self._desk.run(run)
            return found.shown(self._desk.who_may_sign(found))

    def entries(self, wanted: LogFilter, before: str | None, limit: int) -> EntryPage:
        return self._log.page(wanted, before, limit)

    def prove(self, entry: EntryShown) -> ProvenEntry:
        return self._log.prove(entry)

    def events(self, after: int | None) -> Iterator[StreamEvent]:
        return self._log.events(after)

    def keys(self) -> tuple[Key, ...]:
        return tuple(key for key in self._keys.values() if key.place in (AGENT, PASSWORD))

    def open_key(self, path: Path, passphrase: str | None) -> Key:
        """A key by the name of its file, which is the person's; one named `locked-…` has a passphrase."""
        person = path.stem.removeprefix("locked-")
        if path.stem.startswith("locked-") and passphrase != LOCKED:
            raise UsageError(N_("key {path}: wrong passphrase"), path=str(path))
        if person not in PEOPLE:
            raise SignatureError(
                N_("key {fingerprint}: it belongs to nobody who may sign here"),
                rule="L1:unknown-key",
                hint=N_("people who may sign: {people}"),
                fingerprint=fingerprint(person),
                people=", ".join(PEOPLE),
            )
        key = Key(person, fingerprint(person), str(path))
        self._keys[key.place] = key
        return key

    def lend(self, key: Key) -> None:
        """Have a key at hand."""
        self._keys[key.place] = key

    def forget_key(self, key: Key) -> None:
        self._keys.pop(key.place, None)

    def prepare(self, intent: Intent, key: Key) -> Prepared:
        self._log.require_reached()
        drafted = draft_of(intent, self, self.now(), ORIGIN)
        draft = drafted.draft
        bare = Prepared(
            intent, key, draft.kind, draft.subject, draft.content, Words(""), drafted.hosts, drafted.leaving
        )
        message, facts = describe(statement_of(bare, self.now()))
        known = {name: fact for name, fact in facts.items() if not isinstance(fact, float)}
        return replace(bare, sentence=Words(message, known))

    def sign(self, prepared: Prepared, typed: Typed | None = None) -> Outcome:
        if prepared.key.is_password and typed != Typed(LOCKED, CODE):
            raise SignInError(N_("sign-in: person, password or code is wrong"), rule="access:wrong")
        self._log.require_reached()
        if self._keys.get(prepared.key.place) != prepared.key:
            raise UsageError(N_("key {path}: it was put away"), path=prepared.key.place)
        with self._moving:
            try:
                return self._desk.hand_in(prepared)
            except RefusedError as error:
                self._refused(prepared, error)
                raise

    def _refused(self, prepared: Prepared, error: RefusedError) -> None:
        number, slash, _count = prepared.subject.partition("/")
        facts: dict[str, JsonValue] = {name: str(fact) for name, fact in error.facts.items()}
        payload: JsonObject = {"rule": error.rule, "message": error.message, "facts": facts}
        about = About(request=number, run=prepared.subject if slash else "")
        self._log.put(Tag.STATEMENT_REFUSED, self.now(), about, payload, prepared.key.person)

    def _row(self, request: Request) -> ChangeRow:
        run = self._desk.runs.get(f"{request.number}/1")
        if run is not None:
            return ChangeRow(request, RunAtHand(run.id, run.state), run.act(self._desk.who_may_sign(run)))
        return replace(row_of(request, _approvals(request)), act=next(iter(self._desk.acts_of(request)), None))

    def _go_on(self) -> None:
        while not self._stopped.wait(self._pace):
            self.advance()


def _approvals(request: Request) -> tuple[Approval, ...]:
    if request.state not in (RequestState.APPROVED, RequestState.USED) or request.window is None:
        return ()
    window, used = request.window, int(request.state is RequestState.USED)
    return (Approval(request.number, request.plan, PEOPLE[1], "0" * 64, window.opens, window.closes, 1, used),)


def _otherwise(request: Request) -> Words:
    if request.state in (RequestState.SUBMITTED, RequestState.APPROVED) and request.window is not None:
        closes = request.window.closes.replace(tzinfo=None).isoformat() + "Z"
        return Words(N_("it expires when its window closes at {closes}"), {"closes": closes})
    return Words(N_("nothing: the change is {state}"), {"state": request.state.value})
