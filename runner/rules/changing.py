"""Who may sign what about a change (law L2): one small rule after the other, each named by what it makes sure of.

The table that says which of them count for which statement is in `runner.rules.policy`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from runner.model.people import PersonRole
from runner.model.policy import ApprovalNeed, ClassTerms
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.rules.duties import lacks_role, roles_of
from runner.rules.ruling import Ask, Facts, Rule, Ruling, refuse
from runner.rules.terms import terms_of
from runner.words import N_

NOT_APPROVED: Final = "L2:not-approved"
"""Rule that refuses a start while nobody has approved who may."""

APPROVAL_LAPSED: Final = "policy:approval-lapsed"
"""Rule that refuses a start on approvals given under another policy (PCIS-32)."""

STOPPING: Final = frozenset({StatementKind.PAUSE, StatementKind.ABORT, StatementKind.REVOKE})
"""What one person may always do: it only stops."""


def terms(ask: Ask) -> ClassTerms:
    """The terms the change in question comes under."""
    return terms_of(ask.policy, ask.facts.risk, ask.facts.environment, ask.facts.unit)


def is_not_embedded_production(ask: Ask) -> Ruling | None:
    """A service that a client started touches no production."""
    if not (ask.facts.embedded and ask.facts.production) or ask.action in STOPPING:
        return None
    return refuse(
        "L1:embedded-production",
        N_("this service was started by a client and refuses production"),
        N_("production needs the installed service"),
    )


def is_strong_enough(ask: Ask) -> Ruling | None:
    """The credential is as strong as the risk class asks for; stopping is never refused for its sake."""
    strength, needed = ask.facts.strength, terms(ask).strength
    if strength is None or ask.action in STOPPING or strength.rank >= needed.rank:
        return None
    return refuse(
        "policy:strength",
        N_("a change of class {risk} is signed with a credential of strength {needed} (this one: {strength})"),
        risk=ask.facts.risk.value,
        needed=needed.value,
        strength=strength.value,
    )


def may_request(ask: Ask) -> Ruling | None:
    """The class says who requests; the change belongs to the requester's own unit."""
    person = ask.person
    needed = terms_of(ask.policy, ask.facts.risk, ask.facts.environment, person.unit).request
    held = roles_of(person, ask.policy, ask.facts.now, ask.facts.environment, person.unit)
    return None if held.intersection(needed) else lacks_role(needed)


def has_attachments(ask: Ask) -> Ruling | None:
    """A request names the documents its class asks for; an emergency waits for no paper."""
    named = ask.facts.attachments
    if named is None or ask.facts.risk is Risk.EMERGENCY:
        return None
    missing = [kind for kind in terms(ask).attachments if kind not in named]
    if not missing:
        return None
    return refuse(
        "policy:attachment",
        N_("a change of class {risk} needs these documents, which are missing: {kinds}"),
        N_("name each with --attach KIND=FILE"),
        risk=ask.facts.risk.value,
        kinds=", ".join(missing),
    )


def may_approve(ask: Ask) -> Ruling | None:
    """It is one of the approvals that the class asks for."""
    needs = terms(ask).approvals
    if not needs or any(_fills(ask, ask.name, need) for need in needs):
        return None
    if any(_fills(ask, ask.name, need, anywhere=True) for need in needs):
        return refuse("policy:other-unit", N_("{person} is of the requester's unit; the approval comes from another"))
    return lacks_role(dict.fromkeys(role for need in needs for role in need.roles))


def may_execute(ask: Ask) -> Ruling | None:
    """The class says who executes; somebody of a vendor does so by their own grant."""
    return None if ask.person.vendor is not None else _has_one_of(ask, terms(ask).execute)


def may_confirm(ask: Ask) -> Ruling | None:
    """The class says who confirms."""
    return _has_one_of(ask, terms(ask).confirm)


