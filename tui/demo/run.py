"""The demonstration's run: a record that a script moves on, shown as the service would show it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from runner.model.document import JsonObject, JsonValue
from runner.model.log import About
from runner.model.plan import Plan, Role
from runner.model.run import (
    Attempt,
    AttemptKey,
    AttemptState,
    Choice,
    Decision,
    HostOutcome,
    Question,
    RunKind,
    RunState,
    Wish,
)
from runner.model.runbook import ManualWork, PlaybookWork, RemoteWork, SoakWork, Step
from runner.model.statement import StatementKind
from runner.model.time import Clock, Seconds
from runner.rules.expansion import AFTER_ROLLBACK
from runner.rules.tags import Tag
from runner.rules.windows import latest_rollback_decision
from runner.wire.api import Words
from runner.wire.api_request import Act, StatementShown
from runner.wire.api_run import Asked, RunRow, RunShown, StepShown, StepState, WorkKind
from runner.words import N_
from tui.demo.log import DemoLog

ENDED: Final = (RunState.SUCCEEDED, RunState.ROLLED_BACK, RunState.FAILED, RunState.ABANDONED)
_STATE_OF_ROLE: Final = {
    Role.DO: (RunState.RUNNING, StepState.RUNNING),
    Role.VERIFY: (RunState.VERIFYING, StepState.VERIFYING),
    Role.SOAK: (RunState.OBSERVING, StepState.OBSERVING),
    Role.HEALTH: (RunState.ROLLING_BACK, StepState.VERIFYING),
}
_STATE_OF_QUESTION: Final = {
    Question.PAUSED: RunState.PAUSED,
    Question.GATE_LATE: RunState.PAUSED,
    Question.OUTCOME_UNKNOWN: RunState.OUTCOME_UNKNOWN,
    Question.ROLLBACK_FAILED: RunState.ROLLBACK_FAILED,
}
"""The others are asked while the run awaits a decision."""
_UNDOING: Final = (RunState.ROLLING_BACK, StepState.ROLLING_BACK)
_KINDS: Final[dict[type, WorkKind]] = {
    PlaybookWork: WorkKind.PLAYBOOK,
    RemoteWork: WorkKind.REMOTE,
    ManualWork: WorkKind.MANUAL,
    SoakWork: WorkKind.SOAK,
}
RESERVE: Final = Seconds(600)
_SENTENCES: Final = {
    RunState.CONFIRMING: N_("at {until} the executor's signature lapses and nothing begins"),
    RunState.AT_GATE: N_("at {until} the run stops waiting and asks for a decision"),
    RunState.CLOSED: N_("nothing: the run is over"),
    RunState.LAPSED: N_("nothing: the run is over"),
}
_ACTS: Final = {
    StatementKind.CONFIRM: N_("run {run}: confirm its start by {executor}"),
    StatementKind.GATE: N_("run {run}: let it go on to step {step}"),
    StatementKind.SHEET: N_("run {run}: sign the sheet of step {step}"),
    StatementKind.DECIDE: N_("run {run}: decide how it goes on"),
    StatementKind.CLOSE: N_("run {run}: sign its result"),
}


class DemoRun:
    """One run, moved on by `begin`, `end` and `move`."""

    def __init__(self, run: str, plan: Plan, executor: str, clock: Clock, log: DemoLog) -> None:
        self.id = run
        self.plan = plan
        self.executor = executor
        self.confirmer = ""
        self.state = RunState.CONFIRMING
        self.wish = Wish()
        self.asked: Asked | None = None
        self.current: tuple[int, str] | None = None
        self.signed: tuple[str, ...] = ()
        """Who has signed the joint act it waits for."""
        self.content: JsonObject | None = None
        """What the first of them put a key to."""
        self.until: datetime | None = clock.now() + timedelta(minutes=5)
        self.statements: list[StatementShown] = []
        self.passed: set[str] = set()
        self._put_off: RunState | None = None
        """What a pause has interrupted."""
        self._clock = clock
        self._log = log
        self._states: dict[str, StepState] = {}
        self._attempts: dict[str, list[Attempt]] = {}
        self._sheets: dict[str, JsonObject] = {}
        self._decisions: list[Decision] = []
        self._created = clock.now()
        self._started: datetime | None = None
        self._ended: datetime | None = None

    @property
    def request(self) -> str:
        return self.id.partition("/")[0]

    def note(self, tag: Tag, payload: JsonObject | None = None, actor: str = "twokey", step: str = "") -> None:
        """Write an entry about this run."""
        about = About(request=self.request, run=self.id, batch=1 if step else None, step=step)
        self._log.put(tag, self._clock.now(), about, payload, actor)

    def move(self, state: RunState, step: str = "") -> None:
        """Go over to another state."""
        if state is not self.state:
            self.note(Tag.RUN_MOVED, {"from": self.state.value, "to": state.value})
        if self._started is None and state is RunState.RUNNING:
            self._started = self._clock.now()
        self.state = state
        self.until = None
        self.signed, self.content, self.asked = (), None, None
        if step:
            self.current = (1, step)
        if state in ENDED:
            self._ended = self._clock.now()
            self.current = None
            for entry in self.plan.runbook.steps:
                self._states.setdefault(entry.id, StepState.NOT_REACHED)

    def wait_at_gate(self, step: str) -> None:
        """Stand at the gate of a step."""
        self.move(RunState.AT_GATE, step)
        self.until = self._clock.now() + timedelta(hours=2)
        self._states[step] = StepState.AT_GATE

    def wait_with_sheet(self, step: str) -> None:
        """Wait for a manual step."""
        self.move(RunState.AT_SHEET, step)
        self._states[step] = StepState.AT_SHEET

    def ask(self, question: Question, step: str, choices: tuple[Choice, ...], reason: str = "") -> None:
        """Wait for a decision."""
        self.move(_STATE_OF_QUESTION.get(question, RunState.AWAITING_DECISION), step)
        self.asked = Asked(question, choices, 1, step, Role.DO, len(self._attempts.get(step, ())), reason)
        self.note(Tag.RUN_ASKED, {"question": question.value, "choices": [choice.value for choice in choices]})

    def pause(self, step: str) -> None:
        """Wait for a decision because somebody wished it."""
        self._put_off = self.state
        self.ask(Question.PAUSED, step, (Choice.CONTINUE, Choice.ROLL_BACK, Choice.ABANDON))

    def go_on(self, step: str) -> None:
        """Go on after a pause: where people were waited for, they are waited for again."""
        if self._put_off is RunState.AT_GATE:
            self.wait_at_gate(step)
        elif self._put_off is RunState.AT_SHEET:
            self.wait_with_sheet(step)
        else:
            self.move(RunState.RUNNING, step)
        self._put_off = None

    def decided(self, choice: Choice) -> None:
        """Record what both have decided."""
        if self.asked is not None:
            asked = self.asked
            at = self._clock.now()
            self._decisions.append(Decision(asked.question, choice, 1, asked.step, asked.role, asked.number, at))
            self.note(Tag.RUN_DECIDED, {"question": asked.question.value, "choice": choice.value})
        self.wish = Wish()

    def sheet_done(self, step: str, readings: JsonObject) -> None:
        """Record a signed sheet."""
        self._sheets[step] = readings
        self._states[step] = StepState.DONE

    def begin(self, step: str, role: Role) -> None:
        """Begin an attempt."""
        state, shown = _STATE_OF_ROLE.get(role, _UNDOING)
        self.move(state, step)
        self._states[step] = shown
        attempts = self._attempts.setdefault(step, [])
        number = 1 + sum(attempt.key.role is role for attempt in attempts)
        now = self._clock.now()
        hosts = tuple(host.name for host in self.plan.binding.hosts)
        key = AttemptKey(self.id, 1, step, role, number)
        most = self._step(step).timeout if step != AFTER_ROLLBACK else 1800
        attempts.append(
            Attempt(
                key,
                AttemptState.BEGUN,
                mutating=role in (Role.DO, Role.ROLLBACK),
                hosts=hosts,
                intended_at=now,
                deadline=now + timedelta(seconds=most),
                began_at=now,
            )
        )
        self._log.put(Tag.ATTEMPT_BEGUN, now, self._about(key))

    def tell(self, event: str, host: str = "", task: str = "", **fields: JsonValue) -> None:
        """An Ansible event of the attempt at work."""
        key = self._at_work().key
        payload: JsonObject = {"event": event, **fields}
        payload |= {name: value for name, value in (("host", host), ("task", task)) if value}
        self._log.put(Tag.ANSIBLE_EVENT, self._clock.now(), replace(self._about(key), host=host), payload)

    def end(
        self,
        outcome: HostOutcome = HostOutcome.OK,
        reason: str = "",
        *,
        step_done: bool = False,
        others: HostOutcome | None = None,
    ) -> None:
        """End the attempt at work, alike on every host unless the others than the first end otherwise."""
        attempt = self._at_work()
        state = AttemptState.SUCCEEDED if outcome in (HostOutcome.OK, HostOutcome.CHANGED) else AttemptState.FAILED
        if outcome is HostOutcome.UNKNOWN:
            state = AttemptState.UNKNOWN
        now = self._clock.now()
        ended = replace(
            attempt,
            state=state,
            ended_at=now,
            outcomes={**dict.fromkeys(attempt.hosts, others or outcome), attempt.hosts[0]: outcome},
            reason=reason,
        )
        step = attempt.key.step
        self._attempts[step][-1] = ended
        payload: JsonObject = {"state": state.value, "reason": reason}
        tag = Tag.ATTEMPT_UNKNOWN if state is AttemptState.UNKNOWN else Tag.ATTEMPT_ENDED
        self._log.put(tag, now, self._about(attempt.key), payload)
        if step_done:
            undone = attempt.key.role in (Role.ROLLBACK, Role.ROLLBACK_VERIFY)
            self._states[step] = StepState.ROLLED_BACK if undone else StepState.DONE
        elif state is AttemptState.FAILED:
            self._states[step] = StepState.FAILED
        elif state is AttemptState.UNKNOWN:
            self._states[step] = StepState.UNKNOWN

    def act(self, people: tuple[str, ...]) -> Act | None:
        """The signature it waits for."""
        kind = self.kind_waited_for()
        if kind is None:
            return None
        step = self.current[1] if self.current else ""
        return Act(
            kind=kind,
            subject=self.id,
            title=Words(_ACTS[kind], {"run": self.id, "executor": self.executor, "step": step}),
            people=people,
            signed=(self.executor,) if kind is StatementKind.CONFIRM else self.signed,
            until=self.until,
            since=self._created,
            content=self.content,
            request=self.request,
            run=self.id,
            batch=1 if step else None,
            step=step,
            role=Role.DO.value if kind is StatementKind.SHEET else "",
        )

    def kind_waited_for(self) -> StatementKind | None:
        """Which signature it waits for."""
        if self.asked is not None:
            return StatementKind.DECIDE
        if self.state in ENDED:
            return StatementKind.CLOSE
        return {
            RunState.CONFIRMING: StatementKind.CONFIRM,
            RunState.AT_GATE: StatementKind.GATE,
            RunState.AT_SHEET: StatementKind.SHEET,
        }.get(self.state)

    def shown(self, people: tuple[str, ...]) -> RunShown:
        """The run as the service would show it."""
        window = self.plan.binding.window
        estimate = self.plan.rollback_estimate
        hosts = tuple(host.name for host in self.plan.binding.hosts)
        return RunShown(
            row=self.row(),
            plan=self.plan.digests.plan,
            content=self.plan.digests.content,
            batches=self.plan.binding.batches,
            steps=tuple(self._steps()),
            current=self.current,
            act=self.act(people),
            asked=self.asked,
            rollback_decision_by=latest_rollback_decision(window, estimate, RESERVE),
            rollback_estimate=estimate,
            overrun=False,
            otherwise=self._otherwise(),
            wish=self.wish,
            decisions=tuple(self._decisions),
            statements=tuple(self.statements),
            holding=hosts if self._started and not self._ended else (),
            event=len(self._log),
            now=self._clock.now(),
        )

    def row(self) -> RunRow:
        """The run in a list."""
        return RunRow(
            id=self.id,
            kind=RunKind.CHANGE,
            request=self.request,
            title=self.plan.runbook.title,
            runbook_id=self.plan.runbook.id,
            state=self.state,
            production=self.plan.binding.production,
            risk=self.plan.risk,
            executor=self.executor,
            confirmer=self.confirmer,
            created_at=self._created,
            started_at=self._started,
            ended_at=self._ended,
            window=self.plan.binding.window,
        )

    def _otherwise(self) -> Words:
        open_attempts = [
            attempt for attempts in self._attempts.values() for attempt in attempts if not attempt.ended_at
        ]
        if open_attempts:
            facts: dict[str, str | int | None] = {
                "step": open_attempts[0].key.step,
                "deadline": _text(open_attempts[0].deadline),
            }
            return Words(N_("step {step} ends by itself, at the latest at {deadline}; then the run goes on"), facts)
        if self.until is not None and self.state in _SENTENCES:
            return Words(_SENTENCES[self.state], {"until": _text(self.until)})
        if self.kind_waited_for() is None and self.state not in _SENTENCES:
            return Words(N_("the run goes on by itself"))
        if self.state in ENDED:
            return Words(N_("nothing: the result stays unsigned, and another run of this change cannot start"))
        return Words(_SENTENCES.get(self.state, N_("nothing: the run waits for its two people, however long it takes")))

    def _steps(self) -> list[StepShown]:
        shown = [self._step_shown(step) for step in self.plan.runbook.steps]
        if AFTER_ROLLBACK in self._attempts:
            last = replace(shown[-1], id=AFTER_ROLLBACK, title=None, kind=WorkKind.PLAYBOOK, gate=False, rollback="")
            attempts = tuple(self._attempts[AFTER_ROLLBACK])
            shown.append(replace(last, state=self._states[AFTER_ROLLBACK], attempts=attempts))
        return shown

    def _step_shown(self, step: Step) -> StepShown:
        work = step.work
        undoing = work.rollback if isinstance(work, PlaybookWork) else None
        return StepShown(
            batch=1,
            id=step.id,
            title=step.title,
            kind=_KINDS[type(work)],
            mutating=step.mutating,
            hosts=tuple(host.name for host in self.plan.binding.hosts),
            state=self._states.get(step.id, StepState.PENDING),
            gate=step.gate is not None,
            gate_passed=step.id in self.passed,
            gate_says=step.gate.say if step.gate else None,
            playbook=work.play.playbook if isinstance(work, PlaybookWork | SoakWork) else "",
            rollback=undoing.play.playbook if undoing else "",
            rewinds_data=undoing.rewinds_data if undoing else False,
            because=work.because if isinstance(work, PlaybookWork | ManualWork) else None,
            timeout=step.timeout,
            attempts=tuple(self._attempts.get(step.id, ())),
            sheet=self._sheets.get(step.id),
            instruct=work.instruct if isinstance(work, ManualWork) else None,
        )

    def _step(self, name: str) -> Step:
        return next(step for step in self.plan.runbook.steps if step.id == name)

    def _at_work(self) -> Attempt:
        return next(attempts[-1] for attempts in self._attempts.values() if attempts and not attempts[-1].ended_at)

    def _about(self, key: AttemptKey) -> About:
        return About(
            request=self.request, run=self.id, batch=key.batch, step=key.step, role=key.role.value, attempt=key.number
        )


def _text(instant: datetime) -> str:
    return instant.replace(tzinfo=None).isoformat() + "Z"
