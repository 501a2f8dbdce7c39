"""Every play a runbook names, with its place and what it is for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runner.model.finding import DocumentPath
from runner.model.plan import Role
from runner.model.runbook import PlaybookWork, PlayRef, Rollback, Runbook, SoakWork, Step


@dataclass(frozen=True, slots=True)
class PlacedPlay:
    """A play as one part of a runbook uses it."""

    role: Role
    play: PlayRef
    path: DocumentPath
    """Place of the mapping that holds `playbook` and `vars`; the short form holds the playbook itself."""
    step: int | None
    """Position of its step; None for the play after all rollback."""

    @property
    def read_only(self) -> bool:
        """Whether it is read-only by kind."""
        return self.role not in {Role.DO, Role.ROLLBACK}


def plays_of(runbook: Runbook) -> tuple[PlacedPlay, ...]:
    """Every play, in the order of the document."""
    placed = [play for position, step in enumerate(runbook.steps) for play in _plays_of_step(position, step)]
    if runbook.after_rollback is not None:
        placed.append(PlacedPlay(Role.HEALTH, runbook.after_rollback, ("after_rollback", "verify"), None))
    return tuple(placed)


def _plays_of_step(position: int, step: Step) -> Iterator[PlacedPlay]:
    here: DocumentPath = ("steps", position)
    work = step.work
    if isinstance(work, SoakWork):
        yield PlacedPlay(Role.SOAK, work.play, (*here, "soak"), position)
    if isinstance(work, PlaybookWork):
        yield PlacedPlay(Role.DO, work.play, here, position)
        if work.verify is not None:
            yield PlacedPlay(Role.VERIFY, work.verify, (*here, "verify"), position)
        if work.settle is not None:
            yield PlacedPlay(Role.SETTLE, work.settle, (*here, "settle"), position)
        if work.rollback is not None:
            yield from _plays_of_rollback(position, work.rollback)


def _plays_of_rollback(position: int, rollback: Rollback) -> Iterator[PlacedPlay]:
    here: DocumentPath = ("steps", position, "rollback")
    yield PlacedPlay(Role.ROLLBACK, rollback.play, here, position)
    if rollback.verify is not None:
        yield PlacedPlay(Role.ROLLBACK_VERIFY, rollback.verify, (*here, "verify"), position)
    if rollback.writes_off is not None:
        yield PlacedPlay(Role.WRITES_OFF, rollback.writes_off, (*here, "writes_off"), position)
