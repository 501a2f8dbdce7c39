"""A run in rows, and what it is about at each moment."""

from __future__ import annotations

from dataclasses import replace

from runner.model.log import LogFilter
from runner.model.run import AttemptState, HostOutcome, RunState
from tests.demo_change import NIGHT, RUN, DemoChange
from tui.demo.story import Ending
from tui.host_board import HostBoard
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


def test_states_that_alarm_look_so() -> None:
    demo = DemoChange(Ending.ASKS)
    demo.at(RunState.OUTCOME_UNKNOWN)
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
