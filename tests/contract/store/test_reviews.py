from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runner.errors import RefusedError
from runner.model.joint import ActSignature, ActState
from runner.model.review import ReviewRecord, Verdict
from runner.model.statement import StatementKind
from runner.store.store import Store
from tests.stores import NOON, World

DAY = timedelta(days=1)


def review(world: World, unit: str = "dba") -> ReviewRecord:
    return ReviewRecord(world.run.id, world.request.number, unit, "ann", "ann", "bob", NOON, NOON + DAY)


def test_a_review_is_read_back_as_it_was(store: Store, world: World) -> None:
    owed = review(world)
    signature = ActSignature("eve", world.statements[0].id, NOON + DAY)
    done = replace(
        owed,
        done_at=NOON + DAY,
        escalated_at=NOON + DAY,
        verdict=Verdict(("迟了", "no alarm"), "rightly done", "BG-2026-0007"),
        signatures=(signature,),
        deviation=True,
    )
    with store.writing() as transaction:
        transaction.reviews.add(owed)
        assert transaction.reviews.find(world.run.id) == owed
        transaction.reviews.save(done)
    with store.reading() as transaction:
        assert transaction.reviews.find(world.run.id) == done
        assert transaction.reviews.of_request(world.request.number) == (done,)
        assert transaction.reviews.find("BG-2026-0099/1") is None


def test_a_review_is_overdue_from_its_instant_on_in_its_own_unit(store: Store, world: World) -> None:
    owed = review(world)
    with store.writing() as transaction:
        transaction.reviews.add(owed)
    with store.reading() as transaction:
        before = NOON + DAY - timedelta(milliseconds=1)
        assert transaction.reviews.overdue_of("dba", before) == ()
        assert transaction.reviews.overdue(before) == ()
        assert transaction.reviews.overdue_of("dba", NOON + DAY) == (owed,)
        assert transaction.reviews.overdue(NOON + DAY) == (owed,)
        assert transaction.reviews.overdue_of("net", NOON + DAY) == ()
        assert transaction.reviews.owed() == (owed,)


def test_a_review_that_is_done_is_owed_no_more_and_done_once(store: Store, world: World) -> None:
    done = replace(review(world), done_at=NOON)
    with store.writing() as transaction:
        transaction.reviews.add(review(world))
        transaction.reviews.save(done)
    with store.reading() as transaction:
        assert transaction.reviews.owed() == transaction.reviews.overdue(NOON + 2 * DAY) == ()
    with pytest.raises(RefusedError) as refused, store.writing() as transaction:
        transaction.reviews.save(done)
    assert refused.value.rule == "state:changed-meanwhile"


def test_a_run_that_goes_on_drops_its_acts_but_not_its_review(store: Store, world: World) -> None:
    with store.writing() as transaction:
        for kind in (StatementKind.GATE, StatementKind.REVIEW):
            signature = ActSignature("bob", world.statements[0].id, NOON)
            transaction.acts.sign(kind, world.run.id, {"of": kind.value}, signature)
        transaction.acts.drop_open_of(world.run.id)
        (left,) = transaction.acts.open_of(world.run.id)
        assert (left.kind, left.state) == (StatementKind.REVIEW, ActState.OPEN)