def may_check(ask: Ask) -> Ruling | None:
    """Whoever has any part in changes may see what one would do."""
    needed = terms(ask)
    roles = (*needed.request, *needed.execute, *needed.confirm, *(r for each in needed.approvals for r in each.roles))
    return _has_one_of(ask, tuple(dict.fromkeys(roles)))


def asks_for_approval(ask: Ask) -> Ruling | None:
    """An emergency waits for no approver, so there is nothing to approve or to reject."""
    if ask.facts.risk is not Risk.EMERGENCY:
        return None
    return refuse(
        "L12:no-approval",
        N_("it is an emergency: two people start it without an approval"),
        N_("its requester may withdraw it; two others review it afterwards"),
    )


def is_approved(ask: Ask) -> Ruling | None:
    """Every approval the class asks for is there, by people who hold their roles now; an emergency asks for none."""
    facts, needs = ask.facts, terms(ask).approvals
    if facts.risk is Risk.EMERGENCY:
        return None
    counting = [name for name in facts.approvers if name != facts.requester and name in facts.register.people]
    missing = _missing(ask, counting, [need for need in needs for _ in range(need.count)])
    if facts.lapsed and (missing is not None or not _others(facts.approvers, facts.requester, facts.author)):
        return refuse(
            APPROVAL_LAPSED,
            N_("the approval of {people} was given under another policy than {policy}, which is in force now"),
            N_("have it approved again: twokey approve"),
            people=", ".join(facts.lapsed),
            policy=ask.policy.name,
        )
    if not _others(facts.approvers, facts.requester, facts.author):
        return refuse(
            NOT_APPROVED,
            N_("it has not been approved by somebody other than its requester and the author of its content"),
        )
    if missing is None:
        return None
    return refuse(
        NOT_APPROVED,
        N_("it still needs the approval of one more person ({roles})"),
        roles=", ".join(role.value for role in missing.roles),
    )


def author_does_not_countersign(ask: Ask) -> Ruling | None:
    """Content has two signatures, by two people."""
    if ask.facts.countersigner:
        return refuse("L1:published", N_("this content is already published"))
    if ask.facts.author and ask.name == ask.facts.author:
        return refuse("L1:author-countersigns", N_("{person} is its author; another person must countersign"))
    return None


def is_not_requester(ask: Ask) -> Ruling | None:
    """Requester and approver are two people."""
    if ask.name != ask.facts.requester:
        return None
    if ask.action is StatementKind.REJECT:
        return refuse(
            "L2:rejecter-is-requester", N_("{person} requested it and cannot reject it"), N_("withdraw it instead")
        )
    return refuse("L2:approver-is-requester", N_("{person} requested it and cannot approve it"))


def approver_does_not_execute(ask: Ask) -> Ruling | None:
    """Approver and executor are two people."""
    if ask.name == ask.facts.executor:
        return refuse("L2:approver-is-executor", N_("{person} executes it and cannot approve it"))
    return None


def author_is_not_only_approver(ask: Ask) -> Ruling | None:
    """The author of the content is never the only approver."""
    if ask.name != ask.facts.author or _others(ask.facts.approvers, ask.name, ask.facts.requester):
        return None
    return refuse(
        "L2:author-is-only-approver", N_("{person} is the author of its content and cannot be its only approver")
    )


def approves_once(ask: Ask) -> Ruling | None:
    """One person is one approval."""
    if ask.name in ask.facts.approvers:
        return refuse("L4:approved-already", N_("{person} has approved it already"))
    return None


def is_requester(ask: Ask) -> Ruling | None:
    """Only who requested it takes it back."""
    if ask.name == ask.facts.requester:
        return None
    return refuse(
        "L2:withdrawer-is-not-requester", N_("only {requester} can withdraw it"), requester=ask.facts.requester
    )


def executor_did_not_approve(ask: Ask) -> Ruling | None:
    """Approver and executor are two people."""
    if ask.name in ask.facts.approvers:
        return refuse("L2:executor-is-approver", N_("{person} approved it and cannot execute it"))
    return None


