"""Who may sign what (law L2): one table of rules, evaluated by one pure function that explains its answer.

Roles and posts are not looked at: everyone who is enrolled may hold every part that the law leaves open. The shipped
policy is for two people: one requests and executes, the other approves and confirms. Content of a statement, its
signature, the states of requests and runs and their windows are checked elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from runner.errors import Fact, RefusedError
from runner.model.policy import Policy
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.words import N_


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about the change when somebody signs; empty where it does not apply or nobody has signed yet."""

    people: tuple[str, ...] = ()
    """Everyone enrolled, or named by the genesis entries."""
    production: bool = False
    embedded: bool = False
    """Whether the service was started by a person's client."""
    risk: Risk = Risk.ORDINARY
    author: str = ""
    """Who signed the publication as its author."""
    countersigner: str = ""
    requester: str = ""
    approvers: tuple[str, ...] = ()
    executor: str = ""
    confirmer: str = ""
    signed: tuple[str, ...] = ()
    """Who has signed this joint act already."""
    key: str = ""
    """Fingerprint of the key that signs now."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Fingerprints that the other people of this change signed with, by person."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the policy says about one signature, and why."""

    allowed: bool
    rule: str = ""
    """Id of the rule that refuses."""
    message: str = ""
    """Message id, filled with `facts`."""
    hint: str = ""
    """Message id of the next step to take."""
    facts: Mapping[str, Fact] = field(default_factory=dict)


ALLOWED: Final = Ruling(allowed=True)

NOT_APPROVED: Final = "L2:not-approved"
"""Rule that refuses a start while nobody has approved who may."""

STOPPING: Final = frozenset({StatementKind.PAUSE, StatementKind.ABORT})
"""What one person of a run may always do: it only stops."""


def decide(action: StatementKind, person: str, facts: Facts, policy: Policy) -> Ruling:
    """Whether `person` may make a statement of kind `action`, by the first rule that refuses."""
    ruling = _judge(action, person, facts)
    if ruling.allowed:
        return ruling
    able = who_may(action, facts, policy)
    shown: dict[str, Fact] = {**ruling.facts, "person": person, "policy": policy.name, "who": ", ".join(able)}
    hint = ruling.hint or (N_("this can be signed by: {who}") if able else N_("nobody enrolled here can sign it"))
    return replace(ruling, facts=shown, hint=hint)


def require(action: StatementKind, person: str, facts: Facts, policy: Policy) -> None:
    """Refuse a signature that the law or the policy forbids.

    Raises:
        RefusedError: with the rule, the reason, and who could sign instead.
    """
    ruling = decide(action, person, facts, policy)
    if not ruling.allowed:
        raise RefusedError(ruling.message, rule=ruling.rule, hint=ruling.hint, **ruling.facts)


def who_may(action: StatementKind, facts: Facts, policy: Policy) -> tuple[str, ...]:
    """Everyone who may make such a statement now, by their own keys; `policy` as in `decide`."""
    del policy  # every policy there is has the same table: the law's
    anyone = replace(facts, key="", keys={})
    return tuple(name for name in facts.people if _judge(action, name, anyone).allowed)


def _judge(action: StatementKind, person: str, facts: Facts) -> Ruling:
    for rule in (*_ALWAYS, *_RULES[action]):
        refusal = rule(person, facts, action)
        if refusal is not None:
            return refusal
    return ALLOWED


Rule = Callable[[str, Facts, StatementKind], Ruling | None]


def _refuse(rule: str, message: str, hint: str = "", **facts: Fact) -> Ruling:
    return Ruling(allowed=False, rule=rule, message=message, hint=hint, facts=facts)


def _is_known(person: str, facts: Facts, _: StatementKind) -> Ruling | None:
    if person in facts.people:
        return None
    return _refuse("L1:unknown-person", N_("{person} is not enrolled at this site"))


def _has_own_key(person: str, facts: Facts, _: StatementKind) -> Ruling | None:
    for other, key in facts.keys.items():
        if other != person and facts.key and key == facts.key:
            return _refuse(
                "L1:same-key",
                N_("the key of {person} is the one {other} signed with; two people need two keys"),
                other=other,
            )
    return None


def _is_not_embedded_production(_: str, facts: Facts, action: StatementKind) -> Ruling | None:
    if not (facts.embedded and facts.production) or action in STOPPING:
        return None
    return _refuse(
        "L1:embedded-production",
        N_("this service was started by a client and refuses production"),
        N_("production needs the installed service"),
    )


def _author_does_not_countersign(person: str, facts: Facts, _: StatementKind) -> Ruling | None:
    if facts.countersigner:
        return _refuse("L1:published", N_("this content is already published"))
    if facts.author and person == facts.author:
        return _refuse("L1:author-countersigns", N_("{person} is its author; another person must countersign"))
    return None


def _is_not_requester(person: str, facts: Facts, action: StatementKind) -> Ruling | None:
    if person != facts.requester:
        return None
    if action is StatementKind.REJECT:
        return _refuse(
            "L2:rejecter-is-requester", N_("{person} requested it and cannot reject it"), N_("withdraw it instead")
        )
    return _refuse("L2:approver-is-requester", N_("{person} requested it and cannot approve it"))


def _approver_does_not_execute(person: str, facts: Facts, _: StatementKind) -> Ruling | None:
    if person == facts.executor:
        return _refuse("L2:approver-is-executor", N_("{person} executes it and cannot approve it"))
    return None


