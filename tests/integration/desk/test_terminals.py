"""Funds and batch work are signed at two registered operations terminals, whatever the class, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runner.errors import RefusedError, UsageError
from runner.model.grant import AddTerminal, RemoveTerminal
from runner.model.people import Terminal
from runner.model.policy import SignedAt
from runner.model.result import Achievement
from runner.model.run import RunRecord, RunState
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.rules import statements
from runner.wire.api_request import Outcome, Signed
from tests.desk_grants import apply, granted
from tests.desk_site import RUNBOOK
from tests.desk_world import ALICE, BOB, RESTART, Signer, World, make_world, opened_world

EAST, WEST, LOBBY = "10.0.0.1", "10.0.0.2", "10.0.0.3"
ADDRESSES = {"T-EAST": EAST, "T-WEST": WEST, "LOBBY": LOBBY}


@pytest.fixture
def funds_world(tmp_path: Path) -> Iterator[World]:
    """A world of two people, two operations terminals and another, whose runbook touches funds."""
    make_world(tmp_path, (ALICE, BOB))
    text = RUNBOOK.replace("  - id: restart\n", "  - id: restart\n    funds: true\n")
    (tmp_path / "site" / RESTART).write_text(text, encoding="utf-8")
    with opened_world(tmp_path) as opened:
        register(opened)
        yield opened


def register(world: World) -> None:
    for name, source in ADDRESSES.items():
        granted(world, AddTerminal(Terminal(name, source, "seat 1", operations=name != "LOBBY")))


def submit_at(
    world: World, terminal: str, person: Signer, kind: StatementKind, subject: str, content: object, source: str = ""
) -> Outcome:
    assert isinstance(content, dict)
    stated = replace(world.statement(person, kind, subject, content), terminal=terminal)
    signed: Signed = world.signed(person, stated)
    return world.desk.submit(signed, source or ADDRESSES.get(terminal, ""))


def start_at(world: World, terminal: str, number: str) -> Outcome:
    content = statements.start_content(world.found_request(number))
    return submit_at(world, terminal, ALICE, StatementKind.START, number, content)


def confirm_at(world: World, terminal: str, started: Outcome) -> Outcome:
    request = world.found_request(started.request)
    content = statements.confirm_content(request, started.run, started.statement, "alice")
    return submit_at(world, terminal, BOB, StatementKind.CONFIRM, started.run, content)


def running(world: World) -> RunRecord:
    started = start_at(world, "T-EAST", world.approved().number)
    confirm_at(world, "T-WEST", started)
    return world.run(started.run)


def gate_at(world: World, terminal: str, person: Signer, record: RunRecord) -> Outcome:
    content = statements.gate_content(record.id, record.plan, 1, "restart", ["web1"])
    return submit_at(world, terminal, person, StatementKind.GATE, record.id, content)


def sheet_at(world: World, terminal: str, person: Signer, record: RunRecord) -> Outcome:
    content = statements.sheet_content(record.id, record.plan, 1, "look", {"level": 3})
    return submit_at(world, terminal, person, StatementKind.SHEET, record.id, content)


def close_at(world: World, terminal: str, person: Signer, record: RunRecord) -> Outcome:
    content = statements.close_content(record.id, record.plan, record.state, Achievement("totals agree"))
    return submit_at(world, terminal, person, StatementKind.CLOSE, record.id, content)


class TestFunds:
    def test_two_people_at_two_terminals_carry_it_out(self, funds_world: World) -> None:
        world, record = funds_world, running(funds_world)
        sheet_at(world, "T-EAST", ALICE, record)
        assert sheet_at(world, "T-WEST", BOB, record).complete
        gate_at(world, "T-WEST", BOB, record)
        assert gate_at(world, "T-EAST", ALICE, record).complete
        ended = world.change_run(record.id, state=RunState.SUCCEEDED, ended_at=world.clock.now())
        close_at(world, "T-EAST", ALICE, ended)
        assert close_at(world, "T-WEST", BOB, ended).complete

    @pytest.mark.parametrize("terminal", ["", "LOBBY"])
    def test_it_is_started_at_an_operations_terminal_only(self, funds_world: World, terminal: str) -> None:
        number = funds_world.approved().number
        with pytest.raises(RefusedError) as caught:
            start_at(funds_world, terminal, number)
        assert (caught.value.rule, caught.value.exit_code) == ("terminal:not-operations", 4)
        assert caught.value.facts["terminals"] == "T-EAST, T-WEST"

    def test_it_is_confirmed_at_another_terminal(self, funds_world: World) -> None:
        started = start_at(funds_world, "T-EAST", funds_world.approved().number)
        with pytest.raises(RefusedError) as caught:
            confirm_at(funds_world, "T-EAST", started)
        assert (caught.value.rule, caught.value.facts["terminals"]) == ("terminal:same", "T-WEST")
        assert funds_world.run(started.run).state is RunState.CONFIRMING

    def test_so_are_sheet_gate_and_result(self, funds_world: World) -> None:
        world, record = funds_world, running(funds_world)
        sheet_at(world, "T-EAST", ALICE, record)
        for terminal, rule in (("T-EAST", "terminal:same"), ("", "terminal:not-operations")):
            with pytest.raises(RefusedError) as caught:
                sheet_at(world, terminal, BOB, record)
            assert caught.value.rule == rule
        sheet_at(world, "T-WEST", BOB, record)
        gate_at(world, "T-EAST", ALICE, record)
        with pytest.raises(RefusedError) as caught:
            gate_at(world, "T-EAST", BOB, record)
        assert caught.value.rule == "terminal:same"
        ended = world.change_run(record.id, state=RunState.SUCCEEDED, ended_at=world.clock.now())
        with pytest.raises(RefusedError) as caught:
            close_at(world, "LOBBY", ALICE, ended)
        assert caught.value.rule == "terminal:not-operations"

    def test_stopping_is_possible_from_anywhere(self, funds_world: World) -> None:
        record = running(funds_world)
        funds_world.submit(BOB, StatementKind.PAUSE, record.id, statements.pause_content(record.id, "wait"))
        assert funds_world.run(record.id).wish.pause

    def test_a_terminal_taken_out_of_the_register_counts_no_more(self, funds_world: World) -> None:
        granted(funds_world, RemoveTerminal("T-EAST", "moved"))
        number = funds_world.approved().number
        with pytest.raises(RefusedError) as caught:
            start_at(funds_world, "T-EAST", number)
        assert caught.value.rule == "terminal:elsewhere"


class TestClaims:
    @pytest.mark.parametrize("source", ["", WEST, LOBBY, "10.9.9.9", "t-east", "local/tty1"])
    def test_a_terminal_is_not_claimed_from_elsewhere(self, funds_world: World, source: str) -> None:
        number = funds_world.approved().number
        content = statements.start_content(funds_world.found_request(number))
        stated = replace(funds_world.statement(ALICE, StatementKind.START, number, content), terminal="T-EAST")
        with pytest.raises(RefusedError) as caught:
            funds_world.desk.submit(funds_world.signed(ALICE, stated), source)
        assert caught.value.rule == "terminal:elsewhere"
        assert funds_world.payload_of("service:statement:refused")["rule"] == "terminal:elsewhere"

    def test_a_true_claim_is_signed_and_kept_also_where_none_is_asked_for(self, world: World) -> None:
        register(world)
        number = world.approved().number
        started = start_at(world, "LOBBY", number)
        with world.store.reading() as transaction:
            assert transaction.statements.get(started.statement).signed.statement.terminal == "LOBBY"

    @pytest.mark.parametrize("source", ["bastion", "", "10.0.0", "local/", "local/../tty1", "pts/1"])
    def test_a_source_is_an_address_or_a_console(self, world: World, source: str) -> None:
        with pytest.raises(UsageError):
            apply(world, ALICE, AddTerminal(Terminal("T", source, "seat 1")))

    def test_one_source_is_one_terminal_however_it_is_written(self, funds_world: World) -> None:
        with pytest.raises(RefusedError) as caught:
            apply(funds_world, ALICE, AddTerminal(Terminal("T-TOO", "::ffff:10.0.0.1", "seat 2")))
        assert caught.value.rule == "people:terminal-taken"


def test_a_policy_asks_for_terminals_in_any_class(world: World) -> None:
    register(world)
    number = world.approved().number
    policy = world.premises.policy
    ordinary = replace(policy.classes[Risk.ORDINARY], terminals=SignedAt.OPERATIONS)
    world.use_policy(replace(policy, classes={**policy.classes, Risk.ORDINARY: ordinary}))
    with pytest.raises(RefusedError) as caught:
        world.start(ALICE, number)
    assert caught.value.rule == "terminal:not-operations"
    started = start_at(world, "T-EAST", number)
    with pytest.raises(RefusedError) as caught:
        confirm_at(world, "T-EAST", started)
    assert caught.value.rule == "terminal:same"
    confirm_at(world, "T-WEST", started)


def test_without_registered_terminals_nothing_of_the_kind_starts(tmp_path: Path) -> None:
    make_world(tmp_path, (ALICE, BOB))
    text = RUNBOOK.replace("family: restart", "family: batch")
    (tmp_path / "site" / RESTART).write_text(text, encoding="utf-8")
    with opened_world(tmp_path) as world:
        number = world.approved().number
        with pytest.raises(RefusedError) as caught:
            world.start(ALICE, number)
        assert caught.value.rule == "terminal:not-operations"
        assert "twokey people terminal add" in caught.value.hint
