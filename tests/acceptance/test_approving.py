"""Several approvals in one action: each by its own statement, and none undone or stopped by another's refusal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runner.model.document import JsonObject
from tests.acceptance.changes import publish
from tests.acceptance.installed import LI, WANG, Installed, founded


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    with founded(tmp_path_factory.mktemp("approving")) as installed:
        publish(installed)
        yield installed


def requested(installed: Installed, text: str, by: str, *more: str) -> str:
    window = ("--from", "now", "--to", "+2h", "--reason", text)
    return str(installed.sign("request", "note-write", "-p", f"text={text}", *window, *more, by=by)["request"])


def test_several_are_shown_and_signed_each_on_its_own(installed: Installed) -> None:
    first, second = (requested(installed, text, WANG) for text in ("one", "two"))
    own = requested(installed, "three", LI)
    said = installed.refused("approve", first, own, second, "--yes", by=LI, code=4)
    assert "L2:approver-is-requester" in said
    for place, number in enumerate((first, own, second), start=1):
        assert f"{place} of 3: {number}" in said
        assert f"approves change {number}" in said
    states = [installed.ask("change", "show", number)["request"] for number in (first, own, second)]
    assert [state["state"] for state in states if isinstance(state, dict)] == ["approved", "submitted", "approved"]
    statements = {entry["statement"] for entry in _approvals(installed, first, second)}
    assert len(statements) == 2


def _approvals(installed: Installed, *numbers: str) -> list[JsonObject]:
    shown = [installed.ask("change", "show", number)["approvals"] for number in numbers]
    return [approval for found in shown if isinstance(found, list) for approval in found if isinstance(approval, dict)]


def test_what_does_not_exist_stops_nothing(installed: Installed) -> None:
    number = requested(installed, "four", WANG)
    said = installed.refused("approve", "BG-2020-0001", number, "--quiet", "--yes", by=LI, code=2)
    assert "BG-2020-0001: not signed" in said
    shown = installed.ask("change", "show", number)["request"]
    assert isinstance(shown, dict)
    assert shown["state"] == "approved"


def test_nothing_is_signed_unasked_or_twice(installed: Installed) -> None:
    number, other = (requested(installed, text, WANG) for text in ("five", "six"))
    assert "add --yes" in installed.refused("approve", number, other, by=LI, code=2)
    assert "named twice" in installed.refused("approve", number, number, "--yes", by=LI, code=2)
    assert _approvals(installed, number, other) == []


def test_a_class_is_raised_and_never_lowered(installed: Installed) -> None:
    number = requested(installed, "seven", WANG, "--risk", "major")
    assert "major (raised by whoever requests it)" in installed.do("change", "show", number)
    assert "major (raised by whoever requests it)" in installed.do("plan", number)
    words = ("request", "note-write", "-p", "text=x", "--from", "now", "--to", "+2h", "--reason", "x")
    assert "risk:lowered" in installed.refused(*words, "--risk", "standard", "--yes", by=WANG, code=4)