def _author_is_not_only_approver(person: str, facts: Facts, _: StatementKind) -> Ruling | None:
    if person != facts.author or _others(facts.approvers, person, facts.requester):
        return None
    return _refuse(
        "L2:author-is-only-approver", N_("{person} is the author of its content and cannot be its only approver")
    )


def _approves_once(person: str, facts: Facts, _: StatementKind) -> Ruling | None:
    if person in facts.approvers:
        return _refuse("L4:approved-already", N_("{person} has approved it already"))
    return None


def _is_requester(person: str, facts: Facts, _: StatementKind) -> Ruling | None:
    if person == facts.requester:
        return None
    return _refuse("L2:withdrawer-is-not-requester", N_("only {requester} can withdraw it"), requester=facts.requester)


def _is_approved(_: str, facts: Facts, __: StatementKind) -> Ruling | None:
    if _others(facts.approvers, facts.requester, facts.author):
        return None
    return _refuse(
        NOT_APPROVED,
        N_("it has not been approved by somebody other than its requester and the author of its content"),
    )


def _executor_did_not_approve(person: str, facts: Facts, _: StatementKind) -> Ruling | None:
    if person in facts.approvers:
        return _refuse("L2:executor-is-approver", N_("{person} approved it and cannot execute it"))
    return None


def _somebody_can_confirm(person: str, facts: Facts, _: StatementKind) -> Ruling | None:
    started = replace(facts, executor=person, key="", keys={})
    if any(_judge(StatementKind.CONFIRM, other, started).allowed for other in facts.people):
        return None
    if facts.risk is Risk.MAJOR:
        return _refuse(
            "L2:major-needs-three",
            N_("a major change needs at least three people; with {person} as executor nobody is left to confirm"),
            N_("a third person must be enrolled first"),
        )
    return _refuse("L2:needs-two", N_("with {person} as executor nobody is left to confirm"))


def _is_started(_: str, facts: Facts, __: StatementKind) -> Ruling | None:
    if not facts.executor:
        return _refuse("L2:not-started", N_("nobody has signed its start"))
    if facts.executor in facts.approvers:
        return _refuse(
            "L2:executor-is-approver", N_("{executor} approved it and cannot execute it"), executor=facts.executor
        )
    return None


def _confirmer_does_not_execute(person: str, facts: Facts, _: StatementKind) -> Ruling | None:
    if person == facts.executor:
        return _refuse("L2:confirmer-is-executor", N_("{person} executes it and cannot confirm it"))
    return None


def _major_has_three_people(person: str, facts: Facts, _: StatementKind) -> Ruling | None:
    if facts.risk is not Risk.MAJOR:
        return None
    if person in facts.approvers:
        return _refuse(
            "L2:major-approver-confirms", N_("it is a major change; {person} approved it and cannot confirm it")
        )
    if len({facts.requester, *facts.approvers, facts.executor, person}) < _MAJOR_PEOPLE:
        return _refuse("L2:major-needs-three", N_("a major change needs at least three people"))
    return None


def _is_of_run(person: str, facts: Facts, _: StatementKind) -> Ruling | None:
    if person in _run_people(facts):
        return None
    return _refuse(
        "L2:not-of-this-run",
        N_("{person} is neither executor ({executor}) nor confirmer ({confirmer}) of this run"),
        executor=facts.executor,
        confirmer=facts.confirmer,
    )


def _run_has_two(_: str, facts: Facts, __: StatementKind) -> Ruling | None:
    if len(_run_people(facts)) > 1:
        return None
    return _refuse("L2:needs-two", N_("it needs executor and confirmer of a run, two people"))


def _signs_once(person: str, facts: Facts, _: StatementKind) -> Ruling | None:
    if person in facts.signed:
        return _refuse("L1:signed-already", N_("{person} has signed it already; the other person must sign"))
    return None


def _run_people(facts: Facts) -> frozenset[str]:
    return frozenset({facts.executor, facts.confirmer} - {""})


def _others(people: tuple[str, ...], *names: str) -> frozenset[str]:
    return frozenset(people) - set(names) - {""}


_MAJOR_PEOPLE: Final = 3

_ALWAYS: Final[tuple[Rule, ...]] = (_is_known, _has_own_key, _is_not_embedded_production)

_JOINT: Final[tuple[Rule, ...]] = (_run_has_two, _is_of_run, _signs_once)

_RULES: Final[Mapping[StatementKind, tuple[Rule, ...]]] = {
    StatementKind.GENESIS: (_signs_once,),
    StatementKind.PUBLISH: (_author_does_not_countersign,),
    StatementKind.REQUEST: (),
    StatementKind.APPROVE: (
        _is_not_requester,
        _approver_does_not_execute,
        _approves_once,
        _author_is_not_only_approver,
    ),
    StatementKind.REJECT: (_is_not_requester,),
    StatementKind.WITHDRAW: (_is_requester,),
    StatementKind.CHECK: (),
    StatementKind.START: (_is_approved, _executor_did_not_approve, _somebody_can_confirm),
    StatementKind.CONFIRM: (_is_approved, _is_started, _confirmer_does_not_execute, _major_has_three_people),
    StatementKind.GATE: _JOINT,
    StatementKind.SHEET: _JOINT,
    StatementKind.DECIDE: _JOINT,
    StatementKind.CLOSE: _JOINT,
    StatementKind.PAUSE: (_is_of_run,),
    StatementKind.ABORT: (_is_of_run,),
}
"""What is asked of a signer, in order; stopping needs one person of the run, going on needs both."""
