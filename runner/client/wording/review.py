"""The after-review of an emergency in words: owed by whom and until when, or what it came to."""

from __future__ import annotations

from collections.abc import Iterator

from runner.client.wording.line import Meaning, Told, listed, told
from runner.client.wording.present import Present, clock
from runner.model.review import ReviewState
from runner.wire.api_request import Act, ReviewShown
from runner.words import _


def review_told(review: ReviewShown, present: Present) -> Iterator[Told]:
    """Everything about one after-review."""
    if review.state is ReviewState.DONE:
        yield from _done(review, present)
        return
    people = listed(review.act.people if review.act else ()) or _("nobody who may")
    due = clock(review.due, present)
    if review.state is ReviewState.OVERDUE:
        text = _("OVERDUE since {due}, escalated: other changes of the unit do not start; by: {people}")
        yield told(_("after-review"), text.format(due=due, people=people), Meaning.ALARM)
    else:
        text = _("owed until {due}, by: {people}")
        yield told(_("after-review"), text.format(due=due, people=people), Meaning.WAIT)
    if review.act is not None and review.act.signed:
        yield told("", _first(review.act, people), Meaning.WAIT)


def _done(review: ReviewShown, present: Present) -> Iterator[Told]:
    text = _("done {at}, by {people}").format(at=clock(review.done_at, present), people=listed(review.reviewers))
    yield told(_("after-review"), text, Meaning.GOOD)
    if review.deviation:
        yield told("", _("DEVIATION: reviewed by people who took part, since there were no others"), Meaning.BAD)
    verdict = review.verdict
    if verdict is None:
        return
    for finding in verdict.findings:
        yield told(_("finding"), finding)
    yield told(_("conclusion"), verdict.conclusion)
    if verdict.permanent_fix:
        yield told(_("permanent fix"), verdict.permanent_fix)


def _first(act: Act, people: str) -> str:
    """What the first reviewer has signed, and who still has to."""
    stated = str((act.content or {}).get("conclusion", ""))
    return _("{signed} has signed: {stated}; {people} still has to sign the same").format(
        signed=listed(act.signed), stated=stated, people=people
    )
