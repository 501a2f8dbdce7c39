"""What a signed result leads to (L13): business verification, trial, acceptance; and who may sign them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from runner.errors import RefusedError, UsageError
from runner.model.people import PersonRole
from runner.model.policy import ClassTerms, Policy
from runner.model.result import ResultRecord
from runner.model.run import AttemptState, RunRecord, RunState
from runner.model.runbook import Family, Risk, Runbook
from runner.model.statement import StatementKind
from runner.model.time import Seconds, to_rfc3339
from runner.model.units import format_duration
from runner.rules import duties
from runner.rules.changing import run_people
from runner.rules.duties import lacks_role
from runner.rules.ruling import Ask, Facts, Ruling, refuse
from runner.words import N_

AFTERWARDS: Final = frozenset({RunState.AWAITING_BUSINESS, RunState.DISPUTED, RunState.ON_TRIAL})
"""States of a run whose result is signed and that is not done: what its rollback needs is kept."""
_Parts = frozenset[PersonRole]
_INFORMATION: Final = frozenset({PersonRole.APPROVER, PersonRole.OPERATOR})
"""Roles of the information department that accept for it."""
_USING: Final = frozenset({PersonRole.BUSINESS_OWNER})
"""Roles of the using department."""


def trial_asked(runbook: Runbook, risk: Risk, asked: int, *, production: bool) -> Seconds:
    """How long a change is on trial, as its request states it; never shorter than its runbook says.

    An upgrade on production has a trial (CO-33); that it has none keeps no emergency from being requested.

    Raises:
        RefusedError: it is shorter than it must be, or missing.
        UsageError: nothing is changed that could be on trial.
    """
    if asked and not runbook.mutating:
        raise UsageError(N_("runbook {runbook}: it changes nothing that could be on trial"), runbook=runbook.id)
    if asked < runbook.trial:
        raise RefusedError(
            N_("runbook {runbook}: a change of it is on trial for at least {least} (got {got})"),
            rule="CO-33:trial-too-short",
            hint=N_("request it with --trial {least}, or longer"),
            runbook=runbook.id,
            least=format_duration(runbook.trial),
            got=format_duration(asked),
        )
    if not asked and production and runbook.family is Family.UPGRADE and risk is not Risk.EMERGENCY:
        raise RefusedError(
            N_("runbook {runbook}: an upgrade on production is on trial before it is accepted; no trial is stated"),
            rule="CO-33:no-trial",
            hint=N_("request it with --trial, such as --trial 7d"),
            runbook=runbook.id,
        )
    return Seconds(asked)


def business_verifies(runbook: Runbook, terms: ClassTerms, record: RunRecord) -> bool:
    """Whether a business owner verifies the result of a run that has ended.

    They do where the class's terms or the runbook say so; only a run that failed before it began to change anything
    has nothing to verify. What was rolled back is verified as the service that was restored.
    """
    if not (terms.business or runbook.business_impact):
        return False
    return record.state is not RunState.FAILED or _has_touched(runbook, record)


def after_signing(result: ResultRecord) -> RunState:
    """The state of a run once its result is signed by both."""
    return RunState.AWAITING_BUSINESS if result.business else after_verifying(result)


def after_verifying(result: ResultRecord) -> RunState:
    """The state of a run whose result the business has accepted, or need not verify; only a success is on trial."""
    return RunState.ON_TRIAL if result.trial and result.state is RunState.SUCCEEDED else RunState.CLOSED


def trial_end(result: ResultRecord, now: datetime) -> datetime:
    """When a trial that begins now is over."""
    return now + timedelta(seconds=result.trial)


def require_trial_over(result: ResultRecord, now: datetime) -> None:
    """Refuse to accept what is still on trial; that it is not accepted can be said at any time.

    Raises:
        RefusedError: its days are not over.
    """
    ends = result.trial_ends
    if ends is None or now < ends:
        raise RefusedError(
            N_("run {run}: is on trial until {ends}; it cannot be accepted before"),
            rule="CO-33:trial-not-over",
            hint=N_("a trial that has failed ends at once: twokey accept {run} --not-accepted"),
            run=result.run,
            ends=to_rfc3339(ends) if ends else "-",
        )


def may_verify(ask: Ask) -> Ruling | None:
    """A business owner verifies, who is neither executor nor confirmer of the run."""
    if ask.name in run_people(ask.facts):
        return refuse(
            "L13:verifies-own", N_("{person} is executor or confirmer of this run; somebody else verifies its result")
        )
    return None if _parts(ask.name, ask.facts, ask.policy) & _USING else lacks_role(_USING)


def may_accept(ask: Ask) -> Ruling | None:
    """One of information and one of the using department accept, two people."""
    mine = _parts(ask.name, ask.facts, ask.policy)
    if not mine:
        return lacks_role((*sorted(_USING), *sorted(_INFORMATION)))
    signed = [held for name in ask.facts.signed if (held := _parts(name, ask.facts, ask.policy))]
    if not signed or any(_are_both(mine, held) for held in signed):
        return None
    return refuse(
        "CO-33:one-department",
        N_("{person} accepts for the same department as {signed}; information and using department accept together"),
        signed=", ".join(ask.facts.signed),
    )


def is_accepted_by_both(signers: Iterable[str], facts: Facts, policy: Policy) -> bool:
    """Whether information and using department have signed, by two people who hold their roles now."""
    parts = [_parts(name, facts, policy) for name in dict.fromkeys(signers)]
    return any(_are_both(one, other) for place, one in enumerate(parts) for other in parts[place + 1 :])


def _are_both(one: _Parts, other: _Parts) -> bool:
    return bool((one & _USING and other & _INFORMATION) or (one & _INFORMATION and other & _USING))


def _parts(name: str, facts: Facts, policy: Policy) -> _Parts:
    """The roles by which somebody may accept now; none of who is not active."""
    person = facts.register.people.get(name)
    if person is None or duties.is_active(Ask(StatementKind.ACCEPT, name, facts, policy)) is not None:
        return frozenset()
    held = duties.roles_of(person, policy, facts.now, facts.environment, facts.unit)
    return held & (_USING | _INFORMATION)


def _has_touched(runbook: Runbook, record: RunRecord) -> bool:
    """Whether anything began that changes a host, by Ansible or by hand."""
    if any(attempt.mutating and attempt.state is not AttemptState.NEVER_BEGUN for attempt in record.attempts):
        return True
    by_hand = {key.partition("/")[2].partition(".")[0] for key in record.sheets}
    return any(step.mutating and step.id in by_hand for step in runbook.steps)
