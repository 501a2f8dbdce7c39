"""A run that has ended, its result, and what follows from it, in a desk's world."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.errors import RefusedError
from runner.model.people import PersonRole
from runner.model.policy import EVERYTHING, MEMBER, USUAL_CLASSES, Policy, Post
from runner.model.result import Acceptance, Achievement, Findings, ResultRecord
from runner.model.run import RunRecord, RunState
from runner.model.statement import StatementKind
from runner.model.text import Text
from runner.rules import statements
from runner.service.request_view import waiting
from runner.store.store import Transaction
from runner.wire.api_request import Act, Outcome
from tests.desk_world import ALICE, BOB, CAROL, NOW, Signer, World

WEEK = 7 * 86400
RESTARTED = Achievement("restarted")
OPERATING = tuple(role for role in EVERYTHING.roles if role is not PersonRole.BUSINESS_OWNER)
DEPARTMENTS = Policy(
    posts={
        MEMBER: replace(EVERYTHING, roles=OPERATING),
        "business": Post(Text("business owner", "业务负责人"), (PersonRole.BUSINESS_OWNER,)),
    },
    classes={risk: replace(terms, business=True) for risk, terms in USUAL_CLASSES.items()},
)
"""Everyone operates and approves; nobody is a business owner but by a post of its own; every class asks for one."""
OWNED = replace(DEPARTMENTS, classes=dict(USUAL_CLASSES))
"""The same, where no class asks for a business owner."""


def ended(world: World, trial: int = 0, state: RunState = RunState.SUCCEEDED) -> RunRecord:
    """A run of alice's and bob's that has ended, its result not yet signed."""
    document = world.plan(world.publish())
    number = world.request(ALICE, document, trial=trial).request
    world.approve(BOB if trial == 0 else CAROL, number)
    started = world.start(ALICE, number)
    world.confirm(BOB, started)
    return world.change_run(started.run, state=state, ended_at=world.clock.now(), sheets={"1/restart": {}})


def close(world: World, person: Signer, record: RunRecord, said: Achievement = RESTARTED) -> Outcome:
    content = statements.close_content(record.id, record.plan, record.state, said)
    return world.submit(person, StatementKind.CLOSE, record.id, content)


def closed(world: World, trial: int = 0, state: RunState = RunState.SUCCEEDED) -> RunRecord:
    """The same, with its result signed by both."""
    record = ended(world, trial, state)
    said = Achievement("restarted", "" if state is RunState.SUCCEEDED else "it was not healthy")
    for person in (ALICE, BOB):
        close(world, person, record, said)
    return world.run(record.id)


def verify(world: World, person: Signer, record: RunRecord, *findings: str) -> Outcome:
    found = Findings(accepted=not findings, verified="a transfer and its statement", findings=findings)
    content = statements.verify_content(record.id, record.plan, result_of(world, record).state, found)
    return world.submit(person, StatementKind.VERIFY, record.id, content)


def accept(world: World, person: Signer, record: RunRecord, follow_up: str = "", conclusion: str = "quiet") -> Outcome:
    ends = result_of(world, record).trial_ends or NOW
    said = Acceptance(accepted=not follow_up, conclusion=conclusion, follow_up=follow_up)
    content = statements.accept_content(record.id, record.plan, ends, said)
    return world.submit(person, StatementKind.ACCEPT, record.id, content)


def result_of(world: World, record: RunRecord) -> ResultRecord:
    with world.store.reading() as transaction:
        return transaction.results.get(record.id)


def on_trial(world: World) -> RunRecord:
    """A run on trial for a week."""
    record = closed(world, WEEK)
    assert record.state is RunState.ON_TRIAL
    return record


def act_of(world: World, transaction: Transaction, record: RunRecord) -> Act:
    """What is awaited of a run."""
    acts = waiting(world.premises, transaction, "", world.clock.now()).acts
    (act,) = (act for act in acts if act.run == record.id)
    return act


def rule_of(call: object, *given: object) -> str:
    with pytest.raises(RefusedError) as caught:
        call(*given)  # type: ignore[operator]  # one of the functions above
    assert caught.value.exit_code == 4
    return caught.value.rule
