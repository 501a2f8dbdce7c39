"""A run in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.client.wording.line import Line, Meaning, cell_width
from runner.client.wording.present import Present
from runner.client.wording.run import RUN_MEANINGS, head_lines, report_lines, run_lines
from runner.model.run import RunState
from runner.model.statement import StatementKind
from runner.words import use_language
from tests.demo_change import NIGHT, RUN, DemoChange
from tests.wire_samples import LI, NOON, REQUEST_SHOWN, ROW, RUN_SHOWN, statement
from tests.wire_samples import RUN as SAMPLE
from tui.demo.stage import READY
from tui.demo.story import Ending

PRESENT = Present(NIGHT, "Asia/Shanghai", lasts=True)


def told(lines: tuple[Line, ...]) -> list[str]:
    return [line.text.rstrip() for line in lines]


def test_the_head_says_whose_turn_it_is_until_when_and_what_follows() -> None:
    found = told(head_lines(DemoChange().at(RunState.AT_GATE), PRESENT))
    assert found[0].startswith(f"{RUN}  ")
    assert "environment: PRODUCTION" in found
    assert "state:       at gate; steps done: 3 of 5" in found
    assert "people:      executor duty-a, confirmer duty-b" in found
    assert any(line.startswith("turn:        ") and "duty-a, duty-b" in line for line in found)
    assert any(line.startswith("otherwise:   ") for line in found)
    assert any(line.startswith("window:      until 2026-11-29 04:01:00; latest rollback decision ") for line in found)


def test_the_head_says_what_is_the_matter() -> None:
    found = told(head_lines(DemoChange().at(RunState.AT_GATE), PRESENT))
    assert found[found.index("") + 1] == "gate before step upgrade: both sign to go on"


def test_a_question_names_the_choices_as_they_are_typed() -> None:
    found = told(head_lines(DemoChange(Ending.ASKS).at(RunState.OUTCOME_UNKNOWN), PRESENT))
    assert "choices:     mark_done | repeat | roll_back | abandon" in found
    assert "  roll back: what was done is undone, newest first" in found


def test_a_closed_run_says_what_it_has_come_to() -> None:
    content = {"state": "rolled_back", "achieved": "nothing changed", "reason": "no room"}
    closing = statement(StatementKind.CLOSE, LI, SAMPLE, dict(content))
    closed = replace(RUN_SHOWN, row=replace(ROW, state=RunState.CLOSED), statements=(closing,))
    found = told(head_lines(closed, Present(NOON, "Asia/Shanghai", lasts=True)))
    assert "result:      rolled back" in found
    assert "achieved:    nothing changed" in found
    assert "because:     no room" in found


def test_every_attempt_stands_below_its_step_with_what_became_of_its_hosts() -> None:
    found = told(run_lines(DemoChange().at(RunState.ROLLED_BACK), PRESENT))
    upgrade = next(place for place, line in enumerate(found) if "4. upgrade" in line)
    assert found[upgrade].startswith("rolled back  4. upgrade")
    tries = [line.split()[1:-3] for line in found[upgrade + 1 :] if line.startswith("succeeded    ")]
    assert ["writes", "off", "1"] in [words[:3] for words in tries]
    failed = next(line for line in found if "core-db-1 failed" in line)
    assert failed.startswith("failed")
    assert any(line.lstrip().startswith("because: ") for line in found)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_states_stand_in_one_column(language: str) -> None:
    use_language(language)
    shown = DemoChange().at(RunState.ROLLED_BACK)
    rows = [line for line in run_lines(shown, PRESENT) if len(line.parts) > 1 and ". " in line.parts[1].text]
    assert len(rows) == len(shown.steps)
    assert len({cell_width(line.parts[0].text) for line in rows}) == 1


def test_several_batches_have_heads() -> None:
    shown = DemoChange().begun()
    split = replace(shown, batches=(("core-db-1",), ("core-db-2",)))
    assert "batch 1 of 2: core-db-1" in told(run_lines(split, PRESENT))


def test_the_report_says_who_asked_what_was_reported_and_who_signed() -> None:
    demo = DemoChange()
    shown = demo.at(RunState.ROLLED_BACK)
    found = told(report_lines(shown, demo.backend.change(READY), PRESENT))
    assert found[0] == f"change:       {READY}"
    assert found[1] == "reason:       security fixes of the database"
    assert any(line.startswith("signed:") and "start by duty-a" in line for line in found)


def test_the_report_lists_outputs_sheets_and_decisions() -> None:
    first, *others = RUN_SHOWN.steps
    full = replace(first, outputs={"rows": 5}, sheet={"level": 3})
    shown = replace(RUN_SHOWN, steps=(full, *others))
    found = told(report_lines(shown, REQUEST_SHOWN, Present(NOON, "Asia/Shanghai", lasts=True)))
    assert f"reported: {first.id}.rows = 5" in found
    assert f"recorded: {first.id}.level = 3" in found
    assert any(line.startswith("decided:") for line in found) is bool(shown.decisions)


def test_states_that_need_people_at_once_alarm() -> None:
    alarming = {state for state, meaning in RUN_MEANINGS.items() if meaning is Meaning.ALARM}
    assert alarming == {RunState.OUTCOME_UNKNOWN, RunState.AWAITING_DECISION, RunState.ROLLBACK_FAILED}
