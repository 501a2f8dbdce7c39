"""After the result (L13): the business verifies, the trial runs, two departments accept; and everybody who may not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runner.engine.desk.expiry import tell_trials
from runner.errors import NotFoundError, RefusedError, SignatureError, UsageError
from runner.model.document import JsonObject
from runner.model.grant import Appoint, Relieve, Suspend
from runner.model.people import PersonRole
from runner.model.policy import EVERYTHING, MEMBER, USUAL_CLASSES, Policy, Post
from runner.model.result import Acceptance, Achievement, Configuration, Findings, ResultRecord
from runner.model.run import RunRecord, RunState
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.model.text import Text
from runner.model.time import Seconds
from runner.rules import statements
from runner.service.request_view import waiting
from runner.service.run_view import run_shown
from runner.store.store import Transaction
from runner.wire.api_request import Act, Outcome
from tests.desk_emergency import ended as ended_emergency
from tests.desk_grants import apply, granted
from tests.desk_site import RUNBOOK
from tests.desk_world import ALICE, BOB, CAROL, DAVE, NOW, RESTART, Signer, World

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


@pytest.fixture
def bank(full_world: World) -> World:
    """Four people, dave a business owner too, and every class verified by the business."""
    full_world.use_policy(DEPARTMENTS)
    granted(full_world, Appoint("dave", "business"))
    return full_world


@pytest.fixture
def quiet(full_world: World) -> World:
    """The same, where the business verifies nothing by class."""
    full_world.use_policy(OWNED)
    granted(full_world, Appoint("dave", "business"))
    return full_world


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


class TestTrial:
    def test_begins_with_the_result_and_holds_no_host(self, quiet: World) -> None:
        record = on_trial(quiet)
        assert result_of(quiet, record).trial_ends == NOW + timedelta(days=7)
        assert quiet.payload_of("service:trial:begun") == {"until": "2026-11-30T02:00:00Z"}
        with quiet.store.reading() as transaction:
            assert transaction.locks.of(record.id) == ()
            act = act_of(quiet, transaction, record)
            assert act.people == ("alice", "bob", "carol", "dave")
            assert (act.kind, act.until) == (StatementKind.ACCEPT, NOW + timedelta(days=7))

    def test_begins_with_the_verification_where_there_is_one(self, bank: World) -> None:
        record = closed(bank, WEEK)
        assert record.state is RunState.AWAITING_BUSINESS
        bank.clock.pass_by(days=1)
        assert verify(bank, DAVE, record).state == "on_trial"
        assert result_of(bank, record).trial_ends == NOW + timedelta(days=8)

    def test_is_only_of_a_success(self, quiet: World) -> None:
        assert closed(quiet, WEEK, RunState.ROLLED_BACK).state is RunState.CLOSED

    def test_ends_by_both_departments_once_its_days_are_over(self, quiet: World) -> None:
        record = on_trial(quiet)
        quiet.clock.pass_by(days=7)
        first = accept(quiet, CAROL, record)
        assert (first.complete, first.state) == (False, "on_trial")
        assert first.next is not None
        assert (first.next.people, first.next.signed) == (("dave",), ("carol",))
        quiet.clock.pass_by(hours=5)
        assert accept(quiet, DAVE, record).state == "closed"
        result = result_of(quiet, record)
        assert [each.person for each in result.signatures] == ["carol", "dave"]
        assert quiet.payload_of("service:trial:decided") == {
            "by": ["carol", "dave"],
            "late": True,
            "accepted": True,
            "conclusion": "quiet",
            "follow_up": "",
        }

    @pytest.mark.parametrize("span", [{"days": 0}, {"days": 6, "hours": 23, "minutes": 59, "seconds": 59}])
    def test_does_not_end_early(self, quiet: World, span: dict[str, float]) -> None:
        record = on_trial(quiet)
        quiet.clock.pass_by(**span)
        for person in (CAROL, DAVE):
            assert rule_of(accept, quiet, person, record) == "CO-33:trial-not-over"
        assert "person:acceptance:signed" not in quiet.tags()

    def test_is_not_accepted_by_two_of_one_department(self, quiet: World) -> None:
        record = on_trial(quiet)
        quiet.clock.pass_by(days=8)
        accept(quiet, CAROL, record)
        assert rule_of(accept, quiet, ALICE, record) == "CO-33:one-department"
        assert rule_of(accept, quiet, CAROL, record) == "L1:signed-already"
        assert quiet.run(record.id).state is RunState.ON_TRIAL

    def test_is_not_accepted_by_one_for_both_departments(self, quiet: World) -> None:
        record = on_trial(quiet)
        quiet.clock.pass_by(days=8)
        assert not accept(quiet, DAVE, record).complete
        assert rule_of(accept, quiet, DAVE, record) == "L1:signed-already"

    def test_does_not_count_who_was_relieved_or_suspended_since(self, quiet: World) -> None:
        record = on_trial(quiet)
        quiet.clock.pass_by(days=8)
        accept(quiet, CAROL, record)
        apply(quiet, ALICE, Suspend("carol", "left the building"))
        assert not accept(quiet, DAVE, record).complete
        granted(quiet, Relieve("dave", "business", "moved"))
        assert not accept(quiet, ALICE, record).complete
        assert quiet.run(record.id).state is RunState.ON_TRIAL

    def test_of_different_words_is_not_accepted(self, quiet: World) -> None:
        record = on_trial(quiet)
        quiet.clock.pass_by(days=8)
        accept(quiet, CAROL, record)
        assert not accept(quiet, DAVE, record, conclusion="mostly quiet").complete
        assert accept(quiet, DAVE, record).complete

    def test_is_not_accepted_again(self, quiet: World) -> None:
        record = on_trial(quiet)
        quiet.clock.pass_by(days=8)
        for person in (CAROL, DAVE):
            accept(quiet, person, record)
        assert rule_of(accept, quiet, DAVE, record) == "state:not-asked"

    def test_that_has_failed_ends_at_once_with_the_change_that_follows(self, quiet: World) -> None:
        record = on_trial(quiet)
        with pytest.raises(NotFoundError):
            accept(quiet, CAROL, record, "BG-2026-0999")
        with pytest.raises(NotFoundError):
            accept(quiet, CAROL, record, record.request)
        follow_up = quiet.request(ALICE, quiet.plan(quiet.found_content())).request
        assert not accept(quiet, CAROL, record, follow_up).complete
        assert accept(quiet, DAVE, record, follow_up).state == "not_accepted"
        result = result_of(quiet, record)
        assert result.acceptance == Acceptance(accepted=False, conclusion="quiet", follow_up=follow_up)
        assert quiet.payload_of("service:trial:decided")["late"] is False

    def test_that_has_failed_names_a_change_that_is_alive(self, quiet: World) -> None:
        record = on_trial(quiet)
        follow_up = quiet.request(ALICE, quiet.plan(quiet.found_content())).request
        content = statements.withdraw_content(quiet.found_request(follow_up), "not needed")
        quiet.submit(ALICE, StatementKind.WITHDRAW, follow_up, content)
        assert rule_of(accept, quiet, CAROL, record, follow_up) == "L13:follow-up-gone"

    def test_that_has_failed_names_a_change(self, quiet: World) -> None:
        record = on_trial(quiet)
        content = statements.accept_content(
            record.id, record.plan, NOW + timedelta(days=7), Acceptance(accepted=False, conclusion="it leaks")
        )
        with pytest.raises(UsageError):
            quiet.submit(CAROL, StatementKind.ACCEPT, record.id, content)

    def test_of_other_days_than_agreed_is_not_signed(self, quiet: World) -> None:
        record = on_trial(quiet)
        quiet.clock.pass_by(days=8)
        content = statements.accept_content(record.id, record.plan, NOW, Acceptance(accepted=True, conclusion="quiet"))
        with pytest.raises(SignatureError) as caught:
            quiet.submit(CAROL, StatementKind.ACCEPT, record.id, content)
        assert caught.value.facts["field"] == "trial_ends"

    def test_that_is_over_is_recorded_and_told_once_also_after_a_restart(self, quiet: World) -> None:
        record = on_trial(quiet)
        assert tell_trials(quiet.premises) == 0
        quiet.clock.pass_by(days=9)
        quiet.reload()
        assert tell_trials(quiet.premises) == 1
        assert tell_trials(quiet.premises) == 0
        assert quiet.payload_of("service:trial:over") == {"since": "2026-11-30T02:00:00Z"}
        assert str(quiet.runs.told[-1]).startswith(f"number={record.id} class=ordinary state=on_trial")
        with quiet.store.reading() as transaction:
            act = act_of(quiet, transaction, record)
            assert "overdue" in act.title.message

    def test_that_was_accepted_is_told_to_nobody(self, quiet: World) -> None:
        record = on_trial(quiet)
        quiet.clock.pass_by(days=7)
        for person in (CAROL, DAVE):
            accept(quiet, person, record)
        assert tell_trials(quiet.premises) == 0


class TestTrialOfARequest:
    def test_is_as_the_runbook_says_or_longer(self, world: World) -> None:
        path = world.site.root / RESTART
        path.write_text(RUNBOOK.replace("risk: ordinary\n", "risk: ordinary\ntrial: 2d\n"))
        document = world.plan(world.publish())
        for trial in (0, 2 * 86400 - 1):
            with pytest.raises(RefusedError) as caught:
                world.request(ALICE, document, trial=trial)
            assert caught.value.rule == "CO-33:trial-too-short"
        assert world.found_request(world.request(ALICE, document).request).trial == 2 * 86400
        assert world.found_request(world.request(ALICE, document, trial=WEEK).request).trial == WEEK

    @pytest.mark.parametrize("trial", ["7d", -1, True, 1e30, 10**12])
    def test_is_a_span(self, world: World, trial: object) -> None:
        document = world.plan(world.publish())
        content = {**world.request_content(document), "trial": trial}
        with pytest.raises((UsageError, SignatureError)):
            world.submit(ALICE, StatementKind.REQUEST, document.digests.plan, content)  # type: ignore[arg-type]  # bad

    def test_is_what_the_approver_signs(self, world: World) -> None:
        number = world.request(ALICE, world.plan(world.publish()), trial=WEEK).request
        shorter = replace(world.found_request(number), trial=Seconds(0))
        with pytest.raises(SignatureError) as caught:
            world.submit(BOB, StatementKind.APPROVE, number, world.approval_content(shorter))
        assert caught.value.facts["field"] == "trial"


def test_an_emergency_is_no_business_of_an_absent_owner(world: World) -> None:
    """Two people alone: the class asks for the business, and the emergency starts all the same."""
    classes = {**USUAL_CLASSES, Risk.EMERGENCY: replace(USUAL_CLASSES[Risk.EMERGENCY], business=True)}
    world.use_policy(Policy(classes=classes))
    record = ended_emergency(world)
    for person in (ALICE, BOB):
        close(world, person, record)
    assert world.run(record.id).state is RunState.AWAITING_BUSINESS
    assert rule_of(verify, world, ALICE, record) == "L13:verifies-own"
