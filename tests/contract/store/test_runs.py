from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from runner.errors import NotFoundError, RefusedError
from runner.model.document import JsonObject
from runner.model.holding import Shim
from runner.model.joint import ActSignature, ActState
from runner.model.plan import Role
from runner.model.run import (
    AttemptKey,
    AttemptState,
    Cause,
    Choice,
    Decision,
    HostOutcome,
    Question,
    RunKind,
    RunState,
    Turn,
    Wish,
)
from runner.model.runbook import RollbackScope
from runner.model.statement import StatementKind
from runner.model.time import Window
from runner.store.fencing import FencedError
from runner.store.store import Store, Transaction
from tests.stores import NOON, World, add_run, attempt, digest, plan, request, statement


def test_a_run_is_read_back_with_all_that_belongs_to_it(store: Store, world: World) -> None:
    key = AttemptKey(world.run.id, 1, "upgrade", Role.DO, 1)
    wanted = replace(
        world.run,
        state=RunState.AWAITING_DECISION,
        started_at=NOON,
        window=Window(NOON, NOON + timedelta(hours=4)),
        gates=((1, "upgrade"), (2, "upgrade")),
        sheets={"1/valve": {"reading": 7, "asset": "阀-3"}},
        decisions=(Decision(Question.STEP_FAILED, Choice.REPEAT, 1, "upgrade", Role.DO, 1, NOON),),
        wish=Wish(pause=True),
        turns=(Turn(Cause.STEP_FAILED, 1, "upgrade", RollbackScope.RUN, ("db1",), NOON),),
        waiting_since=NOON,
        question=Question.STEP_FAILED,
        waiting_at=key,
    )
    tried = attempt(world.run.id)
    with store.writing() as transaction:
        transaction.runs.save(wanted)
        transaction.attempts.add(tried, world.run.epoch)
        transaction.runs.put_outputs(world.run.id, world.run.epoch, 1, "backup", {"path": "/b/1", "rows": 12})
    with store.reading() as transaction:
        assert transaction.runs.get(world.run.id) == replace(
            wanted, attempts=(tried,), outputs={"backup": {"path": "/b/1", "rows": 12}}
        )


def test_a_claim_raises_the_epoch_and_fences_everybody_else(store: Store, world: World) -> None:
    stale = world.run
    with store.writing() as transaction:
        claimed = transaction.runs.claim(stale.id, stale.epoch)
        assert claimed is not None
        assert claimed.epoch == stale.epoch + 1
        assert transaction.runs.claim(stale.id, stale.epoch) is None
    writes: tuple[Callable[[Transaction], None], ...] = (
        lambda transaction: transaction.runs.save(replace(stale, state=RunState.PAUSED)),
        lambda transaction: transaction.attempts.add(attempt(stale.id), stale.epoch),
        lambda transaction: transaction.attempts.save(attempt(stale.id), stale.epoch),
        lambda transaction: transaction.runs.put_outputs(stale.id, stale.epoch, 1, "x", {}),
        lambda transaction: transaction.runs.require_epoch(stale.id, stale.epoch),
    )
    for write in writes:
        with pytest.raises(FencedError), store.writing() as transaction:
            write(transaction)
    with store.reading() as transaction:
        assert transaction.runs.get(stale.id) == claimed


def test_runs_of_a_request_are_counted_and_checks_have_numbers_of_their_own(store: Store, world: World) -> None:
    assert world.run.id == f"{world.request.number}/1"
    with store.writing() as transaction:
        assert add_run(transaction, world.request).id == f"{world.request.number}/2"
        check = replace(world.run, id=transaction.runs.next_id("", NOON), kind=RunKind.CHECK, request="")
        transaction.runs.add(check)
    assert check.id == "CHECK-2026-0001/1"
    with store.reading() as transaction:
        assert transaction.runs.get(check.id).request == ""
        assert transaction.runs.find("BG-2026-0009/1") is None
        with pytest.raises(NotFoundError):
            transaction.runs.get("BG-2026-0009/1")


def test_runs_are_paged_newest_first(store: Store, world: World) -> None:
    with store.writing() as transaction:
        other = transaction.requests.add(request())
        runs = [world.run, *(add_run(transaction, of) for of in (other, world.request, other))]
        transaction.runs.save(replace(runs[3], state=RunState.CLOSED))
    with store.reading() as transaction:
        ids = [run.id for run in reversed(runs)]
        assert [run.id for run in transaction.runs.page(9)] == ids
        assert [run.id for run in transaction.runs.page(2, before=ids[0])] == ids[1:3]
        assert [run.id for run in transaction.runs.page(9, request=other.number)] == [ids[0], ids[2]]
        running = transaction.runs.page(9, states=[RunState.RUNNING])
        assert [run.id for run in running] == ids[1:]
        assert transaction.runs.count([RunState.RUNNING]) == 3
        assert [run.id for run in transaction.runs.in_states([RunState.CLOSED])] == [ids[0]]


