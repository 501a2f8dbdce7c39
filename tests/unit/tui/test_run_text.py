"""A run in rows, and what it is about at each moment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.model.log import LogFilter
from runner.model.run import AttemptState, Choice, HostOutcome, Question, RunState, Wish
from runner.wire.api_run import Asked, RunShown
from tests.demo_change import NIGHT, RUN, SHEET, DemoChange
from tui.demo.story import Ending
from tui.host_board import HostBoard
from tui.intents import Close, PassGate
from tui.matter_text import CONSEQUENCES, QUESTIONS, matter_lines
from tui.rows import Row
from tui.run_news import read_past
from tui.run_text import FEW_HOSTS, current_key, step_key, step_rows, undo_key
from tui.text import Meaning, Present

PRESENT = Present(NIGHT, "Asia/Shanghai")


def board_of(demo: DemoChange) -> HostBoard:
    board = HostBoard()
    for entry in read_past(demo.backend.entries, RUN).entries:
        board.take(entry)
    return board


def rows(demo: DemoChange, opened: frozenset[str] = frozenset()) -> list[Row]:
    return list(step_rows(demo.shown(), board_of(demo), opened, PRESENT))


def told(listed: list[Row]) -> list[str]:
    return [" | ".join(cell.text for cell in row.cells).rstrip(" |") for row in listed]


def matter(shown: RunShown) -> list[str]:
    return [line.text for line in matter_lines(shown, PRESENT)]


def test_every_step_has_its_state_as_a_word() -> None:
    demo = DemoChange()
    demo.at(RunState.AT_SHEET)
    assert told(rows(demo)) == [
        "1. preflight  Hosts are fit for it | done | 0 s",
        "2. backup  Back up | done | 0 s",
        "3. announce  Announce the outage | at sheet",
        "4. upgrade  Upgrade | pending",
        "5. observation  Watch their health | pending",
    ]


def test_the_step_at_work_shows_its_hosts_and_how_long_it_may_take() -> None:
    demo = DemoChange()
    demo.begun()
    demo.backend.advance(3)
    assert told(rows(demo))[1:5] == [
        "2. backup  Back up | running | 0 s of 30:00",
        "   do 1, task 1 | begun | 0 s of 30:00",
        "     core-db-1  dump the database | running",
        "     core-db-2  dump the database | running",
    ]


def test_a_failed_step_shows_what_became_of_each_host() -> None:
    demo = DemoChange()
    demo.at(RunState.ROLLING_BACK)
    found = told(rows(demo))
    assert "     core-db-1  look at health | failed" in found
    assert "     core-db-2  look at health | ok" in found


def test_what_is_undone_stands_at_the_end_newest_first() -> None:
    demo = DemoChange()
    demo.at(RunState.ROLLED_BACK)
    found = told(rows(demo))
    assert found[-2:] == ["rollback, newest first", "undo upgrade: postgres/downgrade.yml | rolled back | 0 s"]
    assert "6. health after the rollback | done | 0 s" in found


def test_undone_steps_stand_newest_first() -> None:
    demo = DemoChange()
    shown = demo.at(RunState.ROLLED_BACK)
    undone = next(step for step in shown.steps if step.id == "upgrade")
    both = tuple(replace(undone, id=step.id) if step.id == "backup" else step for step in shown.steps)
    keys = [row.key for row in step_rows(replace(shown, steps=both), HostBoard(), frozenset(), PRESENT)]
    assert keys[-3:] == ["undo", undo_key(1, "upgrade"), undo_key(1, "backup")]


def test_a_step_that_was_opened_shows_all_its_attempts() -> None:
    demo = DemoChange()
    demo.at(RunState.AT_SHEET)
    found = told(rows(demo, frozenset({step_key(1, "backup")})))
    assert found[2:6] == [
        "   do 1 | succeeded | 0 s",
        "   verify 1 | succeeded | 0 s",
        "     core-db-1 | ok",
        "     core-db-2 | ok",
    ]


def test_of_many_hosts_only_those_that_are_not_well_are_shown() -> None:
    demo = DemoChange()
    shown = demo.at(RunState.ROLLING_BACK)
    hosts = tuple(f"web-{number}" for number in range(FEW_HOSTS + 1))
    step = shown.steps[-1]
    outcomes = {**dict.fromkeys(hosts, HostOutcome.OK), "web-3": HostOutcome.UNREACHABLE}
    attempt = replace(step.attempts[-1], hosts=hosts, outcomes=outcomes)
    many = replace(shown, steps=(*shown.steps[:-1], replace(step, attempts=(attempt,))))
    found = told(list(step_rows(many, HostBoard(), frozenset(), PRESENT)))
    assert "     13 hosts: 12 ok, 1 unreachable" in found
    assert "     web-3 | unreachable" in found
    assert "     web-4 | ok" not in found
    everything = told(list(step_rows(many, HostBoard(), frozenset({step_key(1, step.id)}), PRESENT)))
    assert "     web-4 | ok" in everything


def test_batches_have_heads_when_there_are_several() -> None:
    demo = DemoChange()
    shown = demo.begun()
    first = replace(shown, batches=(("core-db-1",), ("core-db-2",)))
    assert told(list(step_rows(first, HostBoard(), frozenset(), PRESENT)))[0] == "batch 1 of 2: core-db-1"
    once = replace(first, steps=tuple(replace(step, batch=0) for step in first.steps))
    assert told(list(step_rows(once, HostBoard(), frozenset(), PRESENT)))[0] == "once, before the batches"


def test_the_cursor_goes_where_the_run_is() -> None:
    demo = DemoChange()
    demo.begun()
    demo.backend.advance(3)
    assert current_key(demo.shown()) == step_key(1, "backup")
    demo.at(RunState.ROLLING_BACK)
    demo.backend.advance()
    assert current_key(demo.shown()) == undo_key(1, "upgrade")
    assert current_key(demo.at(RunState.ROLLED_BACK)) is None


def test_a_run_at_work_needs_no_words() -> None:
    demo = DemoChange()
    assert matter(demo.begun()) == []


def test_a_gate_says_what_is_about_to_happen_and_the_way_back() -> None:
    demo = DemoChange()
    assert matter(demo.at(RunState.AT_GATE)) == [
        "gate before step upgrade: both sign to go on",
        "The application is closed for writing and both servers are upgraded.",
        "from here the way back is postgres/downgrade.yml  REWINDS DATA written from now on",
    ]
    demo.sign(PassGate(RUN), demo.executor)
    assert matter(demo.shown())[-1] == "duty-a has signed: gate; duty-b still has to sign the same  until 00:36:00"


def test_a_sheet_says_what_to_do_by_hand() -> None:
    demo = DemoChange()
    assert matter(demo.at(RunState.AT_SHEET))[0] == "by hand: Publish the announcement and note its number."
    demo.sign(SHEET, demo.executor)
    assert "duty-a has signed: sheet" in matter(demo.shown())[-1]


def test_a_failure_says_what_was_found_and_what_follows() -> None:
    found = matter(DemoChange().at(RunState.ROLLING_BACK))
    assert found == [
        (
            'step observation has failed on core-db-1: task "look at health": replication slot missing; '
            "application login: 3 of 20 failed"
        ),
        "what was done is undone by itself, newest first; it takes about 25:00",
    ]


def test_an_unknown_outcome_says_what_is_known_and_what_can_be_chosen() -> None:
    found = matter(DemoChange(Ending.ASKS).at(RunState.AWAITING_DECISION))
    assert found[0] == "the end of step upgrade was not seen; what became of its hosts is not known"
    assert found[1] == "found: the shim is gone and left no result"
    assert found[2] == "known: it began at 00:31:00; no end was seen on core-db-1, core-db-2"
    assert found[3:] == [
        f"  {choice}: {CONSEQUENCES[kind]}"
        for choice, kind in (
            ("mark done", Choice.MARK_DONE),
            ("repeat", Choice.REPEAT),
            ("roll back", Choice.ROLL_BACK),
            ("abandon", Choice.ABANDON),
        )
    ]


def test_what_a_settle_probe_found_is_said() -> None:
    shown = DemoChange(Ending.ASKS).at(RunState.AWAITING_DECISION)
    steps = tuple(
        replace(step, attempts=tuple(replace(each, settled={"core-db-1": "not_done"}) for each in step.attempts))
        for step in shown.steps
    )
    assert "the probe found on core-db-1: not done" in matter(replace(shown, steps=steps))


@pytest.mark.parametrize("question", list(Question))
def test_every_question_has_its_sentence(question: Question) -> None:
    shown = DemoChange(Ending.ASKS).at(RunState.AWAITING_DECISION)
    assert shown.asked is not None
    asked = Asked(question, (Choice.ABANDON,), 1, "upgrade", shown.asked.role, 1)
    assert matter(replace(shown, asked=asked))[0] == QUESTIONS[question].format(step="upgrade")


def test_the_result_and_its_first_signature() -> None:
    demo = DemoChange()
    shown = demo.at(RunState.ROLLED_BACK)
    assert matter(shown)[-1] == "everything is undone and proven; executor and confirmer sign the result"
    demo.sign(Close(RUN, "nothing changed", "health"), demo.executor)
    assert matter(demo.shown())[-1].startswith("duty-a has signed: nothing changed; health; duty-b still has to sign")


def test_wishes_are_said() -> None:
    shown = DemoChange().begun()
    assert "it pauses before the next step" in matter(replace(shown, wish=Wish(pause=True)))[0]
    assert "it ends at the next task border" in matter(replace(shown, wish=Wish(pause=True, abort=True)))[0]


def test_states_that_alarm_look_so() -> None:
    demo = DemoChange(Ending.ASKS)
    demo.at(RunState.AWAITING_DECISION)
    attempt = next(row for row in rows(demo) if row.key.startswith("attempt:"))
    assert attempt.cells[1].text == AttemptState.UNKNOWN.value
    assert attempt.cells[1].meaning is Meaning.ALARM


def test_the_past_of_a_run_is_read_oldest_first() -> None:
    demo = DemoChange()
    demo.at(RunState.ROLLED_BACK)
    past = read_past(demo.backend.entries, RUN)
    assert past.complete
    assert [entry.id for entry in past.entries] == sorted(entry.id for entry in past.entries)
    assert len(past.entries) == len(demo.backend.entries(LogFilter(run=RUN), None, 1000).rows)
