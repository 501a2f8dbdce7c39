"""What a move changes in a run's record, and what the log says of it. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from runner.engine.journal import about_attempt, about_run, service_entry
from runner.model.document import JsonObject
from runner.model.log import Entry
from runner.model.run import RunRecord
from runner.rules.move import Begin, Finish, Move, TurnBack, WaitAttempt, WaitPeople
from runner.rules.moves import ENDED
from runner.rules.tags import Tag
from runner.rules.windows import overrun


def record_after(record: RunRecord, move: Move, now: datetime) -> RunRecord:
    """The record once a move is carried out; attempts are recorded by their own writes."""
    if isinstance(move, WaitPeople):
        waits_already = (record.state, record.question, record.waiting_at) == (move.state, move.question, move.at)
        since = record.waiting_since if waits_already else now
        return replace(record, state=move.state, question=move.question, waiting_at=move.at, waiting_since=since)
    free = replace(record, state=move.state, question=None, waiting_at=None, waiting_since=None)
    if isinstance(move, TurnBack):
        return replace(free, turns=(*record.turns, move.turn))
    if isinstance(move, Finish) and record.ended_at is None:
        return replace(free, ended_at=now)
    return free


def entries_of(before: RunRecord, after: RunRecord, move: Move, now: datetime) -> list[Entry]:
    """What the log says when a move is carried out."""
    about = about_run(after)
    entries: list[Entry] = []
    if isinstance(move, TurnBack):
        turn = move.turn
        told: JsonObject = {"cause": turn.cause.value, "scope": turn.scope.value, "failed": list(turn.failed)}
        turned = replace(about, batch=turn.batch, step=turn.step)
        entries.append(service_entry(Tag.RUN_TURNED_BACK, turned, now, told))
    if before.state is not after.state:
        change: JsonObject = {"from": before.state.value, "to": after.state.value, "why": _why(move)}
        entries.append(service_entry(Tag.RUN_MOVED, about, now, change))
    if isinstance(move, WaitPeople) and move.question and before.waiting_since != after.waiting_since:
        asked = about_attempt(move.at, after.request)
        choices: JsonObject = {"question": move.question.value, "choices": [choice.value for choice in move.choices]}
        entries.append(service_entry(Tag.RUN_ASKED, asked, now, choices))
    if isinstance(move, Finish) and after.state in ENDED and (seconds := overrun(after, now)):
        entries.append(service_entry(Tag.RUN_OVERRAN, about, now, {"seconds": seconds}))
    if isinstance(move, Begin):
        entries.append(_intent(after, move, now))
    return entries


def _why(move: Move) -> str:
    if isinstance(move, Finish):
        return move.reason
    if isinstance(move, TurnBack):
        return move.turn.cause.value
    if isinstance(move, WaitPeople):
        return move.question.value if move.question else ""
    return str(move.key) if isinstance(move, Begin | WaitAttempt) else ""


def _intent(record: RunRecord, begin: Begin, now: datetime) -> Entry:
    told: JsonObject = {
        "hosts": list(begin.hosts),
        "mutating": begin.mutating,
        "deadline": begin.deadline.isoformat(),
        "check": begin.check,
    }
    return service_entry(Tag.ATTEMPT_INTENDED, about_attempt(begin.key, record.request), now, told)