def test_outputs_are_those_of_the_batch_in_progress_and_of_steps_done_once(store: Store, world: World) -> None:
    run, epoch = world.run.id, world.run.epoch
    with store.writing() as transaction:
        transaction.runs.put_outputs(run, epoch, 0, "once", {"at": "start"})
        for batch in (1, 2):
            transaction.runs.put_outputs(run, epoch, batch, "backup", {"path": f"/old/{batch}"})
            transaction.runs.put_outputs(run, epoch, batch, "backup", {"path": f"/b/{batch}"})
        transaction.attempts.add(attempt(run, batch=2), epoch)
    with store.reading() as transaction:
        assert transaction.runs.get(run).outputs == {"once": {"at": "start"}, "backup": {"path": "/b/2"}}
        assert transaction.runs.outputs_of(run, 1)["backup"] == {"path": "/b/1"}
        assert transaction.runs.outputs_of(run, 3) == {"once": {"at": "start"}}


def test_an_attempt_goes_from_intent_to_its_end(store: Store, world: World) -> None:
    run, epoch = world.run.id, world.run.epoch
    with store.writing() as transaction:
        assert transaction.attempts.next_number(run, 1, "upgrade", Role.DO) == 1
        transaction.attempts.add(attempt(run), epoch)
        assert transaction.attempts.next_number(run, 1, "upgrade", Role.DO) == 2
        assert transaction.attempts.next_number(run, 1, "upgrade", Role.VERIFY) == 1
        assert transaction.attempts.unended() == (attempt(run),)
        transaction.attempts.set_imported(attempt(run).key, 7)
        transaction.attempts.set_imported(attempt(run).key, 5)
    ended = replace(
        attempt(run),
        state=AttemptState.UNKNOWN,
        began_at=NOON,
        ended_at=NOON + timedelta(seconds=3),
        outcomes={"db1": HostOutcome.CHANGED, "db2": HostOutcome.UNKNOWN},
        settled={"db2": "not_done"},
        reason="its end was not seen",
        imported=7,
    )
    with store.writing() as transaction:
        assert transaction.attempts.get(ended.key).imported == 7
        transaction.attempts.save(ended, epoch)
    with store.reading() as transaction:
        assert transaction.attempts.of(run) == (ended,)
        assert transaction.attempts.unended() == ()


def test_an_attempt_must_be_intended_before_it_is_saved(store: Store, world: World) -> None:
    with pytest.raises(NotFoundError), store.writing() as transaction:
        transaction.attempts.save(attempt(world.run.id), world.run.epoch)
    with store.reading() as transaction, pytest.raises(NotFoundError):
        transaction.attempts.get(attempt(world.run.id).key)


def test_a_shim_carries_several_attempts(store: Store, world: World) -> None:
    run, epoch = world.run.id, world.run.epoch
    shim = Shim("s1", run, "shims/s1", 4711, 123456789012, "boot", NOON)
    with store.writing() as transaction:
        transaction.shims.add(shim)
        transaction.attempts.add(attempt(run), epoch, shim="s1")
        transaction.attempts.add(attempt(run, step="verify"), epoch)
        transaction.shims.carry("s1", attempt(run, step="verify").key)
        assert transaction.shims.unended() == (shim,)
        assert transaction.shims.find_of(attempt(run).key) == shim
        assert transaction.shims.find_of(attempt(run, number=2).key) is None
        assert transaction.shims.attempts_of("s1") == (attempt(run).key, attempt(run, step="verify").key)
        transaction.shims.end("s1", NOON + timedelta(seconds=1))
        transaction.shims.end("s1", NOON + timedelta(seconds=9))
    with store.reading() as transaction:
        ended = replace(shim, ended_at=NOON + timedelta(seconds=1))
        assert transaction.shims.find("s1") == ended
        assert transaction.shims.of(run) == (ended,)
        assert transaction.shims.unended() == ()


