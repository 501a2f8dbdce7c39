"""The top three lines: which change, where, which step; whose turn, until when; what follows if nobody acts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from runner.client.wording.run import RUN_MEANINGS
from runner.errors import RunnerError
from runner.model.request import RequestState
from runner.model.run import RunState
from runner.model.statement import StatementKind
from runner.model.time import Window
from runner.wire.api import ServiceStatus, Words
from runner.wire.api_request import Act, RequestShown
from runner.wire.api_run import RunShown
from runner.wire.spoken import spoken
from runner.words import _, current_language
from tui.backend import ChangeRow
from tui.text import (
    Line,
    Meaning,
    Part,
    Present,
    clock,
    error_lines,
    joined,
    left_until,
    line,
    listed,
    minute,
    said,
    window_span,
)

REQUEST_MEANINGS: Final = {
    RequestState.SUBMITTED: Meaning.WAIT,
    RequestState.APPROVED: Meaning.GOOD,
    RequestState.REJECTED: Meaning.BAD,
}
OVER: Final = frozenset({RunState.CLOSED, RunState.LAPSED, RunState.NOT_ACCEPTED})
"""Nothing more happens to such a run."""

Top = tuple[Line, Line, Line]


def top_of_unreached(error: RunnerError | None, present: Present) -> Top:
    """While the service was never reached; `error` says why not, and what to do about it."""
    first = line(_("connecting to the service…"), Meaning.WAIT)
    if error is None:
        return first, Line(), Line()
    why, *advice = error_lines(error, present)
    again = line(_("otherwise: it is tried again and again; no run is affected"))
    return first, why, joined((*(advice[-1].parts if error.hint else ()), *again.parts))


def top_of_nothing(status: ServiceStatus) -> Top:
    """While no change is selected."""
    place = joined((place_part(status), Part(status.site, Meaning.STRONG)))
    return (
        place,
        line(_("no change is selected"), Meaning.FAINT),
        line(_("otherwise: nothing happens by itself"), Meaning.FAINT),
    )


def top_of_unread(subject: str, status: ServiceStatus) -> Top:
    """While a change or a run was chosen and is not read yet."""
    first = joined((place_part(status), Part(subject, Meaning.STRONG)))
    return first, line(_("not read yet"), Meaning.WAIT), Line()


def not_live(top: Top, since: datetime, present: Present) -> Top:
    """The same top lines, marked as no longer kept up to date."""
    first, second, third = top
    mark = Part(" " + _("NOT LIVE, as of {time}").format(time=clock(since, present)) + " ", Meaning.ALARM)
    return first, Line((mark, Part("  "), *second.parts)), third


def top_of_change(
    row: ChangeRow,
    shown: RequestShown | None,
    status: ServiceStatus,
    present: Present,
    decision_by: datetime | None = None,
) -> Top:
    """Of a change that is looked at; `shown` is None until it was read in full."""
    request = row.request
    first = joined(
        (
            place_part(status),
            Part(request.number, Meaning.STRONG),
            state_part(row),
            _revision(request.revision),
            Part(_title(request.title_en, request.title_zh)),
        )
    )
    by_window = row.act is not None and request.window is not None and row.act.until == request.window.closes
    turn = turn_part(replace(row.act, until=None) if row.act and by_window else row.act, present)
    over = row.act is None and (row.run is None or row.run.state in OVER)
    second = joined((turn, *_window_parts(request.window, decision_by, present, over=over)))
    return first, second, otherwise_line(shown.otherwise if shown else None, present)


def top_of_run(shown: RunShown, status: ServiceStatus, present: Present) -> Top:
    """Of a run."""
    row = shown.row
    first = joined(
        (
            production_part(status.environment, production=row.production),
            Part(row.id, Meaning.STRONG),
            Part(spoken(row.state.value), RUN_MEANINGS.get(row.state, Meaning.STRONG)),
            _step_part(shown),
            Part(row.title.in_language(current_language())),
        )
    )
    over = row.ended_at is not None
    window = _window_parts(row.window, shown.rollback_decision_by, present, over=over)
    second = joined((_turn_of_run(shown, present), *window))
    return first, second, otherwise_line(shown.otherwise, present)


def place_part(status: ServiceStatus) -> Part:
    """Production or not, by name."""
    return production_part(status.environment, production=status.production)


def production_part(environment: str, *, production: bool) -> Part:
    """Production or not, by name."""
    if production:
        return Part(" " + _("PRODUCTION {environment}").format(environment=environment) + " ", Meaning.ALARM)
    return Part(_("{environment}, not production").format(environment=environment), Meaning.FAINT)


def state_part(row: ChangeRow) -> Part:
    """The state of a change: that of its run while there is one, else that of the request."""
    if row.run is not None:
        return Part(spoken(row.run.state.value), RUN_MEANINGS.get(row.run.state, Meaning.STRONG))
    return Part(spoken(row.request.state.value), REQUEST_MEANINGS.get(row.request.state, Meaning.FAINT))


def turn_part(act: Act | None, present: Present) -> Part:
    """Whose turn it is, for what, and for how long."""
    if act is None:
        return Part(_("nobody's turn"), Meaning.FAINT)
    people = listed(act.people) or _("nobody who may")
    what = _("turn: {people} ({what})").format(people=people, what=act_word(act))
    if act.until:
        what = _("{what}, {left}").format(what=what, left=left_until(act.until, present))
    return Part(what, Meaning.WAIT)


def act_word(act: Act) -> str:
    """What a signature does, in a word; a grant is approved as a change is."""
    kind = StatementKind.APPROVE if act.kind is StatementKind.GRANT else act.kind
    return spoken(kind.value)


def _turn_of_run(shown: RunShown, present: Present) -> Part:
    if shown.act is None and shown.row.state not in OVER:
        return Part(_("nobody's turn: it goes on by itself"), Meaning.STRONG)
    return turn_part(shown.act, present)


def otherwise_line(sentence: Words | None, present: Present) -> Line:
    """What happens if nobody presses anything."""
    if sentence is None:
        return Line()
    return Line((Part(_("otherwise: {sentence}").format(sentence=said(sentence, present))),), indent=2)


def _title(english: str, chinese: str) -> str:
    return chinese if current_language() == "zh" else english


def _revision(revision: int) -> Part | None:
    return Part(_("revision {number}").format(number=revision)) if revision > 1 else None


def _step_part(shown: RunShown) -> Part | None:
    """Which step of how many; a step counts once for each batch."""
    if shown.current is None:
        return None
    batch, step = shown.current
    places = [(entry.batch, entry.id) for entry in shown.steps]
    if shown.current not in places:
        return Part(step, Meaning.STRONG)
    place = _("step {place}/{count} {step}").format(place=places.index(shown.current) + 1, count=len(places), step=step)
    if len(shown.batches) > 1 and 0 < batch <= len(shown.batches):
        place = listed((place, _("batch {batch}/{count}").format(batch=batch, count=len(shown.batches))))
    return Part(place, Meaning.STRONG)


def _window_parts(
    window: Window | None, decision_by: datetime | None, present: Present, *, over: bool = False
) -> tuple[Part | None, ...]:
    if window is None:
        return (Part(_("no window needed"), Meaning.FAINT),)
    if over:
        return ()
    closes = minute(window.closes, present)
    if present.now >= window.closes:
        return (Part(_("WINDOW CLOSED {closes}").format(closes=closes), Meaning.BAD),)
    if present.now >= window.opens:
        told = [Part(_("window to {closes}").format(closes=closes))]
    else:
        told = [Part(_("window {span}").format(span=window_span(window, present)))]
    if decision_by is not None:
        late = present.now >= decision_by
        by = _("rollback decision {by}").format(by=minute(decision_by, present))
        told.append(Part(by, Meaning.BAD if late else Meaning.PLAIN))
    return tuple(told)
