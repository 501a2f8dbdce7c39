"""From what a person wants to sign to the exact content, by the one set of drafts that commands use too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from runner.client import drafts, granting, handing
from runner.client.drafts import Draft
from runner.model.grant import Leave, concerns
from runner.model.plan import Plan
from runner.wire.api_people import LeavingShown
from runner.wire.api_request import RequestShown
from runner.wire.api_run import RunShown
from tui.backend import BackendRegister, PlanShown
from tui.intents import (
    Abort,
    AboutGrant,
    AboutRequest,
    AboutRun,
    Accept,
    Apply,
    Approve,
    ApproveGrant,
    Close,
    Confirm,
    Decide,
    DenyGrant,
    HandOver,
    InspectGrant,
    Intent,
    PassGate,
    Pause,
    Reject,
    RetractGrant,
    Revoke,
    SignSheet,
    Start,
    TakeOver,
    Verify,
    Withdraw,
)


class Records(Protocol):
    """Where changes, plans, runs and grants are read; plans come verified."""

    @property
    def register(self) -> BackendRegister: ...

    def change(self, number: str) -> RequestShown: ...

    def plan(self, digest: str) -> PlanShown: ...

    def run(self, run: str) -> RunShown: ...


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft, and what must be known before it is signed: the hosts it is about, what ends with it."""

    draft: Draft
    hosts: tuple[str, ...]
    leaving: LeavingShown | None = None
    """What ends and what stays open when whom it is about leaves."""


def draft_of(intent: Intent, records: Records, now: datetime, origin: str) -> Drafted:
    """The draft of an intent, from records read now.

    Args:
        intent: what is wanted.
        records: where to read.
        now: the present.
        origin: the log's; what an application is about.

    Raises:
        VerificationError: the plan is not what its digests say, or not the one the request names.
        RefusedError: nothing of the kind is waited for.
    """
    if isinstance(intent, AboutRequest):
        return _about_request(intent, records, now)
    if isinstance(intent, Apply):
        leaves = isinstance(intent.grant, Leave)
        leaving = records.register.leaving(concerns(intent.grant)) if leaves else None
        return Drafted(granting.apply(intent.grant, intent.reason, origin), (), leaving)
    if isinstance(intent, AboutGrant):
        return Drafted(_about_grant(intent, records), ())
    return _about_run(intent, records)


def _about_request(intent: AboutRequest, records: Records, now: datetime) -> Drafted:
    shown = records.change(intent.number)
    plan = records.plan(shown.request.plan).plan
    drafts.require_same_plan(shown, plan)
    wanted = shown.request
    match intent:
        case Approve():
            draft = drafts.approve(wanted, now, timedelta(seconds=shown.approval_valid_for))
        case Reject(reason=reason):
            draft = drafts.reject(wanted, reason)
        case Withdraw(reason=reason):
            draft = drafts.withdraw(wanted, reason)
        case Revoke(reason=reason):
            draft = drafts.revoke(wanted, reason)
        case Start():
            draft = drafts.start(wanted)
    return Drafted(draft, _hosts(plan))


def _about_run(intent: AboutRun, records: Records) -> Drafted:
    shown = records.run(intent.run)
    hosts = tuple(host for batch in shown.batches for host in batch)
    match intent:
        case Confirm():
            request = records.change(shown.row.request)
            plan = records.plan(shown.plan).plan
            drafts.require_same_plan(request, plan)
            draft = drafts.confirm(shown, request.request)
        case PassGate():
            draft = drafts.gate(shown)
            hosts = next((step.hosts for step in shown.steps if (step.batch, step.id) == shown.current), hosts)
        case SignSheet(readings=readings):
            draft = drafts.sheet(shown, readings)
        case Decide(choice=choice, reason=reason):
            draft = drafts.decide(shown, choice, reason)
        case Pause(reason=reason):
            draft = drafts.pause(shown.row.id, reason)
        case Abort(reason=reason):
            draft = drafts.abort(shown.row.id, reason)
        case HandOver() | TakeOver():
            draft = _handing(intent, shown)
        case Close() | Verify() | Accept():
            draft = _result(intent, shown)
    return Drafted(draft, hosts)


def _handing(intent: HandOver | TakeOver, shown: RunShown) -> Draft:
    match intent:
        case HandOver(giver=giver, taker=taker, reason=reason):
            return handing.hand_over(shown, giver, taker, reason)
        case TakeOver():
            return handing.take_over(shown)


def _result(intent: Close | Verify | Accept, shown: RunShown) -> Draft:
    match intent:
        case Close(said=said):
            return drafts.close(shown, said)
        case Verify(found=found):
            return drafts.verify(shown, found)
        case Accept(said=ending):
            return drafts.accept(shown, ending, "")


def _about_grant(intent: AboutGrant, records: Records) -> Draft:
    record = granting.grant_record(records.register.grant(intent.number).row)
    match intent:
        case ApproveGrant():
            return granting.grant(record)
        case DenyGrant(reason=reason):
            return granting.deny(record, reason)
        case RetractGrant(reason=reason):
            return granting.retract(record, reason)
        case InspectGrant():
            return granting.inspect(record)


def _hosts(plan: Plan) -> tuple[str, ...]:
    return tuple(host.name for host in plan.binding.hosts)
