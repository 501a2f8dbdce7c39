"""Policies that take effect later in words, and the approvals that start nothing any more from then on (PCIS-32)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from runner.client.wording.line import Meaning, Told, told
from runner.client.wording.present import Present, in_full
from runner.wire.api_people import ApprovalInUse, ComingPolicy, PolicyShown
from runner.words import _


def coming_told(shown: PolicyShown, present: Present) -> Iterator[Told]:
    """Each policy to come, with what lapses on its day."""
    for coming in shown.coming:
        yield told(_("takes effect"), coming_text(coming, present), Meaning.WAIT)
        for text in lapsing_texts(shown.approvals, coming.at, present):
            yield told("", text, Meaning.WAIT)


def coming_text(coming: ComingPolicy, present: Present) -> str:
    """A policy to come: when, which, by which grant."""
    version = _("version {version}").format(version=coming.version) if coming.version is not None else coming.digest
    return _("{at}: policy {name}, {version} (grant {number})").format(
        at=in_full(coming.at, present.zone), name=coming.name, version=version, number=coming.number
    )


def lapsing_texts(approvals: Iterable[ApprovalInUse], at: datetime, present: Present) -> Iterator[str]:
    """Approvals that would still be good after an instant from which another policy counts."""
    for approval in approvals:
        if approval.not_after > at:
            yield _("approve again then: {request}, approved by {approver} until {until}").format(
                request=approval.request, approver=approval.approver, until=in_full(approval.not_after, present.zone)
            )
