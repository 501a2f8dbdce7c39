"""After-reviews of emergencies (law L12): who may sign one, how many must, and what waits while one is overdue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from runner.model.people import PersonRole
from runner.model.policy import Policy
from runner.model.review import ReviewRecord
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.model.time import to_rfc3339
from runner.rules import duties
from runner.rules.ruling import Ask, Facts, Ruling, refuse
from runner.words import N_

OVERDUE: Final = "L12:review-overdue"
"""Rule that refuses a start while an after-review of the unit is overdue."""
_OTHERS: Final = 2
"""People who review an emergency they took no part in."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Who reviews an emergency."""

    people: tuple[str, ...]
    """Everyone who may sign."""
    needed: int
    """How many of them must."""
    deviation: bool = False
    """Whether they took part themselves, since there are no others."""

    def is_complete(self, signers: tuple[str, ...]) -> bool:
        """Whether enough of them have signed."""
        return len({*signers} & {*self.people}) >= self.needed


def panel_of(facts: Facts, policy: Policy) -> Panel:
    """Who reviews an emergency: two others; where there are none, the outside reviewer, or else its own two people."""
    took_part = _took_part(facts)
    others = tuple(
        name for name in facts.register.people if name not in took_part and _is_reviewer(name, facts, policy)
    )
    if len(others) >= _OTHERS:
        return Panel(others, _OTHERS)
    outside = policy.emergency.outside_reviewer
    if outside not in took_part and _is_able(outside, facts, policy):
        return Panel((outside,), 1)
    own = tuple(dict.fromkeys(name for name in (facts.executor, facts.confirmer) if _is_able(name, facts, policy)))
    return Panel(own if len(own) >= _OTHERS else (*own, *others), _OTHERS, deviation=True)


def facts_of(record: ReviewRecord, facts: Facts) -> Facts:
    """The facts about the emergency of a review, of the same site at the same time."""
    return replace(
        facts,
        risk=Risk.EMERGENCY,
        requester=record.requester,
        executor=record.executor,
        confirmer=record.confirmer,
        approvers=(),
        signed=(),
    )


def may_review(ask: Ask) -> Ruling | None:
    """It is one of the people who review this emergency."""
    name, facts, policy = ask.name, ask.facts, ask.policy
    took_part = name in _took_part(facts)
    could = took_part or name == policy.emergency.outside_reviewer or _is_reviewer(name, facts, policy)
    if could and name in panel_of(facts, policy).people:
        return None
    if took_part:
        return refuse("L12:reviews-own", N_("{person} took part in it; others review it"))
    return refuse("L12:not-reviewer", N_("{person} is not one of those who review it"))


def no_review_is_overdue(ask: Ask) -> Ruling | None:
    """While an after-review of the unit is overdue, only emergencies start in it."""
    facts = ask.facts
    if facts.risk is Risk.EMERGENCY or not facts.overdue:
        return None
    first = min(facts.overdue, key=lambda record: record.due)
    reviewers = panel_of(facts_of(first, facts), ask.policy).people
    return refuse(
        OVERDUE,
        N_("the after-review of emergency run {run} is overdue since {since}; only emergencies start meanwhile"),
        N_("it is reviewed by: {reviewers}; twokey review {run}"),
        run=first.run,
        since=to_rfc3339(first.due),
        reviewers=", ".join(reviewers) or "-",
    )


def _took_part(facts: Facts) -> frozenset[str]:
    gave = {each.giver for each in facts.hand_overs}
    return frozenset({facts.requester, facts.executor, facts.confirmer, *gave} - {""})


def _is_reviewer(name: str, facts: Facts, policy: Policy) -> bool:
    person = facts.register.people[name]
    held = duties.roles_of(person, policy, facts.now, facts.environment, facts.unit)
    return PersonRole.APPROVER in held and _is_able(name, facts, policy)


def _is_able(name: str, facts: Facts, policy: Policy) -> bool:
    """Whether somebody is enrolled, active, fit, and has a key to sign with."""
    if name not in facts.register.people:
        return False
    ask = Ask(StatementKind.REVIEW, name, replace(facts, risk=Risk.EMERGENCY, key="", strength=None), policy)
    if duties.is_active(ask) is not None or duties.is_fit(ask) is not None:
        return False
    return bool(ask.person.good_keys(facts.now))
