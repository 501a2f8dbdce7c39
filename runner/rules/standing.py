"""Standing approvals (预审批): what may have one, who begins a run under it, who signs inside such a run, who ends it.

The request and its approval are the two signatures of every run (L1); gates, sheets, decisions and results inside one
still wait for two people, who are any two that could be its executor and its confirmer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from runner.errors import RefusedError
from runner.model.people import Standing
from runner.model.plan import Plan
from runner.model.request import Approval, StandingTerms
from runner.model.runbook import Family, PlaybookWork, Risk
from runner.model.time import to_rfc3339
from runner.rules import changing, duties
from runner.rules.ruling import Ask, Rule, Ruling, refuse
from runner.words import N_

CLASS: Final = Risk.STANDARD
"""Class a change comes under once it asks for a standing approval, whatever ordinary class was computed."""
CLASSES: Final = frozenset({Risk.STANDARD, Risk.ORDINARY})
"""Computed classes of what may have one."""
NEVER: Final = frozenset({Family.BATCH, Family.EMERGENCY})
"""Families of what may never have one."""


def require_allowed(plan: Plan, wanted: StandingTerms, now: datetime) -> None:
    """Refuse a standing approval of what people have to look at each time.

    Args:
        plan: what would run.
        wanted: until when, and how often.
        now: the present.

    Raises:
        RefusedError: with the rule.
    """
    runbook = plan.runbook
    if plan.risk not in CLASSES:
        message = N_("runbook {runbook}: is of class {risk}; a standing approval is for ordinary changes")
        raise _refused("standing:class", message, runbook.id, risk=plan.risk.value)
    if runbook.family in NEVER:
        message = N_("runbook {runbook}: what belongs to family {family} has no standing approval")
        raise _refused("standing:family", message, runbook.id, family=runbook.family.value)
    if runbook.touches_funds:
        message = N_("runbook {runbook}: what touches funds is signed by two people each time")
        raise _refused("standing:funds", message, runbook.id)
    if any(isinstance(step.work, PlaybookWork) and step.work.irreversible for step in runbook.steps):
        message = N_("runbook {runbook}: it has a step without a way back, which people look at each time")
        raise _refused("standing:irreversible", message, runbook.id)
    if plan.binding.window is not None:
        message = N_("runbook {runbook}: a standing approval has an end instead of a window")
        raise RefusedError(
            message, rule="standing:window", hint=N_("plan it again without --from and --to"), runbook=runbook.id
        )
    if wanted.until <= now:
        raise RefusedError(
            N_("a standing approval until {until} would be over; it is {now}"),
            rule="L4:validity",
            hint=N_("name a later time with --until"),
            until=to_rfc3339(wanted.until),
            now=to_rfc3339(now),
        )


def what_is_left(wanted: StandingTerms, approvals: Iterable[Approval]) -> tuple[datetime, int]:
    """Until when it stands, and for how many runs more, as its approvals allow; before the first, as it asks for.

    Args:
        wanted: what it asks for.
        approvals: those of its plan.
    """
    given = tuple(approvals)
    until = min((each.not_after for each in given), default=wanted.until)
    return until, min((each.max_runs - each.used for each in given), default=wanted.max_runs)


def both_remain(ask: Ask) -> Ruling | None:
    """It stands only while its requester and each of its approvers may act: it lapses with whoever leaves."""
    facts = ask.facts
    if not facts.standing:
        return None
    for name in (facts.requester, *facts.approvers):
        person = facts.register.people.get(name)
        if person is None or person.standing is not Standing.ACTIVE:
            return refuse(
                "standing:lapsed",
                N_("its standing approval lapsed with {one}, who may not act any more"),
                N_("ask for a new one: twokey request --standing"),
                one=name,
            )
    return None


def is_no_vendor_alone(ask: Ask) -> Ruling | None:
    """Nobody of a vendor begins a run without an operations person who confirms it."""
    if not ask.facts.standing or ask.person.vendor is None:
        return None
    return refuse(
        "L2:vendor-alone",
        N_("{person} is somebody of a vendor and starts nothing under a standing approval"),
        N_("have somebody of operations start it"),
    )


def is_one_of_two(ask: Ask) -> Ruling | None:
    """Inside such a run any two sign of whom one could be its executor and the other its confirmer."""
    if not ask.facts.standing:
        return None
    first = next((name for name in ask.facts.signed if name != ask.name), "")
    if not first:
        return None if _can(ask, ask.name, _EXECUTING) or _can(ask, ask.name, _CONFIRMING) else _not_of_two(ask)
    one = _can(ask, ask.name, _EXECUTING) and _can(ask, first, _CONFIRMING)
    other = _can(ask, first, _EXECUTING) and _can(ask, ask.name, _CONFIRMING)
    return None if one or other else _not_of_two(ask)


def may_stop(ask: Ask) -> Ruling | None:
    """Whoever started it, asked for it, approved it, or could sign in it stops it alone."""
    facts = ask.facts
    if not facts.standing or ask.name in (facts.executor, facts.requester, *facts.approvers):
        return None
    return None if _can(ask, ask.name, _EXECUTING) or _can(ask, ask.name, _CONFIRMING) else _not_of_two(ask)


def may_revoke(ask: Ask) -> Ruling | None:
    """Its requester, its approvers, and whom the policy names take it back, each alone."""
    facts, wanted = ask.facts, ask.policy.standing.revoke
    if ask.name in (facts.requester, *facts.approvers):
        return None
    held = duties.roles_of(ask.person, ask.policy, facts.now, facts.environment, facts.unit)
    return None if held.intersection(wanted) else duties.lacks_role(wanted)


def _can(ask: Ask, name: str, rules: tuple[Rule, ...]) -> bool:
    asked = replace(ask, name=name, facts=replace(ask.facts, executor="", confirmer="", signed=()))
    return name in ask.facts.register.people and all(rule(asked) is None for rule in rules)


def _not_of_two(ask: Ask) -> Ruling:
    return refuse(
        "standing:two-people",
        N_("{person} cannot be one of the two who sign in this run: one could execute it, the other confirm it"),
        first=next(iter(ask.facts.signed), "-"),
    )


def _refused(rule: str, message: str, runbook: str, **facts: str) -> RefusedError:
    return RefusedError(message, rule=rule, hint=N_("request it for one run, with a window"), runbook=runbook, **facts)


_EXECUTING: Final[tuple[Rule, ...]] = (
    duties.is_active,
    changing.executor_did_not_approve,
    is_no_vendor_alone,
    changing.may_execute,
    duties.holds_operations_post,
    duties.is_fit,
)
_CONFIRMING: Final[tuple[Rule, ...]] = (
    duties.is_active,
    duties.is_no_vendor,
    changing.may_confirm,
    duties.holds_operations_post,
    duties.is_fit,
)
