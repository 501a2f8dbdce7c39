"""The demonstration's desk: who may sign what, and what a signature brings about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from runner.errors import NotFoundError, RefusedError
from runner.model.log import About
from runner.model.request import Request, RequestState
from runner.model.run import Choice, RunState
from runner.model.statement import Seen, Statement, StatementKind
from runner.model.time import Clock
from runner.proof.canonical import digest
from runner.rules.policy import require, who_may
from runner.rules.ruling import Facts
from runner.rules.tags import Tag
from runner.wire.api import Words
from runner.wire.api_request import Act, Outcome, StatementShown
from runner.words import N_
from tui.backend import Prepared
from tui.demo.log import DemoLog
from tui.demo.register import DemoRegister, is_about_people
from tui.demo.run import ENDED, DemoRun
from tui.demo.stage import ORIGIN, PEOPLE, POLICY, demo_plan, demo_requests
from tui.demo.story import Beat, Ending, beats, undoing

_ACTS: Final = {
    RequestState.SUBMITTED: (StatementKind.APPROVE, StatementKind.REJECT, StatementKind.WITHDRAW),
    RequestState.APPROVED: (StatementKind.START, StatementKind.REJECT, StatementKind.WITHDRAW),
}
_TITLES: Final = {
    StatementKind.APPROVE: N_("change {number}: approve it"),
    StatementKind.REJECT: N_("change {number}: reject it"),
    StatementKind.WITHDRAW: N_("change {number}: take it back"),
    StatementKind.REVOKE: N_("change {number}: end its standing approval"),
    StatementKind.START: N_("change {number}: start it as executor"),
}


class DemoDesk:
    """Requests and runs, and the signatures that move them."""

    def __init__(self, clock: Clock, log: DemoLog, ending: Ending, older: int) -> None:
        self.plan = demo_plan(clock.now())
        self.requests = demo_requests(self.plan, clock.now(), older)
        self.runs: dict[str, DemoRun] = {}
        self.register = DemoRegister(clock, log)
        self._clock = clock
        self._log = log
        self._ending = ending
        self._beats: Iterator[Beat] = iter(())

    def request(self, number: str) -> Request:
        """A request.

        Raises:
            NotFoundError: there is none.
        """
        if number not in self.requests:
            raise NotFoundError(N_("request {number}: there is none"), number=number)
        return self.requests[number]

    def run(self, run: str) -> DemoRun:
        """A run.

        Raises:
            NotFoundError: there is none.
        """
        if run not in self.runs:
            raise NotFoundError(N_("run {run}: there is none"), run=run)
        return self.runs[run]

    def acts_of(self, request: Request) -> tuple[Act, ...]:
        """What may be signed about a request; the first is what it waits for."""
        return tuple(
            Act(
                kind=kind,
                subject=request.number,
                title=Words(_TITLES[kind], {"number": request.number}),
                people=who_may(kind, self._facts(request, None), POLICY),
                until=request.window.closes if request.window else None,
                request=request.number,
            )
            for kind in _kinds_for(request)
        )

    def who_may_sign(self, run: DemoRun) -> tuple[str, ...]:
        """Who may give the signature a run waits for."""
        kind = run.kind_waited_for()
        return who_may(kind, self._facts(self.request(run.request), run), POLICY) if kind else ()

    def hand_in(self, prepared: Prepared) -> Outcome:
        """Take a statement.

        Raises:
            RefusedError: by the policy, or because nothing of the kind is waited for.
        """
        if is_about_people(prepared.kind):
            return self.register.hand_in(prepared)
        person = prepared.key.person
        request = self.request(prepared.subject.partition("/")[0])
        run = self.runs.get(prepared.subject)
        require(prepared.kind, person, self._facts(request, run), POLICY)
        if run is None:
            return self._about_request(prepared, request)
        run.statements.append(_recorded(prepared, self._clock.now()))
        return self._about_run(prepared, run)

    def move_on(self, run: DemoRun) -> bool:
        """The next thing that happens in a run; whether anything does."""
        if run.kind_waited_for() is not None:
            return False
        if (run.wish.pause or run.wish.abort) and run.state not in ENDED and run.current:
            run.pause(run.current[1])
            return True
        beat = next(self._beats, None)
        if beat is not None:
            beat()
        return beat is not None

    def _about_request(self, prepared: Prepared, request: Request) -> Outcome:
        state, tag = {
            StatementKind.APPROVE: (RequestState.APPROVED, Tag.REQUEST_APPROVED),
            StatementKind.REJECT: (RequestState.REJECTED, Tag.REQUEST_REJECTED),
            StatementKind.WITHDRAW: (RequestState.WITHDRAWN, Tag.REQUEST_WITHDRAWN),
            StatementKind.REVOKE: (RequestState.REVOKED, Tag.REQUEST_REVOKED),
            StatementKind.START: (RequestState.USED, Tag.RUN_START_SIGNED),
        }[prepared.kind]
        if prepared.kind not in [act.kind for act in self.acts_of(request)]:
            raise RefusedError(
                N_("request {number}: it is {state}"),
                rule="request:not-asked",
                number=request.number,
                state=request.state.value,
            )
        self.requests[request.number] = replace(request, state=state)
        self._log.put(tag, self._clock.now(), About(request=request.number), None, prepared.key.person)
        if prepared.kind is not StatementKind.START:
            message = Words(N_("change {number} is now {state}"), {"number": request.number, "state": state.value})
            return _outcome(prepared, state.value, message, request=request.number)
        return self._started(prepared, request)

    def _started(self, prepared: Prepared, request: Request) -> Outcome:
        run = DemoRun(f"{request.number}/1", self.plan, prepared.key.person, self._clock, self._log)
        run.statements.append(_recorded(prepared, self._clock.now()))
        self.runs[run.id] = run
        run.note(Tag.RUN_CREATED)
        message = Words(N_("run {run} waits for the confirmer's signature"), {"run": run.id})
        return _outcome(prepared, run.state.value, message, run=run.id, following=run.act(self.who_may_sign(run)))

    def _about_run(self, prepared: Prepared, run: DemoRun) -> Outcome:
        kind, person = prepared.kind, prepared.key.person
        if kind in (StatementKind.PAUSE, StatementKind.ABORT):
            run.wish = replace(run.wish, pause=True, abort=kind is StatementKind.ABORT)
            run.note(Tag.RUN_PAUSE_ASKED if kind is StatementKind.PAUSE else Tag.RUN_ABORT_ASKED, actor=person)
            if run.current and run.kind_waited_for() in (StatementKind.GATE, StatementKind.SHEET):
                run.pause(run.current[1])
            return _outcome(
                prepared, run.state.value, Words(N_("run {run}: it was asked"), {"run": run.id}), run=run.id
            )
        if kind is not run.kind_waited_for():
            raise RefusedError(
                N_("run {run}: it is {state} and does not wait for this signature ({kind})"),
                rule="run:not-asked",
                run=run.id,
                state=run.state.value,
                kind=kind.value,
            )
        if kind is StatementKind.CONFIRM:
            run.confirmer = person
            run.note(Tag.RUN_CONFIRM_SIGNED, actor=person)
            run.move(RunState.RUNNING, "preflight")
            self._beats = beats(run, self._ending)
            return _outcome(prepared, run.state.value, Words(N_("run {run} begins"), {"run": run.id}), run=run.id)
        return self._joint(prepared, run, person)

    def _joint(self, prepared: Prepared, run: DemoRun, person: str) -> Outcome:
        tag = {
            StatementKind.GATE: Tag.RUN_GATE_SIGNED,
            StatementKind.SHEET: Tag.RUN_SHEET_SIGNED,
            StatementKind.DECIDE: Tag.RUN_DECISION_SIGNED,
            StatementKind.CLOSE: Tag.RUN_RESULT_SIGNED,
        }[prepared.kind]
        run.note(tag, actor=person)
        run.signed = (*run.signed, person)
        run.content = prepared.content
        if len(run.signed) < len(PEOPLE):
            run.until = self._clock.now() + timedelta(minutes=5)
            message = Words(N_("signed by {person}; the other person still has to"), {"person": person})
            following = run.act(self.who_may_sign(run))
            return _outcome(prepared, run.state.value, message, run=run.id, following=following)
        self._take_effect(prepared, run)
        return _outcome(prepared, run.state.value, Words(N_("signed by both"), {}), run=run.id)

    def _take_effect(self, prepared: Prepared, run: DemoRun) -> None:
        step = run.current[1] if run.current else ""
        content = prepared.content
        if prepared.kind is StatementKind.GATE:
            run.passed.add(step)
            run.note(Tag.RUN_GATE_PASSED, step=step)
            run.move(RunState.RUNNING, step)
        elif prepared.kind is StatementKind.SHEET:
            readings = content.get("readings")
            run.sheet_done(step, readings if isinstance(readings, dict) else {})
            run.move(RunState.RUNNING, step)
        elif prepared.kind is StatementKind.CLOSE:
            run.move(RunState.CLOSED)
        else:
            self._decided(run, Choice(str(content["choice"])), step)

    def _decided(self, run: DemoRun, choice: Choice, step: str) -> None:
        run.decided(choice)
        if choice is Choice.ABANDON:
            run.move(RunState.ABANDONED)
        elif choice is Choice.ROLL_BACK:
            run.move(RunState.ROLLING_BACK, step)
            self._beats = undoing(run)
        else:
            run.go_on(step)

    def _facts(self, request: Request, run: DemoRun | None) -> Facts:
        approved = request.state in (RequestState.APPROVED, RequestState.USED)
        return Facts(
            register=self.register.value,
            production=True,
            risk=request.risk,
            author=PEOPLE[0],
            countersigner=PEOPLE[1],
            requester=request.requester,
            approvers=(PEOPLE[1],) if approved else (),
            executor=run.executor if run else "",
            confirmer=run.confirmer if run else "",
            signed=run.signed if run else (),
        )


def statement_of(prepared: Prepared, now: datetime) -> Statement:
    """The statement, as it would be signed."""
    key = prepared.key
    seen = Seen(0, "")
    return Statement(
        prepared.kind, ORIGIN, key.person, key.fingerprint, prepared.subject, prepared.content, now, "0" * 32, seen
    )


def _recorded(prepared: Prepared, now: datetime) -> StatementShown:
    text = f"{prepared.kind} {prepared.key.person} {prepared.subject} {now}"
    return StatementShown(
        id=digest(text.encode()).removeprefix("sha256:"),
        kind=prepared.kind,
        person=prepared.key.person,
        key=prepared.key.fingerprint,
        subject=prepared.subject,
        at=now,
        recorded=now,
        statement=text,
        signature="",
    )


def _outcome(
    prepared: Prepared, state: str, message: Words, *, request: str = "", run: str = "", following: Act | None = None
) -> Outcome:
    return Outcome(
        statement="0" * 64,
        kind=prepared.kind,
        subject=prepared.subject,
        state=state,
        complete=following is None or prepared.kind is StatementKind.START,
        message=message,
        next=following,
        request=request,
        run=run,
    )


def _kinds_for(request: Request) -> tuple[StatementKind, ...]:
    """What may be signed about it; what stands is started and revoked."""
    if request.standing is not None and request.state is RequestState.APPROVED:
        return StatementKind.START, StatementKind.REVOKE
    return _ACTS.get(request.state, ())
