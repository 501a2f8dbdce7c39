from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from runner.client.wording.line import aligned
from runner.client.wording.present import Present
from runner.client.wording.review import review_told
from runner.client.wording.run import head_lines
from runner.model.review import ReviewState, Verdict
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.rules.statements import review_content
from runner.wire.api import Words
from runner.wire.api_request import Act, ReviewShown
from tests.wire_samples import NOON, PLAN, RUN, RUN_SHOWN, WINDOW

PRESENT = Present(NOON, "Asia/Shanghai")
ACT = Act(StatementKind.REVIEW, RUN, Words("sign"), ("carol", "dave"))
OWED = ReviewShown(RUN, "", NOON, NOON + timedelta(hours=2), ReviewState.OPEN, act=ACT)


def lines(review: ReviewShown) -> list[str]:
    return [line.text for line in aligned(review_told(review, PRESENT))]


def test_an_owed_review_says_by_whom_and_until_when() -> None:
    assert lines(OWED) == ["after-review: owed until 14:00:00, by: carol, dave"]


def test_an_overdue_one_says_what_it_stops() -> None:
    (line,) = lines(replace(OWED, state=ReviewState.OVERDUE, due=NOON))
    assert line.startswith("after-review: OVERDUE since 12:00:00, escalated: other changes of the unit do not start")


def test_the_second_reviewer_sees_what_the_first_signed() -> None:
    content = review_content(RUN, PLAN, Verdict((), "rightly done"))
    act = replace(ACT, people=("dave",), signed=("carol",), content=content)
    assert lines(replace(OWED, act=act))[1].strip() == (
        "carol has signed: rightly done; dave still has to sign the same"
    )


def test_one_that_is_done_says_what_it_came_to_and_that_it_deviates() -> None:
    done = replace(
        OWED,
        state=ReviewState.DONE,
        done_at=NOON,
        reviewers=("ann", "bob"),
        verdict=Verdict(("no alarm",), "rightly done", "BG-2026-0002"),
        deviation=True,
        act=None,
    )
    said = [" ".join(line.split()) for line in lines(done)]
    assert said == [
        "after-review: done 12:00:00, by ann, bob",
        "DEVIATION: reviewed by people who took part, since there were no others",
        "finding: no alarm",
        "conclusion: rightly done",
        "permanent fix: BG-2026-0002",
    ]


def test_a_run_outside_its_window_is_marked_and_one_inside_is_not() -> None:
    row = replace(RUN_SHOWN.row, risk=Risk.EMERGENCY, window=WINDOW)
    for began, marked in ((WINDOW.opens, False), (WINDOW.closes, True), (WINDOW.opens - timedelta(seconds=1), True)):
        shown = replace(RUN_SHOWN, row=replace(row, started_at=began))
        text = "\n".join(line.text for line in head_lines(shown, PRESENT))
        assert ("outside the window: allowed, marked" in text) is marked
        assert "latest rollback decision" not in text
