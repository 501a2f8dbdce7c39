"""Whatever happens to a run, the laws hold: random outcomes, decisions and clocks play against the rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from runner.model.plan import Role
from runner.model.policy import Policy
from runner.model.run import (
    Attempt,
    AttemptState,
    Choice,
    HostOutcome,
    Question,
    RunKind,
    RunState,
)
from runner.model.runbook import (
    AtWindowEnd,
    Gate,
    ManualWork,
    Once,
    OnFailure,
    PlaybookWork,
    RollbackScope,
    SoakWork,
    Step,
    Targets,
    WhenLate,
)
from runner.model.time import Seconds
from runner.rules.expansion import Expansion, PlannedStep, rollback_estimate
from runner.rules.moves import ENDED, WaitAttempt, WaitPeople, WaitUntil
from runner.rules.rollback import PROOF_LASTS
from runner.rules.windows import latest_rollback_decision
from tests.run_in_memory import MemoryRun
from tests.runbooks import added, by_hand, change, expansion, look, play, probe, soak, undo, window

UNDOING = (Role.WRITES_OFF, Role.ROLLBACK, Role.ROLLBACK_VERIFY, Role.HEALTH)
ENDS = [state for state in AttemptState if state not in (AttemptState.INTENDED, AttemptState.BEGUN)]
MOST_ROUNDS = 400


@st.composite
def steps(draw: st.DrawFn, name: str) -> Step:
    rollback = undo(
        name,
        rewinds_data=draw(st.booleans()),
        writes_off=draw(st.sampled_from([None, play("writes_off")])),
        verify=draw(st.sampled_from([None, play("undone")])),
        estimate=Seconds(draw(st.sampled_from([60, 3600]))),
    )
    settle = draw(st.sampled_from([None, play("settle")]))
    made: Step = draw(
        st.sampled_from(
            [
                change(name, rollback=rollback, settle=settle),
                change(name, rollback=rollback, settle=settle),
                change(name, once=Once.BEFORE),
                change(name, once=Once.AFTER),
                change(name, irreversible=True),
                added(name),
                look(name),
                probe(name),
                soak(name, tolerate=1),
                by_hand(name),
                by_hand(name, rollback=False),
            ]
        )
    )
    gates = st.sampled_from([None, None, Gate(Seconds(600)), Gate(Seconds(600), WhenLate.ROLL_BACK)])
    return replace(made, gate=draw(gates))


@st.composite
def plans(draw: st.DrawFn) -> Expansion:
    made = [draw(steps(f"s{number}")) for number in range(draw(st.integers(1, 4)))]
    return expansion(
        *made,
        batches=draw(st.sampled_from([(("a",),), (("a", "b"),), (("a",), ("b",)), (("a", "b"), ("c",))])),
        on_failure=draw(st.sampled_from(list(OnFailure))),
        at_window_end=draw(st.sampled_from(list(AtWindowEnd))),
        rollback_scope=draw(st.sampled_from(list(RollbackScope))),
        after_rollback=draw(st.sampled_from([None, play("health")])),
        targets=Targets(group="all", stop_after_failures=draw(st.sampled_from([1, 2]))),
    )


class RunLaws(RuleBasedStateMachine):
    """One run in a random world."""

    def __init__(self) -> None:
        super().__init__()
        self.run: MemoryRun

    @initialize(
        plan=plans(), kind=st.sampled_from([RunKind.CHANGE] * 5 + [RunKind.CHECK]), hours=st.sampled_from([1, 4, 24])
    )
    def begin(self, plan: Expansion, kind: RunKind, hours: int) -> None:
        self.run = MemoryRun(plan, kind=kind, within=window(hours), policy=Policy(rollback_reserve=Seconds(60)))
        self.run.advance()

    @rule(data=st.data())
    def end_an_attempt(self, data: st.DataObject) -> None:
        if not isinstance(self.run.advance(), WaitAttempt):
            return
        hosts = self.run.attempt().hosts
        state = data.draw(st.sampled_from([AttemptState.SUCCEEDED] * 8 + ENDS))
        outcomes = {}
        if state is not AttemptState.SUCCEEDED:
            outcomes = data.draw(st.dictionaries(st.sampled_from(hosts), st.sampled_from(list(HostOutcome))))
        found = st.sampled_from(["done", "done", "not_done", "unknown"])
        self.run.end(state, outcomes, {host: data.draw(found) for host in hosts})

    @rule(data=st.data())
    def people_act(self, data: st.DataObject) -> None:
        move = self.run.advance()
        if not isinstance(move, WaitPeople):
            return
        if move.state is RunState.AT_GATE:
            self.run.pass_gate()
        elif move.state is RunState.AT_SHEET:
            self.run.sign_sheet()
        else:
            self.run.decide(data.draw(st.sampled_from(move.choices)))

    @precondition(lambda self: self.run.record.state not in ENDED)
    @rule(wish=st.sampled_from(["pause", "abort"]))
    def somebody_wishes(self, wish: str) -> None:
        self.run.wish(**{wish: True})

    @rule(seconds=st.sampled_from([1, 30, PROOF_LASTS + 1, 601, 3600, 20000]))
    def time_passes(self, seconds: int) -> None:
        self.run.pass_time(seconds=seconds)

    @rule()
    def a_watch_waits(self) -> None:
        move = self.run.advance()
        if isinstance(move, WaitUntil):
            self.run.now = max(self.run.now, move.instant)

    @invariant()
    def advances(self) -> None:
        if hasattr(self, "run"):
            move = self.run.advance()
            assert self.run.advance() == move, "waiting changes nothing"

    def teardown(self) -> None:
        """From anywhere a run comes to an end once attempts succeed and people answer."""
        if not hasattr(self, "run"):
            return
        run = self.run
        for _ in range(MOST_ROUNDS):
            move = run.advance()
            if run.record.state in ENDED:
                break
            self._go_on(move)
        assert run.record.state in ENDED
        check_laws(run)

    def _go_on(self, move: object) -> None:
        run = self.run
        if isinstance(move, WaitUntil):
            run.now = max(run.now, move.instant)
        elif isinstance(move, WaitAttempt):
            run.end()
        elif run.record.state is RunState.AT_GATE:
            run.pass_gate()
        elif run.record.state is RunState.AT_SHEET:
            run.sign_sheet()
        else:
            preferred = (Choice.CONTINUE, Choice.MARK_DONE, Choice.ROLL_BACK, Choice.ABANDON)
            run.decide(next(choice for choice in preferred if choice in run.asked().choices))


def check_laws(run: MemoryRun) -> None:
    for attempt, earlier in _with_earlier(run):
        _check_numbering(run, attempt, earlier)
        _check_proof(run, attempt, earlier)
        _check_start(run, attempt)
    _check_order(run)
    if run.record.kind is RunKind.CHANGE:
        _check_result(run)


def _with_earlier(run: MemoryRun) -> Iterator[tuple[Attempt, tuple[Attempt, ...]]]:
    attempts = run.record.attempts
    yield from ((attempt, attempts[:place]) for place, attempt in enumerate(attempts))


def _check_numbering(run: MemoryRun, attempt: Attempt, earlier: tuple[Attempt, ...]) -> None:
    """A mutating attempt is never repeated by the software unless it is certain that it had no effect."""
    key = attempt.key
    assert attempt.mutating == (
        key.role is Role.ROLLBACK or (key.role is Role.DO and run.record.kind is RunKind.CHANGE and _mutates(run, key))
    )
    same = [each for each in earlier if replace(each.key, number=key.number) == key]
    if attempt.mutating and same and same[-1].state is not AttemptState.NEVER_BEGUN:
        assert _decided(run, same[-1], Choice.REPEAT), attempt


def _check_proof(run: MemoryRun, attempt: Attempt, earlier: tuple[Attempt, ...]) -> None:
    """Data is rewound only while writes are proven off, or by a decision (L13)."""
    if attempt.key.role is not Role.ROLLBACK:
        return
    planned = _planned(run, attempt)
    assert isinstance(planned.step.work, PlaybookWork)
    assert planned.step.work.rollback
    if not planned.step.work.rollback.rewinds_data:
        return
    probes = [each for each in earlier if each.key.role is Role.WRITES_OFF and _same_step(each, attempt)]
    proven = bool(
        probes
        and probes[-1].state is AttemptState.SUCCEEDED
        and probes[-1].ended_at
        and attempt.intended_at - probes[-1].ended_at <= timedelta(seconds=PROOF_LASTS)
    )
    given_up = any(
        decision.question is Question.DATA_WOULD_BE_LOST
        and decision.choice is Choice.ROLL_BACK
        and (decision.batch, decision.step) == (attempt.key.batch, attempt.key.step)
        for decision in run.record.decisions
    )
    assert proven or given_up


def _check_start(run: MemoryRun, attempt: Attempt) -> None:
    """Nothing that changes a host begins outside the window, behind a gate, or unasked when it is late (L8)."""
    if attempt.key.role is not Role.DO or not attempt.mutating:
        return
    planned = _planned(run, attempt)
    scheduled = run.record.window
    assert scheduled
    assert attempt.intended_at < scheduled.closes
    place = (planned.batch, planned.step.id)
    late = _continued(run, Question.GATE_LATE, place)
    assert planned.step.gate is None or place in run.record.gates or late
    estimate = rollback_estimate(run.expansion.runbook, len(run.expansion.batches))
    latest = latest_rollback_decision(scheduled, estimate, run.policy.rollback_reserve)
    assert latest
    if attempt.key.number == 1 and attempt.intended_at >= latest:
        assert _continued(run, Question.PAST_ROLLBACK_DECISION, place)


def _check_order(run: MemoryRun) -> None:
    """What began last is undone first, within each turn."""
    begun = [
        (attempt.key.batch, attempt.key.step)
        for attempt in run.record.attempts
        if attempt.key.role is Role.DO and attempt.key.number == 1
    ]
    undone = [
        (attempt.intended_at, begun.index((attempt.key.batch, attempt.key.step)))
        for attempt in run.record.attempts
        if attempt.key.role is Role.ROLLBACK and attempt.key.number == 1
    ]
    turns = run.record.turns
    for turn, following in zip(turns, [*turns[1:], None][: len(turns)], strict=True):
        places = [place for at, place in undone if at >= turn.at and (following is None or at < following.at)]
        if following is None or following.at > turn.at:
            assert places == sorted(places, reverse=True)


def _check_result(run: MemoryRun) -> None:
    """At the end every step that may have changed something has succeeded, was undone, or was answered by people."""
    state = run.record.state
    if state is RunState.SUCCEEDED:
        assert not run.record.turns
        assert all(_is_done(run, planned) for planned in run.expansion.steps)
    if state is RunState.ABANDONED:
        assert any(decision.choice is Choice.ABANDON for decision in run.record.decisions)
        return
    for planned in run.expansion.steps:
        if isinstance(planned.step.work, PlaybookWork) and planned.step.mutating:
            assert _is_done(run, planned) or _is_undone(run, planned), planned


def _is_done(run: MemoryRun, planned: PlannedStep) -> bool:
    work = planned.step.work
    if isinstance(work, ManualWork):
        return f"{planned.batch}/{planned.step.id}" in run.record.sheets
    if isinstance(work, SoakWork):
        return _good(run, planned, Role.SOAK)
    verified = not isinstance(work, PlaybookWork) or work.verify is None or _good(run, planned, Role.VERIFY)
    settled = any(set(each.settled.values()) == {"done"} for each in _of(run, planned, Role.SETTLE))
    return (_good(run, planned, Role.DO) or settled) and verified


def _is_undone(run: MemoryRun, planned: PlannedStep) -> bool:
    work = planned.step.work
    touched = [
        host
        for attempt in _of(run, planned, Role.DO)
        if attempt.state is not AttemptState.NEVER_BEGUN
        for host in attempt.hosts
        if attempt.outcomes.get(host) not in (HostOutcome.UNREACHABLE, HostOutcome.SKIPPED)
    ]
    if not touched or not isinstance(work, PlaybookWork) or work.rollback is None:
        return True
    stopped = any(turn.batch == planned.batch or turn.scope is RollbackScope.RUN for turn in run.record.turns)
    return stopped and _good(run, planned, Role.ROLLBACK)


def _good(run: MemoryRun, planned: PlannedStep, role: Role) -> bool:
    return any(
        each.state is AttemptState.SUCCEEDED or _decided(run, each, Choice.MARK_DONE)
        for each in _of(run, planned, role)
    )


def _of(run: MemoryRun, planned: PlannedStep, role: Role) -> list[Attempt]:
    place = (planned.batch, planned.step.id, role)
    return [each for each in run.record.attempts if (each.key.batch, each.key.step, each.key.role) == place]


def _planned(run: MemoryRun, attempt: Attempt) -> PlannedStep:
    place = (attempt.key.batch, attempt.key.step)
    return next(planned for planned in run.expansion.steps if (planned.batch, planned.step.id) == place)


def _mutates(run: MemoryRun, key: object) -> bool:
    return any(planned.step.mutating for planned in run.expansion.steps if planned.step.id == getattr(key, "step", ""))


def _same_step(one: Attempt, other: Attempt) -> bool:
    return (one.key.batch, one.key.step) == (other.key.batch, other.key.step)


def _decided(run: MemoryRun, attempt: Attempt, choice: Choice) -> bool:
    key = attempt.key
    return any(
        decision.choice is choice
        and (decision.batch, decision.step, decision.role, decision.number)
        == (key.batch, key.step, key.role, key.number)
        for decision in run.record.decisions
    )


def _continued(run: MemoryRun, question: Question, place: tuple[int, str]) -> bool:
    return any(
        decision.question is question
        and decision.choice is Choice.CONTINUE
        and (decision.batch, decision.step) == place
        for decision in run.record.decisions
    )


TestRunLaws = RunLaws.TestCase
TestRunLaws.settings = settings(max_examples=60, stateful_step_count=30)
