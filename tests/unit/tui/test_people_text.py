"""People, grants and awaited signatures in rows, their top lines, and where a signature is given."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runner.model.grant import GrantState
from runner.model.people import Standing
from runner.model.statement import StatementKind
from runner.wire.api import Words
from runner.wire.api_people import StaffingRow
from runner.wire.api_request import Act
from tests.demo_change import NIGHT, RUN, DemoChange
from tui.demo.stage import READY
from tui.messages import ChangeChosen, GrantChosen, PlaceChosen, RunChosen
from tui.people_text import (
    GrantAtHand,
    GrantStanding,
    act_row,
    grant_row,
    others_line,
    person_row,
    top_of_grant,
    top_of_grants,
    top_of_people,
    top_of_policy,
    top_of_waiting,
)
from tui.screens.lists import place_of_act
from tui.text import Meaning, Present
from tui.top_text import Top

PRESENT = Present(NIGHT, "Asia/Shanghai")
APPLIED, UNINSPECTED = "SQ-2026-0007", "SQ-2026-0006"


def texts(top: Top) -> list[str]:
    return [line.text for line in top]


@pytest.mark.parametrize(
    "standing, word, meaning",
    [
        (Standing.ACTIVE, "active", Meaning.GOOD),
        (Standing.SUSPENDED, "suspended", Meaning.BAD),
        (Standing.LEFT, "left", Meaning.FAINT),
    ],
)
def test_how_an_account_stands_is_a_word_and_a_colour(standing: Standing, word: str, meaning: Meaning) -> None:
    shown = DemoChange().backend.register.people().people[2]
    row = person_row(replace(shown, person=replace(shown.person, standing=standing)))
    assert row.key == "zhang.wei"
    assert [cell.text for cell in row.cells] == ["zhang.wei", "张伟", "audit", word, "auditor"]
    assert row.cells[3].meaning is meaning


def test_a_grant_says_who_is_waited_for() -> None:
    register = DemoChange().backend.register
    shown = register.grant(APPLIED)
    row = grant_row(GrantAtHand(shown.row, shown.acts[0]), PRESENT)
    assert [cell.text for cell in row.cells] == [
        APPLIED,
        "applied",
        "appoint li.na network",
        "duty-a: 11-28 00:31",
        "duty-b: approve",
    ]
    closed = register.grant("SQ-2026-0001").row
    assert grant_row(GrantAtHand(closed, None), PRESENT).cells[-1].text == ""


@pytest.mark.parametrize("state", list(GrantState))
def test_every_state_of_a_grant_is_a_word(state: GrantState) -> None:
    row = replace(DemoChange().backend.register.grant(APPLIED).row, state=state)
    assert grant_row(GrantAtHand(row, None), PRESENT).cells[1].text == state.value


def test_awaited_signatures_say_what_about_and_whose() -> None:
    rows = {row.cells[0].text: row for row in (act_row(act, PRESENT) for act in DemoChange().backend.waiting().acts)}
    assert [cell.text for cell in rows[READY].cells] == [READY, "start", "duty-a", "3:30:00 left"]
    assert [cell.text for cell in rows[UNINSPECTED].cells] == [UNINSPECTED, "inspect: suspend chen.hao", "duty-b", ""]
    assert len({row.key for row in rows.values()}) == len(rows)


def test_a_gate_names_its_step_and_content_its_digest() -> None:
    gate = Act(StatementKind.GATE, RUN, Words("x"), (), run=RUN, step="upgrade")
    assert [cell.text for cell in act_row(gate, PRESENT).cells] == [RUN, "gate: upgrade", "nobody who may", ""]
    publish = Act(StatementKind.PUBLISH, "sha256:" + "ab" * 32, Words("x"), ("li",))
    assert act_row(publish, PRESENT).cells[0].text == "abab abab abab"


@pytest.mark.parametrize(
    "act, place",
    [
        (Act(StatementKind.GRANT, APPLIED, Words("x"), ()), GrantChosen(APPLIED)),
        (Act(StatementKind.INSPECT, APPLIED, Words("x"), ()), GrantChosen(APPLIED)),
        (Act(StatementKind.APPROVE, READY, Words("x"), (), request=READY), ChangeChosen(READY)),
        (Act(StatementKind.CONFIRM, RUN, Words("x"), (), request=READY, run=RUN), ChangeChosen(READY)),
        (Act(StatementKind.GATE, RUN, Words("x"), (), request=READY, run=RUN), RunChosen(RUN)),
        (Act(StatementKind.PUBLISH, "sha256:00", Words("x"), ()), None),
    ],
)
def test_an_awaited_signature_is_given_where_it_is_read(act: Act, place: PlaceChosen | None) -> None:
    assert _said(place_of_act(act)) == _said(place)


def _said(place: PlaceChosen | None) -> tuple[object, ...]:
    names = ("number", "run")
    return (type(place), *(getattr(place, name) for name in names if hasattr(place, name)))


def test_the_register_counts_who_is_active_and_what_is_to_be_reported() -> None:
    demo = DemoChange()
    first, second, third = texts(top_of_people(demo.backend.register.people(), demo.backend.open()))
    assert first == " PRODUCTION customer-systems   register of people  demo"
    assert second == "accounts: 5, active: 4  to report: 2"
    assert third.startswith("otherwise: nothing")


def test_the_list_of_grants_counts_those_that_wait() -> None:
    status = DemoChange().backend.open()
    assert texts(top_of_grants("", "grants: 7", 2, status))[1] == "grants: 7  waiting for a signature: 2"
    assert texts(top_of_grants("li.na", "grants: 3", 0, status))[:2] == [
        " PRODUCTION customer-systems   grants about li.na",
        "grants: 3",
    ]


def test_a_grant_in_effect_says_until_when_it_is_inspected() -> None:
    demo = DemoChange()
    shown, status = demo.backend.register.grant(UNINSPECTED), demo.backend.open()
    due = NIGHT + timedelta(days=5)
    assert texts(top_of_grant(GrantStanding(shown, due), status, PRESENT)) == [
        f" PRODUCTION customer-systems   {UNINSPECTED}  granted  suspend chen.hao",
        "turn: duty-b (inspect)  inspection due by 12-04 00:31",
        "otherwise: it stays in effect, and its inspection is reported as owed",
    ]
    late = top_of_grant(GrantStanding(shown, NIGHT), status, PRESENT)
    assert late[1].parts[-1].meaning is Meaning.BAD
    assert late[1].text.endswith("INSPECTION OVERDUE since 00:31")


def test_what_is_awaited_tells_the_turn_of_the_selected_one() -> None:
    demo = DemoChange()
    acts = demo.backend.waiting().acts
    told = texts(top_of_waiting(acts, acts[-1], demo.backend.open(), PRESENT))
    assert told[0].endswith("what is awaited  signatures: 4")
    assert told[1] == "turn: duty-b (approve)  since 11-28 00:31:00"
    assert texts(top_of_waiting((), None, demo.backend.open(), PRESENT))[1] == "nobody's turn"


def test_too_few_people_are_loud() -> None:
    demo = DemoChange()
    register = demo.backend.register
    policy, staffing = register.policy(), register.staffing()
    second = top_of_policy(policy, staffing, demo.backend.open())[1]
    assert (second.text, second.parts[0].meaning) == ("NOT ENOUGH PEOPLE for 1 of 4", Meaning.BAD)
    rows = tuple(StaffingRow(row.risk, "", enough=True, team=("a", "b", "c")) for row in staffing.rows)
    fine = top_of_policy(replace(policy, differs=True), replace(staffing, rows=rows), demo.backend.open())[1]
    assert fine.text == "enough people for every risk class  the site's file says something else"


def test_other_signatures_are_counted_with_the_key_that_shows_them() -> None:
    others = DemoChange().backend.changes(None, 50).others
    assert others_line(others, "w").text == "also awaited, about no change: 2 (w shows them)"