def is_started(ask: Ask) -> Ruling | None:
    """There is a start to confirm, by somebody who may have made it."""
    if not ask.facts.executor:
        return refuse("L2:not-started", N_("nobody has signed its start"))
    if ask.facts.executor in ask.facts.approvers:
        return refuse(
            "L2:executor-is-approver", N_("{executor} approved it and cannot execute it"), executor=ask.facts.executor
        )
    return None


def confirmer_does_not_execute(ask: Ask) -> Ruling | None:
    """Executor and confirmer are two people."""
    if ask.name == ask.facts.executor:
        return refuse("L2:confirmer-is-executor", N_("{person} executes it and cannot confirm it"))
    return None


def major_has_three_people(ask: Ask) -> Ruling | None:
    """A major change has three people, and its approver does not confirm it."""
    if ask.facts.risk is not Risk.MAJOR:
        return None
    if ask.name in ask.facts.approvers:
        return refuse(
            "L2:major-approver-confirms", N_("it is a major change; {person} approved it and cannot confirm it")
        )
    if len({ask.facts.requester, *ask.facts.approvers, ask.facts.executor, ask.name}) < _MAJOR_PEOPLE:
        return refuse("L2:major-needs-three", N_("a major change needs at least three people"))
    return None


def is_of_run(ask: Ask) -> Ruling | None:
    """It is one of the two people of the run; under a standing approval nobody is its confirmer beforehand."""
    if ask.name in run_people(ask.facts) or ask.facts.standing:
        return None
    return refuse(
        "L2:not-of-this-run",
        N_("{person} is neither executor ({executor}) nor confirmer ({confirmer}) of this run"),
        executor=ask.facts.executor,
        confirmer=ask.facts.confirmer,
    )


def run_has_two(ask: Ask) -> Ruling | None:
    """The run has two people."""
    if len(run_people(ask.facts)) > 1 or ask.facts.standing:
        return None
    return refuse("L2:needs-two", N_("it needs executor and confirmer of a run, two people"))


def signs_once(ask: Ask) -> Ruling | None:
    """Each of them signs once."""
    if ask.name in ask.facts.signed:
        return refuse("L1:signed-already", N_("{person} has signed it already; the other person must sign"))
    return None


def run_people(facts: Facts) -> frozenset[str]:
    """Executor and confirmer, as far as there are any."""
    return frozenset({facts.executor, facts.confirmer} - {""})


def _has_one_of(ask: Ask, needed: tuple[PersonRole, ...]) -> Ruling | None:
    facts = ask.facts
    held = roles_of(ask.person, ask.policy, facts.now, facts.environment, facts.unit)
    return None if held.intersection(needed) else lacks_role(needed)


def _fills(ask: Ask, name: str, need: ApprovalNeed, *, anywhere: bool = False) -> bool:
    """Whether a person's approval is one of those needed."""
    facts = ask.facts
    person = facts.register.people[name]
    if need.other_unit and not anywhere and person.unit == facts.unit:
        return False
    return bool(roles_of(person, ask.policy, facts.now, facts.environment, facts.unit).intersection(need.roles))


def _missing(ask: Ask, approvers: list[str], slots: list[ApprovalNeed]) -> ApprovalNeed | None:
    """The first need that no choice of different approvers meets; None when all are met."""
    if not slots:
        return None
    first, rest = slots[0], slots[1:]
    found: ApprovalNeed | None = first
    for name in approvers:
        if _fills(ask, name, first):
            found = _missing(ask, [other for other in approvers if other != name], rest)
            if found is None:
                return None
    return found


def _others(people: Iterable[str], *names: str) -> frozenset[str]:
    return frozenset(people) - set(names) - {""}


_MAJOR_PEOPLE: Final = 3

JOINT: Final[tuple[Rule, ...]] = (run_has_two, is_of_run, signs_once)
"""What is asked of both people of a run."""
