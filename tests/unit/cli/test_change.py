"""`twokey change`: which changes there are, and how far one has come."""

from __future__ import annotations

import json
from dataclasses import replace

from runner.model.request import RequestState
from runner.wire.api import Words
from runner.wire.api_request import Act, RequestPage, Revision, Waiting
from runner.words import use_language
from tests.stub_service import StubService
from tests.unit.cli.conftest import Twokey
from tests.wire_samples import CONFIRM, NOON, NUMBER, PLAN, REQUEST, REQUEST_SHOWN, RUN


def test_changes_by_page_with_who_is_waited_for(twokey: Twokey, stub: StubService) -> None:
    stub.says("GET /v1/requests", RequestPage((REQUEST,), NUMBER))
    stub.says("GET /v1/waiting", Waiting((CONFIRM,)))
    answer = twokey("change", "list", "--state", "approved", "--before", "BG-2026-0009", "--limit", "1")
    head, row = answer.out.splitlines()
    assert head.split() == ["change", "state", "risk", "class", "requester", "window", "waits", "for", "title"]
    assert row.startswith(f"{NUMBER}  approved  ordinary")
    assert "2026-11-23 11:00:00 to 2026-11-23 14:00:00" in row
    assert "li: confirm" in row
    assert answer.err == f"there are older ones: --before {NUMBER}\n"
    (asked,) = [asked for asked in stub.asked if asked.path == "/v1/requests"]
    assert asked.query == (("state", "approved"), ("limit", "1"), ("before", "BG-2026-0009"))


def test_an_empty_list_says_so_aside(twokey: Twokey, stub: StubService) -> None:
    stub.says("GET /v1/requests", RequestPage((), None))
    stub.says("GET /v1/waiting", Waiting(()))
    answer = twokey("change", "list")
    assert len(answer.out.splitlines()) == 1
    assert answer.err == "there is none\n"


def test_a_change_is_shown_with_whose_turn_it_is_and_what_stands_in_its_way(twokey: Twokey, stub: StubService) -> None:
    act = Act(CONFIRM.kind, NUMBER, Words("change {number}: start it as executor", {"number": NUMBER}), ("王",))
    shown = replace(
        REQUEST_SHOWN,
        acts=(act,),
        hindrances=(Words("its window opens at {opens}", {"opens": "2026-11-23T03:00:00Z"}),),
        revisions=(Revision(1, PLAN, RequestState.REJECTED, NOON),),
    )
    stub.says(f"GET /v1/requests/{NUMBER}", shown)
    answer = twokey("change", "show", NUMBER)
    told = [tuple(line.split(":", 1)) for line in answer.out.splitlines() if line]
    said = {name: text.strip() for name, text in told}
    assert said["change"].startswith(f"{NUMBER}  ")
    assert said["reason"] == "安全修复"
    assert said["turn"] == f"change {NUMBER}: start it as executor (王)"
    assert said["cannot start"] == "its window opens at 2026-11-23 11:00:00"
    assert said["before"] == "revision 1: rejected"
    assert said["run"].startswith(RUN)
    assert said["approved by"].startswith("li, ")
    assert said["runbook"].startswith("Upgrade the register (")
    assert said["otherwise"]
    assert answer.err == f"its plan: twokey plan {NUMBER}\n"


def test_titles_are_in_the_language_chosen(twokey: Twokey, stub: StubService) -> None:
    stub.says("GET /v1/requests", RequestPage((REQUEST,), None))
    stub.says("GET /v1/waiting", Waiting(()))
    answer = twokey("--lang", "zh", "change", "list")
    use_language("en")
    assert answer.out.splitlines()[1].endswith("升级登记系统")


def test_a_change_without_a_window(twokey: Twokey, stub: StubService) -> None:
    stub.says("GET /v1/requests", RequestPage((replace(REQUEST, window=None),), None))
    stub.says("GET /v1/waiting", Waiting(()))
    assert "  -  " in twokey("change", "list").out.splitlines()[1]


def test_json_is_the_page_of_the_service(twokey: Twokey, stub: StubService) -> None:
    stub.says("GET /v1/requests", RequestPage((REQUEST,), None))
    document = json.loads(twokey("change", "list", "--json").out)
    assert [row["number"] for row in document["rows"]] == [NUMBER]
    assert document["next"] is None
