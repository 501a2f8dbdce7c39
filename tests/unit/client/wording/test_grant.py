"""Grants and people in words: every field has a name, and what is signed is told as people say it."""

from __future__ import annotations

from dataclasses import fields

import pytest

from runner.client.wording import grant as wording
from runner.client.wording.grant import grant_lines, grant_otherwise, person_lines, remark_lines, terms_lines
from runner.client.wording.line import Meaning
from runner.client.wording.present import Present
from runner.model.document import JsonObject
from runner.model.grant import GRANTS, GrantKind, GrantState
from runner.model.people import Terminal, Vendor
from tests.demo_change import NIGHT, DemoChange
from tests.ssh_keys import software_key
from tui.intents import ApproveGrant, InspectGrant

PRESENT = Present(NIGHT, "Asia/Shanghai")
APPLIED, UNINSPECTED, CLOSED = "SQ-2026-0007", "SQ-2026-0006", "SQ-2026-0001"


def texts(demo: DemoChange, number: str) -> list[str]:
    return [line.text for line in grant_lines(demo.backend.register.grant(number), PRESENT)]


@pytest.mark.parametrize("kind", list(GrantKind))
def test_every_field_of_every_grant_has_a_name(kind: GrantKind) -> None:
    names = {field.name for shape in (GRANTS[kind], Vendor, Terminal) for field in fields(shape)}
    assert names - set(wording._FIELDS) == set()


@pytest.mark.parametrize("state", list(GrantState))
def test_what_becomes_of_a_grant_by_itself_is_said_in_every_state(state: GrantState) -> None:
    assert grant_otherwise(state).message


def test_a_grant_that_waits_names_all_that_may_be_signed_and_by_whom() -> None:
    found = texts(DemoChange(), APPLIED)
    assert "turn:     grant SQ-2026-0007, appoint li.na: approve it (duty-b)" in found
    assert "possible: grant SQ-2026-0007, appoint li.na: turn it down (duty-b)" in found
    assert "possible: grant SQ-2026-0007, appoint li.na: take it back (duty-a)" in found


def test_a_grant_that_is_closed_names_everybody_who_signed() -> None:
    demo = DemoChange()
    demo.sign(ApproveGrant(APPLIED), demo.confirmer)
    demo.sign(InspectGrant(APPLIED), demo.executor)
    found = texts(demo, APPLIED)
    assert "state:     checked" in found
    assert "applied:   duty-a, 11-28 00:31:00" in found
    assert "approved:  duty-b, 00:31:00" in found
    assert "inspected: duty-a, 00:31:00" in found
    assert not [line for line in found if line.startswith(("turn", "possible"))]


def test_what_is_signed_is_told_field_by_field_with_the_key_by_its_fingerprint() -> None:
    key = software_key("ssh-ed25519").public
    content: JsonObject = {
        "grant": "enrol",
        "terms": {"person": "mei", "called": "梅", "unit": "", "key": key.to_line()},
    }
    assert [line.text for line in terms_lines(content, PRESENT)] == [
        "grant:  enrol",
        "person: mei",
        "name:   梅",
        f"key:    {key.fingerprint} ssh-ed25519",
    ]
    broken = terms_lines({"grant": "add_key", "terms": {"person": "mei", "key": "odd"}}, PRESENT)
    assert broken[-1].text == "key:    odd"


def test_a_statement_about_something_else_has_no_terms() -> None:
    assert terms_lines({"run": "BG-2026-0153/1", "reason": "why"}, PRESENT) == ()


def test_what_is_to_be_reported_is_marked() -> None:
    shown = DemoChange().backend.register.people()
    first, second = remark_lines(shown, PRESENT)
    assert first.text == "to report: post network is vacant"
    assert second.text == f"to report: grant {UNINSPECTED}: its inspection is due by 12-04 01:31:00"
    assert {part.meaning for line in (first, second) for part in line.parts} == {Meaning.WAIT}


def test_a_suspended_account_stands_out() -> None:
    shown = next(each for each in DemoChange().backend.register.people().people if each.person.name == "chen.hao")
    state = next(line for line in person_lines(shown, PRESENT) if line.text.startswith("state:"))
    assert (state.parts[-1].text, state.parts[-1].meaning) == ("suspended", Meaning.BAD)
