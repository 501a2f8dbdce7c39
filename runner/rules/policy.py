"""Who may sign what (laws L1, L2): one table of rules, evaluated by one pure function that explains its answer.

Content of a statement, its signature, the states of requests and runs and their windows are checked elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from runner.errors import Fact, RefusedError
from runner.model.policy import Policy
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.rules import accepting, attesting, changing, duties, reviewing, standing, terminals, upkeep
from runner.rules.granting import GRANT_RULES
from runner.rules.handing import HANDING
from runner.rules.ruling import ALLOWED, Ask, Facts, Rule, Ruling, refuse
from runner.words import N_


def decide(action: StatementKind, person: str, facts: Facts, policy: Policy) -> Ruling:
    """Whether `person` may make a statement of kind `action`, by the first rule that refuses."""
    ruling = _judge(Ask(action, person, facts, policy))
    if ruling.allowed:
        return ruling
    able = who_may(action, facts, policy)
    shown: dict[str, Fact] = {"person": person, **ruling.facts, "policy": policy.name, "who": ", ".join(able)}
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
    """Everyone who may make such a statement now, by their own credentials."""
    anyone = replace(facts, key="", strength=None, terminal=None)
    return tuple(name for name in facts.register.people if _judge(Ask(action, name, anyone, policy)).allowed)


def _judge(ask: Ask) -> Ruling:
    for rule in (*_ALWAYS, *_RULES[ask.action]):
        refusal = rule(ask)
        if refusal is not None:
            return refusal
    return ALLOWED


def _somebody_can_confirm(ask: Ask) -> Ruling | None:
    """Nobody starts what nobody could confirm."""
    started = replace(ask.facts, executor=ask.name, key="", strength=None, terminal=None)
    if any(
        _judge(Ask(StatementKind.CONFIRM, other, started, ask.policy)).allowed for other in ask.facts.register.people
    ):
        return None
    if ask.facts.risk is Risk.MAJOR:
        return refuse(
            "L2:major-needs-three",
            N_("a major change needs at least three people; with {person} as executor nobody is left to confirm"),
            N_("a third person must be enrolled first"),
        )
    return refuse("L2:needs-two", N_("with {person} as executor nobody is left to confirm"))


_ALWAYS: Final[tuple[Rule, ...]] = (
    duties.is_known,
    duties.is_active,
    duties.has_own_key,
    attesting.is_enough,
    changing.is_not_embedded_production,
    upkeep.is_certified,
)

_JOINT: Final[tuple[Rule, ...]] = (*changing.JOINT, standing.is_one_of_two)

_RULES: Final[Mapping[StatementKind, tuple[Rule, ...]]] = {
    StatementKind.GENESIS: (changing.signs_once,),
    StatementKind.PUBLISH: (changing.author_does_not_countersign, duties.may_publish, duties.is_fit),
    StatementKind.REQUEST: (
        changing.may_request,
        upkeep.key_posts_have_stand_ins,
        changing.has_attachments,
        changing.is_strong_enough,
        duties.is_fit,
    ),
    StatementKind.APPROVE: (
        changing.asks_for_approval,
        standing.both_remain,
        changing.is_not_requester,
        changing.approver_does_not_execute,
        changing.approves_once,
        changing.author_is_not_only_approver,
        changing.may_approve,
        upkeep.key_posts_have_stand_ins,
        changing.is_strong_enough,
        duties.is_fit,
    ),
    StatementKind.REJECT: (changing.asks_for_approval, changing.is_not_requester, changing.may_approve),
    StatementKind.WITHDRAW: (changing.is_requester,),
    StatementKind.REVOKE: (standing.may_revoke,),
    StatementKind.CHECK: (changing.may_check, duties.vendor_is_within_terms, duties.is_fit),
    StatementKind.START: (
        standing.both_remain,
        changing.is_approved,
        reviewing.no_review_is_overdue,
        changing.executor_did_not_approve,
        changing.may_execute,
        standing.is_no_vendor_alone,
        duties.vendor_is_within_terms,
        duties.holds_operations_post,
        changing.is_strong_enough,
        terminals.is_at_operations_terminal,
        duties.is_fit,
        _somebody_can_confirm,
    ),
    StatementKind.CONFIRM: (
        changing.is_approved,
        reviewing.no_review_is_overdue,
        changing.is_started,
        changing.confirmer_does_not_execute,
        changing.major_has_three_people,
        duties.is_no_vendor,
        changing.may_confirm,
        duties.holds_operations_post,
        changing.is_strong_enough,
        terminals.is_at_operations_terminal,
        duties.is_fit,
    ),
    StatementKind.GATE: (*_JOINT, changing.is_strong_enough, terminals.is_at_operations_terminal),
    StatementKind.SHEET: (*_JOINT, terminals.is_at_operations_terminal),
    StatementKind.DECIDE: (*_JOINT, changing.is_strong_enough, terminals.is_at_operations_terminal),
    StatementKind.CLOSE: (*_JOINT, terminals.is_at_operations_terminal),
    StatementKind.VERIFY: (accepting.may_verify, changing.is_strong_enough, duties.is_fit),
    StatementKind.ACCEPT: (
        changing.signs_once,
        accepting.may_accept,
        changing.is_strong_enough,
        duties.is_fit,
    ),
    StatementKind.REVIEW: (
        reviewing.may_review,
        changing.signs_once,
        changing.is_strong_enough,
        duties.is_fit,
    ),
    StatementKind.HAND_OVER: HANDING,
    StatementKind.PAUSE: (changing.is_of_run, standing.may_stop),
    StatementKind.ABORT: (changing.is_of_run, standing.may_stop),
    **GRANT_RULES,
}
"""What is asked of a signer, in order; stopping needs one person of the run, going on needs both."""
