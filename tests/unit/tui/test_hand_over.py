"""A run handed over at the terminal: what is asked, and what is signed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from runner.client import handing
from runner.errors import RefusedError, VerificationError
from runner.model.document import JsonObject
from runner.model.run import RunState
from runner.model.statement import StatementKind
from runner.wire.api import Words
from runner.wire.api_request import Act
from runner.wire.api_run import RunShown
from tests.demo_change import DemoChange
from tests.wire_samples import RUN, RUN_SHOWN
from tui.forms import hand_over_form
from tui.intents import HandOver, TakeOver, intent_of

PARKED: RunShown = replace(
    RUN_SHOWN,
    row=replace(RUN_SHOWN.row, state=RunState.AT_GATE),
    act=Act(StatementKind.GATE, RUN, Words("sign"), ("王", "li"), run=RUN),
)
CONTENT: JsonObject = {
    "run": RUN,
    "plan": RUN_SHOWN.plan,
    "part": "executor",
    "giver": "王",
    "taker": "carol",
    "reason": "end of the shift",
}
OFFER = Act(
    StatementKind.HAND_OVER,
    RUN,
    Words("take it over"),
    ("carol",),
    signed=("王",),
    until=datetime(2026, 11, 23, 4, 0, tzinfo=UTC) + timedelta(minutes=5),
    content=CONTENT,
    run=RUN,
)


def test_the_one_who_goes_is_asked_for_the_one_who_comes() -> None:
    form = hand_over_form(PARKED, "li")
    assert form is not None
    assert [(field.name, field.given) for field in form.fields] == [("taker", ""), ("giver", "li"), ("reason", "")]
    made = form.make({"taker": " carol ", "giver": "li", "reason": "shift"})
    assert made == HandOver(RUN, "li", "carol", "shift")


@pytest.mark.parametrize("state", [RunState.RUNNING, RunState.CONFIRMING])
def test_a_run_that_is_not_parked_has_no_such_form(state: RunState) -> None:
    assert hand_over_form(replace(PARKED, act=None, row=replace(PARKED.row, state=state)), "li") is None
    assert hand_over_form(DemoChange().begun(), "li") is None


def test_the_offer_is_what_the_giver_signs_and_the_taker_signs_the_same() -> None:
    given = handing.hand_over(PARKED, "王", "carol", "end of the shift")
    assert (given.kind, given.subject, given.content) == (StatementKind.HAND_OVER, RUN, CONTENT)
    assert handing.take_over(replace(PARKED, hand_over=OFFER)) == given
    assert intent_of(OFFER) == TakeOver(RUN)


def test_nobody_gives_a_part_that_is_not_there() -> None:
    for giver in ("carol", ""):
        with pytest.raises(RefusedError) as caught:
            handing.hand_over(PARKED, giver, "dave", "shift")
        assert caught.value.rule == "L2:not-of-this-run"


def test_what_was_not_offered_or_differs_from_the_run_is_not_signed() -> None:
    with pytest.raises(RefusedError) as caught:
        handing.take_over(PARKED)
    assert caught.value.rule == "run:not-offered"
    for changed in ({"plan": "sha256:other"}, {"part": "confirmer"}, {"extra": 1}):
        offer = replace(OFFER, content={**CONTENT, **changed})
        with pytest.raises(VerificationError):
            handing.take_over(replace(PARKED, hand_over=offer))
