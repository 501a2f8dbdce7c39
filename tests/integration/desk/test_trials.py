"""Trials (CO-33): two departments accept a change once its days are over, or not; everybody who may not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runner.engine.desk.expiry import tell_trials
from runner.errors import NotFoundError, RefusedError, SignatureError, UsageError
from runner.model.grant import Relieve, Suspend
from runner.model.result import Acceptance
from runner.model.run import RunState
from runner.model.statement import StatementKind
from runner.model.time import Seconds
from runner.rules import statements
from tests.desk_grants import apply, granted
from tests.desk_results import (
    WEEK,
    accept,
    act_of,
    closed,
    on_trial,
    result_of,
    rule_of,
    verify,
)
from tests.desk_site import RUNBOOK
from tests.desk_world import ALICE, BOB, CAROL, DAVE, NOW, RESTART, World


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
        assert rule_of(accept, quiet, ALICE, record) == "CO-33:one-department"
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
            world.submit(ALICE, StatementKind.REQUEST, document.digests.plan, content)  # type: ignore[arg-type]  # bad on purpose

    def test_is_what_the_approver_signs(self, world: World) -> None:
        number = world.request(ALICE, world.plan(world.publish()), trial=WEEK).request
        shorter = replace(world.found_request(number), trial=Seconds(0))
        with pytest.raises(SignatureError) as caught:
            world.submit(BOB, StatementKind.APPROVE, number, world.approval_content(shorter))
        assert caught.value.facts["field"] == "trial"
