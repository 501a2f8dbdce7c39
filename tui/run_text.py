"""A run in rows: every step of every batch with its state, time and hosts, and what is undone, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from runner.client.wording.matter import UNDOING
from runner.client.wording.run import (
    ATTEMPT_MEANINGS,
    OPEN,
    STEP_MEANINGS,
    UNWELL,
    attempt_name,
    batch_name,
    numbers_of,
    step_name,
    time_taken,
)
from runner.model.run import Attempt
from runner.wire.api_run import RunShown, StepShown, StepState
from runner.wire.spoken import spoken
from runner.words import N_, _
from tui.host_board import AT_WORK, HostBoard
from tui.rows import Column, Row
from tui.text import Meaning, Part, Present, label, listed

COLUMNS: Final = (
    Column(N_("step"), 22, grows=True),
    Column(N_("state"), 16),
    Column(N_("time"), 14, priority=1),
)
FEW_HOSTS: Final = 12
"""Up to so many hosts of a step are shown without being asked for; of more, only those that are not well."""

HOST_MEANINGS: Final = {
    "ok": Meaning.GOOD,
    "changed": Meaning.GOOD,
    "failed": Meaning.BAD,
    "unreachable": Meaning.BAD,
    "stopped": Meaning.BAD,
    "unknown": Meaning.ALARM,
    "skipped": Meaning.FAINT,
    AT_WORK: Meaning.STRONG,
}
_TELLING: Final = (StepState.FAILED, StepState.UNKNOWN)


def step_key(batch: int, step: str) -> str:
    """Key of a step's row."""
    return f"step:{batch}/{step}"


def undo_key(batch: int, step: str) -> str:
    """Key of the row of a step's undoing."""
    return f"undo:{batch}/{step}"


def current_key(shown: RunShown) -> str | None:
    """Key of the row where the run is."""
    if shown.current is None:
        return None
    batch, step = shown.current
    entry = next((entry for entry in shown.steps if (entry.batch, entry.id) == shown.current), None)
    if entry is not None and any(attempt.key.role in UNDOING for attempt in entry.attempts):
        return undo_key(batch, step)
    return step_key(batch, step)


def step_rows(shown: RunShown, board: HostBoard, opened: frozenset[str], present: Present) -> tuple[Row, ...]:
    """The whole run as a tree; `opened` are keys of the rows a person has opened."""
    rows: list[Row] = []
    several = len(shown.batches) > 1
    numbers = numbers_of(shown)
    batch = -1
    for step in shown.steps:
        if several and step.batch != batch:
            rows.append(_batch_row(shown, step.batch))
        batch = step.batch
        rows.append(_step_row(step, numbers, present))
        if _is_telling(shown, step) or step_key(step.batch, step.id) in opened:
            rows += _below(_forward(step), board, present, everything=step_key(step.batch, step.id) in opened)
    rows += _undo_rows(shown, board, opened, present)
    return tuple(rows)


def _batch_row(shown: RunShown, batch: int) -> Row:
    return Row(f"batch:{batch}", (Part(batch_name(shown, batch), Meaning.STRONG),))


def _step_row(step: StepShown, numbers: dict[str, int], present: Present) -> Row:
    attempts = _forward(step)
    return Row(
        step_key(step.batch, step.id),
        (
            Part(f"{numbers[step.id]}. {step_name(step)}"),
            Part(spoken(step.state.value), STEP_MEANINGS.get(step.state, Meaning.STRONG)),
            Part(time_taken(attempts, present.now), Meaning.FAINT),
        ),
    )


def _undo_rows(shown: RunShown, board: HostBoard, opened: frozenset[str], present: Present) -> Iterator[Row]:
    """What is undone, the newest first; nothing while the run goes forward."""
    undone = [step for step in reversed(shown.steps) if any(attempt.key.role in UNDOING for attempt in step.attempts)]
    if not undone:
        return
    yield Row("undo", (Part(_("rollback, newest first"), Meaning.BAD),))
    for step in undone:
        attempts = tuple(attempt for attempt in step.attempts if attempt.key.role in UNDOING)
        state = step.state.value
        key = undo_key(step.batch, step.id)
        text = _("undo {step}: {play}").format(step=step.id, play=step.rollback)
        yield Row(
            key,
            (
                Part(text),
                Part(spoken(state), STEP_MEANINGS.get(step.state, Meaning.STRONG)),
                Part(time_taken(attempts, present.now), Meaning.FAINT),
            ),
        )
        if key in opened or _is_telling(shown, step):
            yield from _below(attempts, board, present, everything=key in opened)


def _is_telling(shown: RunShown, step: StepShown) -> bool:
    """Whether a step shows its hosts without being asked: the run is there, or something is wrong with it."""
    return step.state in _TELLING or (
        shown.current == (step.batch, step.id) and any(attempt.state in OPEN for attempt in step.attempts)
    )


def _below(attempts: tuple[Attempt, ...], board: HostBoard, present: Present, *, everything: bool) -> Iterator[Row]:
    """Attempts of a step and the hosts of the last of them."""
    for attempt in attempts if everything else attempts[-1:]:
        yield _attempt_row(attempt, board, present)
        if attempt is attempts[-1]:
            yield from _host_rows(attempt, board, everything=everything)


def _attempt_row(attempt: Attempt, board: HostBoard, present: Present) -> Row:
    name = "   " + attempt_name(attempt.key.role.value, attempt.key.number)
    tasks = board.tasks_of(attempt)
    if tasks and attempt.state in OPEN:
        name = listed((name, _("task {number}").format(number=tasks)))
    if attempt.reason:
        name = label(name) + attempt.reason
    meaning = ATTEMPT_MEANINGS.get(attempt.state, Meaning.PLAIN)
    return Row(
        f"attempt:{attempt.key}",
        (
            Part(name, {Meaning.GOOD: Meaning.FAINT, Meaning.ALARM: Meaning.BAD}.get(meaning, meaning)),
            Part(spoken(attempt.state.value), meaning),
            Part(time_taken((attempt,), present.now), Meaning.FAINT),
        ),
    )


def _host_rows(attempt: Attempt, board: HostBoard, *, everything: bool) -> Iterator[Row]:
    now = board.hosts_of(attempt)
    shown = attempt.hosts
    if len(shown) > FEW_HOSTS and not everything:
        shown = tuple(host for host in shown if attempt.outcomes.get(host) in UNWELL)
        counts = _counts(attempt)
        yield Row(f"hosts:{attempt.key}", (Part(f"     {counts}", Meaning.FAINT),))
    for host in shown:
        outcome = attempt.outcomes.get(host)
        seen = now.get(host)
        word = outcome.value if outcome else seen.word if seen else ""
        task = f"  {seen.task}" if seen and seen.task else ""
        yield Row(
            f"host:{attempt.key}/{host}",
            (
                Part(f"     {host}{task}"),
                Part(spoken(word) if word else "-", HOST_MEANINGS.get(word, Meaning.FAINT)),
                Part(""),
            ),
        )


def _counts(attempt: Attempt) -> str:
    """How many hosts ended how."""
    counts: dict[str, int] = {}
    for outcome in attempt.outcomes.values():
        counts[outcome.value] = counts.get(outcome.value, 0) + 1
    told = listed(f"{count} {spoken(word)}" for word, count in counts.items())
    return _("{count} hosts: {told}").format(count=len(attempt.hosts), told=told or _("at work"))


def _forward(step: StepShown) -> tuple[Attempt, ...]:
    return tuple(attempt for attempt in step.attempts if attempt.key.role not in UNDOING)
