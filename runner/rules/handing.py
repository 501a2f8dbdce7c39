"""Who may give a parked run to whom: from one of its two people to another person, both by their signatures.

The one who goes gives it; an approver who has no part in the run gives it in the place of somebody who has left, is
suspended or does not answer. The one who comes meets every rule that their part met at the start.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from runner.model.people import PersonRole
from runner.model.run import HandOver, Part
from runner.model.statement import StatementKind
from runner.rules import changing, duties
from runner.rules.ruling import Ask, Facts, Rule, Ruling, refuse
from runner.words import N_


def is_offered(ask: Ask) -> Ruling | None:
    """First whoever gives signs, then whoever takes."""
    hand, facts = ask.facts.hand_over, ask.facts
    if hand is None:
        return refuse("L2:no-hand-over", N_("it says neither who gives the run nor who takes it over"))
    if facts.signed:
        return None if ask.name == hand.taker else _not_the_taker(hand)
    if ask.name == hand.taker:
        return refuse(
            "L2:taker-signs-first",
            N_("{person} takes the run over once {giver}, or an approver in their place, has signed"),
            giver=hand.giver,
        )
    return None if ask.name == hand.giver else _stands_in(ask)


def taker_is_able(ask: Ask) -> Ruling | None:
    """Whoever takes a part over may have it: as at the start, and never after having had the other one."""
    hand, facts = ask.facts.hand_over, ask.facts
    if hand is None:
        return None
    refusal = _had_other_part(hand, facts) or _lacks(hand, ask)
    return None if refusal is None else replace(refusal, facts={**refusal.facts, "person": hand.taker})


def _not_the_taker(hand: HandOver) -> Ruling:
    return refuse("L2:not-the-taker", N_("{taker} takes it over; nobody else signs that"), taker=hand.taker)


def _stands_in(ask: Ask) -> Ruling | None:
    """In the giver's place signs an approver who has, and had, no part in the run."""
    facts = ask.facts
    if ask.name in changing.run_people(facts) or any(ask.name == each.giver for each in facts.hand_overs):
        return refuse(
            "L2:stands-in-for-other",
            N_("{person} has or had a part in this run and cannot give away another's"),
            N_("the one who goes signs, or an approver who has no part in the run"),
        )
    held = duties.roles_of(ask.person, ask.policy, facts.now, facts.environment, facts.unit)
    if PersonRole.APPROVER not in held:
        return duties.lacks_role((PersonRole.APPROVER,))
    return duties.is_fit(ask)


def _had_other_part(hand: HandOver, facts: Facts) -> Ruling | None:
    other = facts.confirmer if hand.part is Part.EXECUTOR else facts.executor
    had = {each.giver for each in facts.hand_overs if each.part is not hand.part}
    if hand.taker == hand.giver:
        return refuse("L2:taker-is-giver", N_("{person} has that part already"))
    if hand.taker != other and hand.taker not in had:
        return None
    return refuse("L2:taker-had-other-part", N_("{person} is or was the other of the run's two people"))


def _lacks(hand: HandOver, ask: Ask) -> Ruling | None:
    """The first rule of a start that the new two people would break."""
    anyone = replace(ask.facts, key="", strength=None)
    if hand.part is Part.EXECUTOR:
        facts = replace(anyone, executor=hand.taker)
        mine = Ask(StatementKind.START, hand.taker, facts, ask.policy)
        theirs = Ask(StatementKind.CONFIRM, facts.confirmer, facts, ask.policy)
        return _first(mine, _EXECUTOR) or _first(theirs, (changing.major_has_three_people,))
    mine = Ask(StatementKind.CONFIRM, hand.taker, replace(anyone, confirmer=hand.taker), ask.policy)
    return _first(mine, _CONFIRMER)


def _first(ask: Ask, rules: tuple[Rule, ...]) -> Ruling | None:
    return next((refusal for rule in rules if (refusal := rule(ask)) is not None), None)


_EXECUTOR: Final[tuple[Rule, ...]] = (
    duties.is_known,
    duties.is_active,
    changing.executor_did_not_approve,
    changing.may_execute,
    duties.vendor_is_within_terms,
    duties.holds_operations_post,
    duties.is_fit,
)
_CONFIRMER: Final[tuple[Rule, ...]] = (
    duties.is_known,
    duties.is_active,
    changing.confirmer_does_not_execute,
    changing.major_has_three_people,
    duties.is_no_vendor,
    changing.may_confirm,
    duties.holds_operations_post,
    duties.is_fit,
)

HANDING: Final[tuple[Rule, ...]] = (
    changing.run_has_two,
    changing.signs_once,
    is_offered,
    changing.is_strong_enough,
    taker_is_able,
)
"""What is asked of both who sign a hand-over."""
