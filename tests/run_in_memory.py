"""A run machine that keeps its record in memory and carries out every move at once.

Attempts end, people sign and time passes when the test says so. The laws that hold for every run are checked at every
move.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from runner.model.plan import Role
from runner.model.policy import Policy
from runner.model.run import (
    Attempt,
    AttemptKey,
    AttemptState,
    Choice,
    Decision,
    HostOutcome,
    RunKind,
    RunRecord,
    RunState,
    Wish,
)
from runner.model.time import Window
from runner.rules.expansion import Expansion
from runner.rules.history import open_attempts
from runner.rules.moves import ENDED, Begin, Finish, Move, TurnBack, WaitAttempt, WaitPeople, WaitUntil, next_move
from runner.rules.transitions import require_run_transition
from tests.runbooks import NOON, window

_MOST_MOVES = 50
"""More moves than a machine ever makes in a row."""


class MemoryRun:
    """A run of one plan."""

    def __init__(
        self,
        expansion: Expansion,
        *,
        kind: RunKind = RunKind.CHANGE,
        within: Window | None = None,
        policy: Policy | None = None,
    ) -> None:
        self.expansion = expansion
        self.now = NOON
        self.policy = policy or Policy()
        self.moves: list[Move] = []
        """Every move that was carried out, except repeated waits."""
        self.states: list[tuple[RunState, RunState]] = []
        """Every transition."""
        self.record = RunRecord(
            id="BG-2026-0001/1",
            kind=kind,
            request="BG-2026-0001" if kind is RunKind.CHANGE else "",
            plan="sha256:plan",
            state=RunState.RUNNING,
            epoch=1,
            executor="A",
            confirmer="B",
            created_at=NOON,
            started_at=NOON,
            window=within or window(),
        )

    def advance(self) -> Move:
        """Carry out moves until one is to wait or the run has ended; that one is returned."""
        for _ in range(_MOST_MOVES):
            move = next_move(self.expansion, self.record, self.now, self.policy)
            assert move == next_move(self.expansion, self.record, self.now, self.policy)
            if not self.moves or move != self.moves[-1]:
                self.moves.append(move)
            self._apply(move)
            if isinstance(move, WaitAttempt | WaitPeople | WaitUntil | Finish):
                return move
        raise AssertionError(f"no end of moves: {self.moves[-4:]}")

    def asked(self) -> WaitPeople:
        """What the run waits for people with."""
        move = self.advance()
        assert isinstance(move, WaitPeople), move
        return move

    def attempt(self) -> Attempt:
        """The attempt in progress, begun if it is due."""
        self.advance()
        return next(open_attempts(self.record))

    def done(self) -> list[str]:
        """Every attempt in order, as `batch/step.role`."""
        keys = (attempt.key for attempt in self.record.attempts)
        return [f"{key.batch}/{key.step}.{key.role}" for key in keys]

    def end(
        self,
        state: AttemptState = AttemptState.SUCCEEDED,
        outcomes: Mapping[str, HostOutcome] | None = None,
        settled: Mapping[str, str] | None = None,
    ) -> None:
        """Let the attempt in progress end so; it is begun if none is."""
        attempt = next(open_attempts(self.record), None) or self.attempt()
        usual = dict.fromkeys(attempt.hosts, _USUAL[state, attempt.mutating])
        ended = replace(
            attempt,
            state=state,
            ended_at=self.now,
            outcomes={} if state is AttemptState.NEVER_BEGUN else {**usual, **(outcomes or {})},
            settled=settled or {},
        )
        attempts = tuple(ended if each.key == attempt.key else each for each in self.record.attempts)
        self.record = replace(self.record, attempts=attempts)

    def run_until(self, step: str, role: Role = Role.DO) -> Attempt:
        """Let everything succeed until an attempt of that step and role is in progress."""
        for _ in range(_MOST_MOVES):
            attempt = self.attempt()
            if (attempt.key.step, attempt.key.role) == (step, role):
                return attempt
            self.end()
        raise AssertionError(f"{step}.{role} did not come")

    def run_out(self) -> Move:
        """Let everything succeed until the run waits for people or has ended."""
        for _ in range(_MOST_MOVES):
            move = self.advance()
            if isinstance(move, WaitUntil):
                self.now = move.instant
            elif isinstance(move, WaitAttempt):
                self.end()
            else:
                return move
        raise AssertionError("no end of attempts")

    def decide(self, choice: Choice) -> None:
        """Two people decide what the run asks."""
        asked = self.asked()
        assert asked.question is not None
        assert choice in asked.choices, asked
        at = asked.at
        decision = Decision(asked.question, choice, at.batch, at.step, at.role, at.number, self.now)
        self.record = replace(
            self.record,
            decisions=(*self.record.decisions, decision),
            wish=Wish(),
            question=None,
            waiting_at=None,
            waiting_since=None,
        )

    def pass_gate(self) -> None:
        """Two people sign the gate the run waits at."""
        at = self.asked().at
        assert self.record.state is RunState.AT_GATE
        self.record = replace(self.record, gates=(*self.record.gates, (at.batch, at.step)))

    def sign_sheet(self) -> None:
        """Two people sign the sheet the run waits for."""
        at = self.asked().at
        assert self.record.state is RunState.AT_SHEET
        name = f"{at.batch}/{at.step}" + ("" if at.role is Role.DO else f".{at.role}")
        self.record = replace(self.record, sheets={**self.record.sheets, name: {}})

    def wish(self, *, pause: bool = False, abort: bool = False) -> None:
        """One person asks for this."""
        wish = self.record.wish
        self.record = replace(self.record, wish=Wish(wish.pause or pause, wish.abort or abort))

    def pass_time(self, **span: float) -> datetime:
        """Let time pass, as `timedelta` takes it."""
        self.now += timedelta(**span)
        return self.now

    def _apply(self, move: Move) -> None:
        before = self.record
        if isinstance(move, Begin):
            self._begin(move)
        if isinstance(move, WaitPeople):
            place = (move.state, move.question, move.at)
            if place != (before.state, before.question, before.waiting_at):
                self.record = replace(self.record, waiting_since=self.now)
            self.record = replace(self.record, question=move.question, waiting_at=move.at)
        else:
            self.record = replace(self.record, question=None, waiting_at=None, waiting_since=None)
        if isinstance(move, TurnBack):
            self.record = replace(self.record, turns=(*before.turns, move.turn))
        self._enter(move.state)

    def _begin(self, move: Begin) -> None:
        assert self.record.state not in ENDED, "nothing begins after the end"
        assert not list(open_attempts(self.record)), "one attempt at a time"
        assert move.hosts
        assert move.deadline > self.now
        same = [attempt.key for attempt in self.record.attempts if _place(attempt.key) == _place(move.key)]
        assert move.key.number == len(same) + 1
        attempt = Attempt(move.key, AttemptState.INTENDED, move.mutating, move.hosts, self.now, move.deadline)
        self.record = replace(self.record, attempts=(*self.record.attempts, attempt))

    def _enter(self, state: RunState) -> None:
        if state is not self.record.state:
            require_run_transition(self.record.state, state)
            self.states.append((self.record.state, state))
            ended = self.now if state in ENDED else None
            self.record = replace(self.record, state=state, ended_at=ended)


def _place(key: AttemptKey) -> tuple[int, str, Role]:
    return key.batch, key.step, key.role


_USUAL = {
    (AttemptState.SUCCEEDED, True): HostOutcome.CHANGED,
    (AttemptState.SUCCEEDED, False): HostOutcome.OK,
    (AttemptState.FAILED, True): HostOutcome.FAILED,
    (AttemptState.FAILED, False): HostOutcome.FAILED,
    (AttemptState.UNKNOWN, True): HostOutcome.UNKNOWN,
    (AttemptState.UNKNOWN, False): HostOutcome.UNKNOWN,
    (AttemptState.CANCELLED, True): HostOutcome.STOPPED,
    (AttemptState.CANCELLED, False): HostOutcome.STOPPED,
    (AttemptState.NEVER_BEGUN, True): HostOutcome.STOPPED,
    (AttemptState.NEVER_BEGUN, False): HostOutcome.STOPPED,
}
"""What becomes of a host, unless the test says otherwise, by the attempt's state and whether it is mutating."""
