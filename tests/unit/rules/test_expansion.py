from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import UsageError
from runner.model.plan import Unbound, UnboundKind
from runner.model.policy import Allowance, UnboundRules
from runner.model.runbook import Once, PlaybookWork, RollbackScope, Targets
from runner.model.time import Seconds
from runner.rules.expansion import (
    AFTER_ROLLBACK,
    expand,
    make_batches,
    rollback_estimate,
    unbound_of,
    uses_outputs,
)
from tests.runbooks import added, binding, by_hand, change, look, play, runbook, soak, undo

NAMES = st.lists(st.text("abcdef", min_size=1, max_size=4), min_size=1, max_size=20, unique=True)


@given(names=NAMES, size=st.none() | st.integers(1, 25))
def test_batches_hold_every_host_once_in_order(names: list[str], size: int | None) -> None:
    batches = make_batches(Targets(group="all", batch=size), names)
    assert [name for batch in batches for name in batch] == names
    assert all(len(batch) == (size or len(names)) for batch in batches[:-1])
    assert 0 < len(batches[-1]) <= (size or len(names))


@pytest.mark.parametrize("names", [[], ["a", "b", "a"]])
def test_no_host_or_one_twice_makes_no_batches(names: list[str]) -> None:
    with pytest.raises(UsageError):
        make_batches(Targets(group="all"), names)


def test_steps_done_once_take_all_hosts_around_the_batches() -> None:
    steps = (change("each"), look("before", once=Once.BEFORE), look("after", once=Once.AFTER))
    expanded = expand(runbook(*steps), binding(("b", "a"), ("c",)))
    assert [(planned.batch, planned.step.id, planned.hosts) for planned in expanded.steps] == [
        (0, "before", ("b", "a", "c")),
        (1, "each", ("b", "a")),
        (2, "each", ("c",)),
        (3, "after", ("b", "a", "c")),
    ]
    assert expanded.hosts == ("b", "a", "c")


@pytest.mark.parametrize("batches", [(), (("a",),), (("a", "b"), ("b",)), (("a", "b", "x"),)])
def test_batches_that_are_not_the_hosts_of_the_plan_are_refused(batches: tuple[tuple[str, ...], ...]) -> None:
    bound = replace(binding(("a", "b")), batches=batches)
    with pytest.raises(UsageError):
        expand(runbook(change("up")), bound)


class TestRollbackEstimate:
    STEPS = (
        replace(change("first", rollback=undo("first", estimate=Seconds(1000))), once=Once.BEFORE),
        change("one", rollback=undo("one", estimate=Seconds(100))),
        change("two", rollback=undo("two", estimate=Seconds(200))),
        added("copy"),
        soak("watch"),
        replace(change("last", rollback=undo("last", estimate=Seconds(50))), once=Once.AFTER),
    )

    def test_for_a_batch_it_is_the_longest_part(self) -> None:
        assert rollback_estimate(runbook(*self.STEPS), 3) == 1000
        assert rollback_estimate(runbook(*self.STEPS[1:]), 3) == 300

    def test_for_the_run_it_is_everything(self) -> None:
        assert rollback_estimate(runbook(*self.STEPS, rollback_scope=RollbackScope.RUN), 3) == 1000 + 3 * 300 + 50

    def test_undoing_by_hand_takes_as_long_as_its_sheet_may(self) -> None:
        steps = (replace(by_hand("valve"), timeout=Seconds(700)), by_hand("none", rollback=False))
        assert rollback_estimate(runbook(*steps), 1) == 700


class TestUnbound:
    RUNBOOK = runbook(
        added("backup"),
        by_hand("read"),
        replace(
            change(
                "up",
                rollback=undo("up", play=play("undo", source="{{ outputs.backup.path }}")),
                verify=play("verify", seen="{{ outputs.read.value }}", twice="{{ outputs.read.value }}"),
            )
        ),
        after_rollback=play("health", limit="{{ parameters.limit }}"),
    )
    LOOKUP = Unbound(UnboundKind.LOOKUP, "playbooks/a.yml:3", "lookup('env', 'X')", allowed=False)

    def test_it_lists_references_by_step_and_then_lookups(self) -> None:
        found = unbound_of(self.RUNBOOK, [self.LOOKUP], UnboundRules())
        assert [(each.kind, each.place, each.what, each.allowed) for each in found] == [
            (UnboundKind.SHEET, "up", "{{ outputs.read.value }}", True),
            (UnboundKind.OUTPUT, "up", "{{ outputs.backup.path }}", True),
            (UnboundKind.LOOKUP, "playbooks/a.yml:3", "lookup('env', 'X')", False),
        ]

    def test_policy_decides_what_may_be_requested(self) -> None:
        rules = UnboundRules(outputs=Allowance.REFUSE, sheets=Allowance.REFUSE, lookups=Allowance.ALLOW)
        found = unbound_of(self.RUNBOOK, [self.LOOKUP], rules)
        assert {each.kind: each.allowed for each in found} == {
            UnboundKind.SHEET: False,
            UnboundKind.OUTPUT: False,
            UnboundKind.LOOKUP: True,
        }

    def test_sheets_and_outputs_are_decided_apart(self) -> None:
        found = unbound_of(self.RUNBOOK, (), UnboundRules(sheets=Allowance.REFUSE))
        assert {each.kind: each.allowed for each in found} == {UnboundKind.SHEET: False, UnboundKind.OUTPUT: True}

    def test_the_health_play_has_a_place_too(self) -> None:
        made = runbook(change("up"), after_rollback=play("health", of="{{ outputs.up.value }}"))
        assert [each.place for each in unbound_of(made, (), UnboundRules())] == [AFTER_ROLLBACK]

    def test_a_play_uses_outputs_when_any_of_its_variables_does(self) -> None:
        assert uses_outputs(play("a", deep={"list": ["x {{ outputs.backup.path }}"]}))
        assert not uses_outputs(play("a", plain="{{ parameters.x }}", number=1))


def test_the_work_of_a_step_is_left_as_it_was_written() -> None:
    made = runbook(change("up"))
    expanded = expand(made, binding(("a",)))
    assert expanded.runbook is made
    assert isinstance(expanded.steps[0].step.work, PlaybookWork)
