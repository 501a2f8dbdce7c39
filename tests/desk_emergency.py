"""Emergencies at the desk: a runbook of that class, its change up to a run that has ended, and the after-review."""

from __future__ import annotations

from datetime import timedelta

from runner.model.request import Request
from runner.model.review import ReviewRecord, Verdict
from runner.model.run import RunRecord, RunState
from runner.model.statement import StatementKind
from runner.model.time import Window
from runner.rules import statements
from runner.wire.api_request import Outcome
from tests.desk_world import ALICE, BOB, NOW, Signer, World

CLOSED = Window(NOW - timedelta(hours=3), NOW - timedelta(hours=1))
RUNBOOK = "runbooks/emergency/make-room.yml"
TEXT = """\
apiVersion: twokey/v1
kind: Runbook
id: make-room
version: 1
family: emergency
title: {en: Make room, zh: 扩展空间}
owner: operations
risk: emergency
targets: {group: web}
steps:
  - id: restart
    playbook: web/restart.yml
    verify: web/health.yml
    rollback: none
    because: {en: a restart undoes nothing, zh: 重启无需回退}
"""


def publish(world: World) -> str:
    """Publish the emergency runbook, unless it is published; its content digest."""
    with world.store.reading() as transaction:
        known = transaction.publications.find_newest("make-room")
    if known is not None:
        return known.digest
    path = world.site.root / RUNBOOK
    path.parent.mkdir(exist_ok=True)
    path.write_text(TEXT, encoding="utf-8")
    return world.publish(runbook=RUNBOOK)


def requested(world: World, window: Window | None = CLOSED, person: Signer = ALICE) -> Request:
    """An emergency that somebody asks for, its window closed unless said otherwise."""
    return world.found_request(world.request(person, world.plan(publish(world), window)).request)


def begun(world: World, executor: Signer = ALICE, confirmer: Signer = BOB, requester: Signer = ALICE) -> RunRecord:
    """An emergency run in progress."""
    started = world.start(executor, requested(world, person=requester).number)
    world.confirm(confirmer, started, executor.name)
    return world.run(started.run)


def ended(world: World, executor: Signer = ALICE, confirmer: Signer = BOB, requester: Signer = ALICE) -> RunRecord:
    """An emergency run that has ended, its result not yet signed."""
    run = begun(world, executor, confirmer, requester).id
    with world.store.writing() as transaction:
        transaction.locks.release(run)
    return world.change_run(run, state=RunState.SUCCEEDED, ended_at=world.clock.now())


def review(
    world: World, person: Signer, record: RunRecord, conclusion: str = "rightly done", *findings: str, fix: str = ""
) -> Outcome:
    content = statements.review_content(record.id, record.plan, Verdict(findings, conclusion, fix))
    return world.submit(person, StatementKind.REVIEW, record.id, content)


def owed(world: World, run: str) -> ReviewRecord:
    with world.store.reading() as transaction:
        found = transaction.reviews.find(run)
    assert found is not None
    return found
