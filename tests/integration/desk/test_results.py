"""After the result (L13): configuration record and business verification; and everybody who may not sign them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.errors import RefusedError, SignatureError, UsageError
from runner.model.document import JsonObject
from runner.model.grant import Appoint, Relieve
from runner.model.policy import USUAL_CLASSES, Policy
from runner.model.result import Achievement, Configuration, Findings
from runner.model.run import RunState
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.rules import statements
from runner.service.run_view import run_shown
from tests.desk_emergency import ended as ended_emergency
from tests.desk_grants import granted
from tests.desk_results import (
    DEPARTMENTS,
    act_of,
    close,
    closed,
    ended,
    result_of,
    rule_of,
    verify,
)
from tests.desk_site import RUNBOOK
from tests.desk_world import ALICE, BOB, CAROL, DAVE, NOW, RESTART, Signer, World


class TestConfigurationRecord:
    def test_is_signed_with_the_result(self, world: World) -> None:
        record = ended(world)
        said = Achievement("restarted", configuration=Configuration.UPDATED, reference="CI-7")
        close(world, ALICE, record, said)
        assert close(world, BOB, record, said).state == "closed"
        assert result_of(world, record).achievement == said
        moved = world.payload_of("service:run:moved")
        assert (moved["configuration"], moved["reference"]) == ("updated", "CI-7")

    @pytest.mark.parametrize("changed", [{"configuration": ""}, {"configuration": "later"}, {"configuration": 7}])
    def test_is_never_left_open(self, world: World, changed: JsonObject) -> None:
        record = ended(world)
        content = statements.close_content(record.id, record.plan, record.state, Achievement("restarted"))
        with pytest.raises(UsageError):
            world.submit(ALICE, StatementKind.CLOSE, record.id, {**content, **changed})

    def test_that_was_updated_says_where(self, world: World) -> None:
        with pytest.raises(UsageError):
            close(world, ALICE, ended(world), Achievement("restarted", configuration=Configuration.UPDATED))

    def test_is_the_same_for_both(self, world: World) -> None:
        record = ended(world)
        close(world, ALICE, record)
        other = Achievement("restarted", configuration=Configuration.UPDATED, reference="CI-7")
        assert not close(world, BOB, record, other).complete
        assert world.run(record.id).state is RunState.SUCCEEDED


class TestBusiness:
    def test_is_awaited_where_the_class_says_so(self, bank: World) -> None:
        record = closed(bank)
        assert record.state is RunState.AWAITING_BUSINESS
        with bank.store.reading() as transaction:
            act = act_of(bank, transaction, record)
            assert transaction.locks.of(record.id) == ()
            assert run_shown(bank.premises, transaction, record.id, bank.clock.now()).result is not None
        assert (act.kind, act.people, act.run) == (StatementKind.VERIFY, ("dave",), record.id)
        assert str(bank.runs.told[-1]).split()[2] == "state=awaiting_business"

    def test_is_awaited_where_the_runbook_says_so(self, quiet: World) -> None:
        path = quiet.site.root / RESTART
        path.write_text(RUNBOOK.replace("risk: ordinary\n", "risk: ordinary\nbusiness_impact: true\n"))
        assert closed(quiet).state is RunState.AWAITING_BUSINESS

    def test_is_not_awaited_otherwise(self, quiet: World) -> None:
        record = closed(quiet)
        assert record.state is RunState.CLOSED
        assert result_of(quiet, record).done_at == quiet.clock.now()

    def test_ends_with_a_signed_verification(self, bank: World) -> None:
        record = closed(bank)
        outcome = verify(bank, DAVE, record)
        assert (outcome.state, outcome.complete, outcome.next) == ("closed", True, None)
        (found,) = result_of(bank, record).verifications
        assert (found.person, found.found.accepted) == ("dave", True)
        assert bank.tags().count("person:run:verified") == 1
        assert bank.payload_of("service:run:moved") == {"from": "awaiting_business", "to": "closed"}

    @pytest.mark.parametrize("person", [ALICE, BOB], ids=["executor", "confirmer"])
    def test_not_by_who_made_the_run(self, bank: World, person: Signer) -> None:
        granted(bank, Appoint(person.name, "business"), by=CAROL, and_by=DAVE)
        assert rule_of(verify, bank, person, closed(bank)) == "L13:verifies-own"

    def test_not_by_who_is_no_business_owner(self, bank: World) -> None:
        record = closed(bank)
        with pytest.raises(RefusedError) as caught:
            verify(bank, CAROL, record)
        assert (caught.value.rule, caught.value.facts["who"]) == ("policy:role", "dave")
        assert bank.payload_of("service:statement:refused")["rule"] == "policy:role"

    def test_not_by_a_business_owner_of_another_environment(self, bank: World) -> None:
        granted(bank, Appoint("carol", "business", environments=("elsewhere",)))
        assert rule_of(verify, bank, CAROL, closed(bank)) == "policy:role"

    def test_not_before_both_have_signed_the_result(self, bank: World) -> None:
        record = ended(bank)
        close(bank, ALICE, record)
        found = Findings(accepted=True, verified="looked")
        content = statements.verify_content(record.id, record.plan, record.state, found)
        assert rule_of(bank.submit, DAVE, StatementKind.VERIFY, record.id, content) == "state:not-asked"

    def test_not_twice(self, bank: World) -> None:
        record = closed(bank)
        verify(bank, DAVE, record)
        assert rule_of(verify, bank, DAVE, record) == "state:not-asked"

    def test_not_by_who_was_relieved(self, bank: World) -> None:
        record = closed(bank)
        granted(bank, Relieve("dave", "business", "moved"))
        assert rule_of(verify, bank, DAVE, record) == "policy:role"

    def test_is_about_this_run_and_how_it_ended(self, bank: World) -> None:
        record = closed(bank)
        found = Findings(accepted=True, verified="looked")
        content = statements.verify_content(record.id, record.plan, RunState.ROLLED_BACK, found)
        with pytest.raises(SignatureError) as caught:
            bank.submit(DAVE, StatementKind.VERIFY, record.id, content)
        assert caught.value.facts["field"] == "state"

    @pytest.mark.parametrize(
        "changed",
        [{"verified": ""}, {"accepted": "yes"}, {"accepted": None}, {"findings": "none"}, {"accepted": False}],
    )
    def test_says_something(self, bank: World, changed: JsonObject) -> None:
        record = closed(bank)
        found = Findings(accepted=True, verified="looked")
        content = statements.verify_content(record.id, record.plan, RunState.SUCCEEDED, found)
        with pytest.raises(UsageError):
            bank.submit(DAVE, StatementKind.VERIFY, record.id, {**content, **changed})

    @pytest.mark.parametrize("state", [RunState.ROLLED_BACK, RunState.FAILED, RunState.ABANDONED])
    def test_verifies_the_service_that_was_restored(self, bank: World, state: RunState) -> None:
        assert closed(bank, state=state).state is RunState.AWAITING_BUSINESS

    def test_has_nothing_to_verify_of_a_run_that_changed_nothing(self, bank: World) -> None:
        record = bank.change_run(ended(bank, state=RunState.FAILED).id, sheets={})
        for person in (ALICE, BOB):
            close(bank, person, record, Achievement("nothing", "no disk"))
        assert bank.run(record.id).state is RunState.CLOSED

    def test_is_asked_for_after_an_emergency_too_and_kept_none_from_starting(self, bank: World) -> None:
        record = ended_emergency(bank)
        assert record.state is RunState.SUCCEEDED
        for person in (ALICE, BOB):
            close(bank, person, record)
        assert bank.run(record.id).state is RunState.AWAITING_BUSINESS
        assert verify(bank, DAVE, record).state == "closed"

    def test_keeps_another_run_of_the_change_from_starting(self, bank: World) -> None:
        bank.use_policy(replace(DEPARTMENTS, max_runs=2))
        document = bank.plan(bank.publish())
        number = bank.request(ALICE, document).request
        bank.approve(BOB, number, 2)
        started = bank.start(ALICE, number)
        bank.confirm(CAROL, started)
        bank.change_run(started.run, state=RunState.AWAITING_BUSINESS, ended_at=NOW)
        with bank.store.writing() as transaction:
            transaction.locks.release(started.run)
        assert rule_of(bank.start, ALICE, number) == "L13:not-done"


class TestDispute:
    def test_leaves_it_to_people(self, bank: World) -> None:
        record = closed(bank)
        outcome = verify(bank, DAVE, record, "interest is wrong")
        assert outcome.state == "disputed"
        assert outcome.next is not None
        assert (outcome.next.kind, outcome.next.people) == (StatementKind.CLOSE, ("alice", "bob"))
        assert result_of(bank, record).verifications[-1].found.findings == ("interest is wrong",)

    def test_ends_when_the_business_accepts_after_all(self, bank: World) -> None:
        record = closed(bank)
        verify(bank, DAVE, record, "interest is wrong")
        assert verify(bank, DAVE, record).state == "closed"
        assert [each.found.accepted for each in result_of(bank, record).verifications] == [False, True]

    def test_goes_on_while_it_finds_something(self, bank: World) -> None:
        record = closed(bank)
        verify(bank, DAVE, record, "interest is wrong")
        assert verify(bank, DAVE, record, "still wrong").state == "disputed"

    def test_ends_as_not_accepted_by_both_with_the_reason(self, bank: World) -> None:
        record = closed(bank)
        verify(bank, DAVE, record, "interest is wrong")
        record = bank.run(record.id)
        with pytest.raises(UsageError):
            close(bank, ALICE, record)
        follow_up = bank.request(ALICE, bank.plan(bank.found_content())).request
        said = Achievement("nothing", "the formula was wrong", follow_up=follow_up)
        assert close(bank, ALICE, record, said).state == "disputed"
        assert close(bank, BOB, record, said).state == "not_accepted"
        result = result_of(bank, record)
        assert (result.dispute, result.done_at) == (said, bank.clock.now())
        assert rule_of(verify, bank, DAVE, record) == "state:not-asked"

    def test_is_closed_by_nobody_else(self, bank: World) -> None:
        record = closed(bank)
        verify(bank, DAVE, record, "interest is wrong")
        said = Achievement("nothing", "the formula was wrong")
        assert rule_of(close, bank, DAVE, bank.run(record.id), said) == "L2:not-of-this-run"


def test_an_emergency_is_no_business_of_an_absent_owner(world: World) -> None:
    """Two people alone: the class asks for the business, and the emergency starts all the same."""
    classes = {**USUAL_CLASSES, Risk.EMERGENCY: replace(USUAL_CLASSES[Risk.EMERGENCY], business=True)}
    world.use_policy(Policy(classes=classes))
    record = ended_emergency(world)
    for person in (ALICE, BOB):
        close(world, person, record)
    assert world.run(record.id).state is RunState.AWAITING_BUSINESS
    assert rule_of(verify, world, ALICE, record) == "L13:verifies-own"
