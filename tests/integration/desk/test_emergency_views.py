"""What people see of an emergency: marks and debts before it starts, the owed review behind it."""

from __future__ import annotations

from datetime import timedelta

from runner.model.review import ReviewState
from runner.model.statement import StatementKind
from runner.service.request_view import request_shown
from runner.service.run_view import run_shown
from runner.wire.api_request import RequestShown
from runner.wire.api_run import RunShown
from tests.desk_emergency import begun, ended, requested, review
from tests.desk_world import CAROL, DAVE, NOW, WINDOW, World


def change(world: World, number: str) -> RequestShown:
    with world.store.reading() as transaction:
        return request_shown(world.premises, transaction, number, world.clock.now())


def run(world: World, name: str) -> RunShown:
    with world.store.reading() as transaction:
        return run_shown(world.premises, transaction, name, world.clock.now())


def test_a_closed_window_is_a_mark_and_no_hindrance(world: World) -> None:
    shown = change(world, requested(world).number)
    assert shown.hindrances == ()
    (mark,) = shown.marks
    assert "allowed for an emergency, marked" in mark.message
    assert mark.facts == {"opens": "2026-11-22T23:00:00Z", "closes": "2026-11-23T01:00:00Z"}


def test_inside_its_window_nothing_is_marked(world: World) -> None:
    assert change(world, requested(world, WINDOW).number).marks == ()


def test_debts_are_said_and_stop_nothing(full_world: World) -> None:
    world = full_world
    debt = ended(world).id
    world.clock.pass_by(hours=25)
    shown = change(world, requested(world, WINDOW).number)
    (mark,) = [mark for mark in shown.marks if "count" in mark.facts]
    assert mark.facts == {"count": 1, "runs": debt}
    assert shown.hindrances == ()
    assert "escalated" in mark.message


def test_debts_stand_in_the_way_of_an_ordinary_change_and_are_named(full_world: World) -> None:
    world = full_world
    debt = ended(world).id
    number = world.approved().number
    assert change(world, number).hindrances == ()
    world.clock.pass_by(hours=25)
    (hindrance,) = [each for each in change(world, number).hindrances if "run" in each.facts]
    assert (hindrance.facts["run"], hindrance.facts["reviewers"]) == (debt, "carol, dave")


def test_an_emergency_that_nobody_starts_says_when_it_expires(world: World) -> None:
    otherwise = change(world, requested(world).number).otherwise
    assert otherwise.facts == {"until": "2026-11-30T02:00:00Z"}


def test_the_run_names_the_review_from_its_beginning_to_its_end(full_world: World) -> None:
    world = full_world
    name = begun(world).id
    shown = run(world, name)
    assert shown.rollback_decision_by is None
    assert not shown.overrun
    owed = shown.review
    assert owed is not None
    assert owed.act is not None
    assert (owed.state, owed.due, owed.act.people) == (ReviewState.OPEN, NOW + timedelta(days=1), ("carol", "dave"))
    world.clock.pass_by(days=1)
    later = run(world, name).review
    assert later is not None
    assert later.state is ReviewState.OVERDUE


def test_a_review_that_is_done_shows_what_it_came_to(full_world: World) -> None:
    world = full_world
    record = ended(world)
    for person in (CAROL, DAVE):
        review(world, person, record, "rightly done", "no alarm")
    (shown,) = change(world, record.request).reviews
    assert (shown.state, shown.reviewers, shown.act) == (ReviewState.DONE, ("carol", "dave"), None)
    assert shown.verdict is not None
    assert shown.verdict.findings == ("no alarm",)
    statements = [each for each in run(world, record.id).statements if each.kind is StatementKind.REVIEW]
    assert [each.person for each in statements] == ["carol", "dave"]


def test_an_ordinary_run_owes_nothing(world: World) -> None:
    assert run(world, world.running().id).review is None