def test_a_joint_act_waits_for_the_second_signature(store: Store, world: World) -> None:
    content: JsonObject = {"run": world.run.id, "step": "upgrade", "batch": 1}
    first, second = (statement(StatementKind.GATE, person, world.run.id, content) for person in ("ann", "bob"))
    with store.writing() as transaction:
        for said in (first, second):
            transaction.statements.put(said, NOON)
        signed = ActSignature("ann", first.id, NOON)
        opened = transaction.acts.sign(StatementKind.GATE, world.run.id, content, signed, NOON + timedelta(hours=2))
        assert opened.signatures == (signed,)
        assert transaction.acts.open_of(world.run.id) == (opened,)
        assert transaction.acts.find_open(StatementKind.GATE, world.run.id, {**content, "batch": 2}) is None
    with store.writing() as transaction:
        other = ActSignature("bob", second.id, NOON + timedelta(seconds=41))
        complete = transaction.acts.sign(StatementKind.GATE, world.run.id, content, other)
        assert complete.signatures == (signed, other)
        assert complete.until == NOON + timedelta(hours=2)
        transaction.acts.finish(complete.id)
    with store.reading() as transaction:
        assert transaction.acts.open() == ()
        assert transaction.acts.get(complete.id) == replace(complete, state=ActState.DONE)


def test_nobody_signs_a_joint_act_twice(store: Store, world: World) -> None:
    said = statement(StatementKind.GATE, "ann", world.run.id)
    with store.writing() as transaction:
        transaction.statements.put(said, NOON)
        transaction.acts.sign(StatementKind.GATE, world.run.id, {}, ActSignature("ann", said.id, NOON))
    with pytest.raises(RefusedError) as refused, store.writing() as transaction:
        transaction.acts.sign(StatementKind.GATE, world.run.id, {}, ActSignature("ann", said.id, NOON))
    assert refused.value.rule == "L2:signed-before"


def test_acts_of_other_kinds_and_contents_stay_apart_and_can_be_dropped(store: Store, world: World) -> None:
    said = statement(StatementKind.GATE, "ann", world.run.id)
    with store.writing() as transaction:
        transaction.statements.put(said, NOON)
        signed = ActSignature("ann", said.id, NOON)
        acts = [
            transaction.acts.sign(kind, world.run.id, {"choice": choice}, signed)
            for kind, choice in (
                (StatementKind.DECIDE, "repeat"),
                (StatementKind.DECIDE, "abandon"),
                (StatementKind.CLOSE, "repeat"),
            )
        ]
        assert transaction.acts.open() == tuple(acts)
        transaction.acts.drop(acts[0].id)
        assert transaction.acts.open_of(world.run.id) == tuple(acts[1:])
        transaction.acts.drop_open_of(world.run.id)
        assert transaction.acts.open() == ()
        with pytest.raises(RefusedError):
            transaction.acts.finish(acts[0].id)
        with pytest.raises(NotFoundError):
            transaction.acts.get(99)


def test_an_exclusive_lock_names_its_holder_to_others(store: Store, world: World) -> None:
    with store.writing() as transaction:
        other = add_run(transaction, world.request)
        transaction.locks.take(world.run.id, ["hostkey:b", "hostkey:a"], NOON, exclusive=True)
        transaction.locks.take(world.run.id, ["hostkey:a"], NOON + timedelta(hours=1), exclusive=False)
    for exclusive in (True, False):
        with pytest.raises(RefusedError) as refused, store.writing() as transaction:
            transaction.locks.take(other.id, ["hostkey:c", "hostkey:b"], NOON, exclusive=exclusive)
        assert refused.value.rule == "L7:host-held"
        assert refused.value.facts["holder"] == world.run.id
        assert refused.value.facts["since"] == NOON.isoformat()
    with store.reading() as transaction:
        held = transaction.locks.all()
        assert [(lock.identity, lock.run, lock.exclusive, lock.since) for lock in held] == [
            ("hostkey:a", world.run.id, True, NOON),
            ("hostkey:b", world.run.id, True, NOON),
        ]


def test_readers_share_a_host_and_a_lone_reader_may_become_its_holder(store: Store, world: World) -> None:
    with store.writing() as transaction:
        other = add_run(transaction, world.request)
        for run in (world.run.id, other.id):
            transaction.locks.take(run, ["local:m"], NOON, exclusive=False)
    with pytest.raises(RefusedError), store.writing() as transaction:
        transaction.locks.take(world.run.id, ["local:m"], NOON, exclusive=True)
    with store.writing() as transaction:
        transaction.locks.release(other.id)
        transaction.locks.take(world.run.id, ["local:m", "local:n"], NOON, exclusive=True)
        assert [lock.exclusive for lock in transaction.locks.of(world.run.id)] == [True, True]
        transaction.locks.release(world.run.id, ["local:n"])
        assert [lock.identity for lock in transaction.locks.of(world.run.id)] == ["local:m"]


def test_a_plan_is_needed_before_a_request_of_it(store: Store) -> None:
    with store.writing() as transaction:
        transaction.plans.put(plan("5"))
        assert transaction.requests.add(request(of="5")).plan == digest("5")
