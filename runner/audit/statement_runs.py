"""Steps 2.8 and 2.9 of the procedure: whose a run is at each of its statements, and the terminal a statement names."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from runner.audit.steps import StepError
from runner.model.people import Register
from runner.model.run import Part
from runner.model.statement import Statement, StatementKind
from runner.words import N_

_BY_TWO: Final = frozenset({StatementKind.GATE, StatementKind.SHEET, StatementKind.DECIDE, StatementKind.CLOSE})
_BY_ONE: Final = frozenset({StatementKind.PAUSE, StatementKind.ABORT})


@dataclass(frozen=True, slots=True)
class _People:
    """Whose a run is; the offers that wait for their takers."""

    executor: str
    confirmer: str
    offers: dict[tuple[str, str, str, str], str] = field(default_factory=dict)
    """By part, giver, taker and reason: who signed for the giver's side."""


class RunBook:
    """The two people of every run, followed from its confirmation through every hand-over."""

    def __init__(self) -> None:
        self._starts: dict[str, str] = {}
        self._runs: dict[str, _People] = {}
        self._standing: set[str] = set()
        """Requests that have a run under a standing approval."""

    def follow(self, id: str, statement: Statement) -> None:
        """Look at the next good statement.

        Raises:
            StepError: somebody signed who was not one of the run's two people then, or a hand-over is none (2.8).
        """
        if statement.kind is StatementKind.START:
            self._starts[id] = statement.person
            if "standing" in statement.content:
                self._standing.add(statement.subject)
        elif statement.kind is StatementKind.CONFIRM:
            self._begin(id, statement)
        elif statement.kind is StatementKind.HAND_OVER:
            self._hand_over(id, statement)
        elif statement.subject.rpartition("/")[0] in self._standing and statement.subject not in self._runs:
            return  # under a standing approval whichever two may sign; that is the policy's
        elif statement.kind in _BY_TWO or (statement.kind in _BY_ONE and statement.subject in self._runs):
            people = self._of(id, statement)
            if statement.person not in (people.executor, people.confirmer):
                raise _not_of_run(id, statement)

    def _begin(self, id: str, statement: Statement) -> None:
        executor = self._starts.get(str(statement.content.get("start")))
        if executor is None or executor != statement.content.get("executor") or executor == statement.person:
            raise StepError(
                N_("statement {statement}: it confirms run {run}, which nobody else has started"),
                step="2.8",
                statement=id,
                run=statement.subject,
            )
        self._runs[statement.subject] = _People(executor, statement.person)

    def _hand_over(self, id: str, statement: Statement) -> None:
        people, content = self._of(id, statement), statement.content
        part, giver, taker = (str(content.get(name)) for name in ("part", "giver", "taker"))
        now = {Part.EXECUTOR.value: people.executor, Part.CONFIRMER.value: people.confirmer}
        if now.get(part) != giver or taker in now.values():
            raise _not_of_run(id, statement)
        offer = (part, giver, taker, str(content.get("reason")))
        if statement.person != taker:
            if statement.person != giver and statement.person in now.values():
                raise _not_of_run(id, statement)
            people.offers[offer] = statement.person
            return
        if offer not in people.offers:
            raise _not_of_run(id, statement)
        changed = (
            replace(people, executor=taker, offers={})
            if part == Part.EXECUTOR
            else replace(people, confirmer=taker, offers={})
        )
        self._runs[statement.subject] = changed

    def _of(self, id: str, statement: Statement) -> _People:
        people = self._runs.get(statement.subject)
        if people is None:
            raise StepError(
                N_("statement {statement}: nobody has confirmed run {run}"),
                step="2.8",
                statement=id,
                run=statement.subject,
            )
        return people


def require_registered(id: str, statement: Statement, register: Register) -> None:
    """Refuse a statement that names a terminal which was not registered then (2.9).

    Raises:
        StepError: it does.
    """
    if statement.terminal and statement.terminal not in register.terminals:
        raise StepError(
            N_("statement {statement}: terminal {terminal} was not registered then"),
            step="2.9",
            statement=id,
            terminal=statement.terminal,
        )


def _not_of_run(id: str, statement: Statement) -> StepError:
    return StepError(
        N_("statement {statement}: {person} could not sign this about run {run} then"),
        step="2.8",
        statement=id,
        person=statement.person,
        run=statement.subject,
    )
