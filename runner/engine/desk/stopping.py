"""Stopping: either person of a run may pause or abort it alone; going on again takes both."""

from __future__ import annotations

from dataclasses import replace

from runner.engine.desk.case import Case
from runner.engine.desk.facts import run_facts
from runner.engine.desk.joint import about_run
from runner.engine.desk.outcomes import run_outcome
from runner.engine.desk.reasons import require_reason
from runner.errors import RefusedError
from runner.model.document import JsonObject
from runner.model.run import RunRecord, RunState, Wish
from runner.rules.moves import ENDED
from runner.rules.statements import abort_content, pause_content
from runner.rules.tags import Tag
from runner.wire.api_request import Outcome
from runner.words import N_


def pause(case: Case) -> Outcome:
    """Ask a run to pause before it begins anything more, and to hold at the next task border."""
    record, reason = _run(case)
    wish = replace(record.wish, pause=True)
    return _wish(case, record, pause_content(record.id, reason), wish, Tag.RUN_PAUSE_ASKED, N_("run {run} is to pause"))


def abort(case: Case) -> Outcome:
    """Ask a run to end its attempt at the next task border and to wait for a decision."""
    record, reason = _run(case)
    wish = replace(record.wish, abort=True)
    return _wish(case, record, abort_content(record.id, reason), wish, Tag.RUN_ABORT_ASKED, N_("run {run} is to stop"))


def _run(case: Case) -> tuple[RunRecord, str]:
    record = case.transaction.runs.get(case.statement.subject)
    if record.state in ENDED or record.state is RunState.CONFIRMING:
        raise RefusedError(
            N_("run {run}: is {state}, there is nothing to stop"),
            rule="state:not-in-progress",
            run=record.id,
            state=record.state.value,
        )
    value = case.statement.content.get("reason")
    return record, require_reason(value if isinstance(value, str) else "")


def _wish(case: Case, record: RunRecord, content: JsonObject, wish: Wish, tag: Tag, message: str) -> Outcome:
    case.require_content(record.id, content)
    case.require_policy(run_facts(case.premises, case.transaction, record))
    case.record(tag, about_run(record))
    wished = replace(case.claim(record), wish=wish)
    case.transaction.runs.save(wished)
    case.wake_after(record.id)
    return run_outcome(case, wished, message)
