"""What follows from a signed result, in words: configuration record, business verification, trial, acceptance."""

from __future__ import annotations

from collections.abc import Iterator

from runner.client.wording.line import Meaning, Told, listed, told
from runner.client.wording.present import Present, clock, left_until
from runner.model.result import ResultRecord
from runner.wire.spoken import spoken
from runner.words import _


def result_told(result: ResultRecord, present: Present) -> Iterator[Told]:
    """Everything about one result beyond what was achieved."""
    said = result.achievement
    record = spoken(said.configuration.value)
    if said.reference:
        record = _("{state}: {reference}").format(state=record, reference=said.reference)
    yield told(_("configuration record"), record)
    yield from _verified(result, present)
    yield from _on_trial(result, present)
    if result.dispute is not None:
        yield told(_("not accepted"), result.dispute.reason, Meaning.BAD)
        yield from _follow_up(result.dispute.follow_up)


def _verified(result: ResultRecord, present: Present) -> Iterator[Told]:
    if result.business and not result.verifications:
        yield told(_("business"), _("not yet verified"), Meaning.WAIT)
    for each in result.verifications:
        found = each.found
        text = (
            _("accepted by {person}, {at}: {verified}")
            if found.accepted
            else _("NOT accepted by {person}, {at}: {verified}")
        )
        stated = text.format(person=each.person, at=clock(each.at, present), verified=found.verified)
        yield told(_("business"), stated, Meaning.GOOD if found.accepted else Meaning.BAD)
        for finding in found.findings:
            yield told(_("finding"), finding)


def _on_trial(result: ResultRecord, present: Present) -> Iterator[Told]:
    if result.trial_ends is None:
        return
    ends = clock(result.trial_ends, present)
    if result.is_overdue(present.now):
        yield told(_("trial"), _("over since {ends}: its acceptance is OVERDUE").format(ends=ends), Meaning.ALARM)
    elif result.done_at is None:
        left = left_until(result.trial_ends, present)
        yield told(_("trial"), _("until {ends}, {left}").format(ends=ends, left=left), Meaning.WAIT)
    else:
        yield told(_("trial"), _("until {ends}").format(ends=ends))
    said = result.acceptance
    if said is not None:
        people = listed([signature.person for signature in result.signatures])
        text = _("accepted by {people}: {conclusion}") if said.accepted else _("NOT accepted by {people}: {conclusion}")
        meaning = Meaning.GOOD if said.accepted else Meaning.BAD
        yield told(_("acceptance"), text.format(people=people, conclusion=said.conclusion), meaning)
        yield from _follow_up(said.follow_up)


def _follow_up(number: str) -> Iterator[Told]:
    if number:
        yield told(_("follow-up"), number)
