from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from runner.model.document import JsonObject, JsonValue
from runner.model.run import AttemptState, HostOutcome
from runner.model.runbook import Output, ValueType
from runner.rules.outcomes import Outcomes, conclude, fold_events, typed_outputs
from tests.ansible_events import Play

OK, CHANGED, FAILED = HostOutcome.OK, HostOutcome.CHANGED, HostOutcome.FAILED
UNREACHABLE, STOPPED = HostOutcome.UNREACHABLE, HostOutcome.STOPPED
UNKNOWN, SKIPPED = HostOutcome.UNKNOWN, HostOutcome.SKIPPED


class TestReason:
    def test_it_names_host_task_and_what_was_said(self) -> None:
        found = fold_events("ab", Play("ab").task("copy", b="failed").stats().events, ended=True, mutating=True)
        assert found.reason == 'b: task "do copy": failed it is'

    def test_it_counts_further_hosts(self) -> None:
        found = fold_events("ab", Play("ab").task(a="failed", b="failed").stats().events, ended=True, mutating=True)
        assert found.reason.endswith("(and 1 more hosts)")

    @pytest.mark.parametrize("harmless", ["failed/ignored", "failed/rescued"])
    def test_a_failure_that_was_dealt_with_is_none(self, harmless: str) -> None:
        found = fold_events("a", Play("a").task(a=harmless).stats().events, ended=True, mutating=True)
        assert found.reason == ""

    def test_what_a_host_says_is_one_short_printable_line(self) -> None:
        play = Play("a").task(a="failed")
        play.events[-1]["result"] = {"msg": "\x1b[31mred\nsecond line \u202e" + "x" * 9999}
        reason = fold_events("a", play.stats().events, ended=True, mutating=True).reason
        assert reason.isprintable()
        assert "\x1b" not in reason
        assert len(reason) < 500

    def test_what_ansible_says_of_itself_is_told_when_nothing_else_is(self) -> None:
        play = Play("a").told("error", text="the playbook is broken")
        found = fold_events("a", play.events, ended=True, mutating=True)
        assert conclude(found, may_change=True).reason == "the playbook is broken"

    def test_an_event_that_could_not_be_told_is_told_of(self) -> None:
        play = Play("a").task().told("broken", method="v2_runner_on_ok", error="KeyError")
        found = fold_events("a", play.events, ended=True, mutating=True)
        assert conclude(found, may_change=True).reason == "KeyError"

    @pytest.mark.parametrize("rc", [True, "2", None, []])
    def test_an_exit_status_that_is_none_says_nothing(self, rc: JsonValue) -> None:
        play = Play("a").task().stats()
        play.events[-1]["rc"] = rc
        assert fold_events("a", play.events, ended=True, mutating=True).reason == ""

    def test_a_question_of_the_playbook_is_told(self) -> None:
        play = Play("a").told("vars_prompt", variable="x").told("stopped", why="prompt")
        found = fold_events("a", play.events, ended=True, mutating=True)
        assert "asks a question" in conclude(found, may_change=True).reason


class TestConclusion:
    @staticmethod
    def _found(*outcomes: HostOutcome, complete: bool = True, changed: bool = False, reason: str = "") -> Outcomes:
        return Outcomes(
            outcomes={f"h{place}": outcome for place, outcome in enumerate(outcomes)},
            complete=complete,
            stopped=False,
            changed=changed,
            masked=0,
            reason=reason,
        )

    @pytest.mark.parametrize(
        "outcomes, complete, stopped, state",
        [
            ((OK, CHANGED, SKIPPED), True, False, AttemptState.SUCCEEDED),
            ((OK, UNKNOWN), True, False, AttemptState.UNKNOWN),
            ((FAILED, UNKNOWN), False, True, AttemptState.UNKNOWN),
            ((OK, FAILED), True, False, AttemptState.FAILED),
            ((OK, UNREACHABLE), True, False, AttemptState.FAILED),
            ((OK, STOPPED), True, False, AttemptState.FAILED),
            ((STOPPED, STOPPED), False, True, AttemptState.CANCELLED),
            ((STOPPED, FAILED), False, True, AttemptState.CANCELLED),
            ((STOPPED, STOPPED), False, False, AttemptState.FAILED),
            ((UNREACHABLE,), False, False, AttemptState.FAILED),
        ],
    )
    def test_the_worst_host_decides(
        self, outcomes: tuple[HostOutcome, ...], state: AttemptState, *, complete: bool, stopped: bool
    ) -> None:
        concluded = conclude(self._found(*outcomes, complete=complete), may_change=True, stopped=stopped)
        assert concluded.state is state
        assert bool(concluded.reason) is (state is not AttemptState.SUCCEEDED)

    def test_what_may_change_nothing_fails_when_it_reports_a_change(self) -> None:
        changed = self._found(CHANGED, changed=True)
        assert conclude(changed, may_change=False).state is AttemptState.FAILED
        assert conclude(changed, may_change=True).state is AttemptState.SUCCEEDED

    def test_nobody_has_stopped_it_unless_that_is_said(self) -> None:
        assert conclude(self._found(STOPPED, complete=False), may_change=True).state is AttemptState.FAILED

    def test_what_else_was_wrong_is_no_success(self) -> None:
        assert conclude(self._found(OK), may_change=True, reason="argv differ").state is AttemptState.FAILED

    def test_missing_outputs_are_no_success(self) -> None:
        declared = (Output("path", ValueType.PATH),)
        concluded = conclude(self._found(OK), may_change=True, declared=declared)
        assert concluded.state is AttemptState.FAILED
        assert "path" in concluded.reason


class TestOutputs:
    DECLARED = (Output("rows", ValueType.INTEGER), Output("copy", ValueType.PATH))

    def test_they_have_their_types(self) -> None:
        values, reason = typed_outputs(self.DECLARED, {"rows": "12", "copy": "/var/b", "more": "left out"})
        assert (values, reason) == ({"rows": 12, "copy": "/var/b"}, "")

    @pytest.mark.parametrize(
        "reported",
        [
            {},
            {"rows": 1},
            {"rows": "many", "copy": "/var/b"},
            {"rows": "1.5", "copy": "/var/b"},
            {"rows": 1, "copy": "{{ lookup('pipe', 'id') }}"},
            {"rows": 1, "copy": ["/var/b"]},
            {"rows": None, "copy": "/var/b"},
        ],
    )
    def test_one_missing_mistyped_or_unsafe_leaves_none(self, reported: Mapping[str, JsonValue]) -> None:
        values, reason = typed_outputs(self.DECLARED, reported)
        assert values == {}
        assert reason

    def test_they_come_from_the_whole_run(self) -> None:
        play = Play("a").task().stats(custom={"run": {"rows": 3}, "hosts": {"a": {"rows": 4}}})
        assert fold_events("a", play.events, ended=True, mutating=True).outputs == {"rows": 3}


class TestSettled:
    @staticmethod
    def _settled(names: str, custom: JsonObject) -> Mapping[str, str]:
        play = Play(names).task().stats(custom=custom)
        return fold_events(names, play.events, ended=True, mutating=False).settled

    def test_each_host_reports_for_itself(self) -> None:
        custom: JsonObject = {"a": {"settled": "done"}, "b": {"settled": "not_done"}, "c": {"settled": "unknown"}}
        assert self._settled("abc", {"hosts": custom}) == {"a": "done", "b": "not_done", "c": "unknown"}

    @pytest.mark.parametrize("value", ["maybe", True, 1, [], {"x": 1}])
    def test_anything_else_is_unknown(self, value: JsonValue) -> None:
        assert self._settled("a", {"hosts": {"a": {"settled": value}}}) == {"a": "unknown"}

    def test_a_single_host_may_be_meant_by_the_whole_run(self) -> None:
        assert self._settled("a", {"run": {"settled": "done"}}) == {"a": "done"}
        assert self._settled("ab", {"run": {"settled": "done"}}) == {}


class TestProbes:
    @staticmethod
    def _events(*ends: tuple[str, str]) -> Iterator[JsonObject]:
        for host, outcome in ends:
            yield {"event": "probe_start", "host": host}
            yield {"event": "probe", "host": host, "within": True}
            yield {"event": "probe_end", "host": host, "outcome": outcome, "reason": "" if outcome == "ok" else "no"}

    def test_each_host_is_what_its_probes_found(self) -> None:
        events: list[JsonObject] = [*self._events(("a", "ok"), ("b", "failed"), ("c", "unreachable"))]
        events.append({"event": "ended"})
        found = fold_events("abc", events, ended=True, mutating=False)
        assert found.outcomes == {"a": OK, "b": FAILED, "c": UNREACHABLE}
        assert found.complete
        assert found.reason.startswith("b: no")

    def test_all_good_is_success(self) -> None:
        found = fold_events("ab", self._events(("a", "ok"), ("b", "ok")), ended=True, mutating=False)
        assert conclude(found, may_change=False).state is AttemptState.SUCCEEDED

    @pytest.mark.parametrize("outcome", ["changed", "nonsense", ""])
    def test_any_other_outcome_is_a_failure(self, outcome: str) -> None:
        found = fold_events("a", self._events(("a", outcome)), ended=True, mutating=False)
        assert found.outcomes == {"a": FAILED}

    def test_a_host_in_the_middle_is_unknown_and_nothing_is_complete(self) -> None:
        events: list[JsonObject] = [*self._events(("a", "ok")), {"event": "probe_start", "host": "b"}]
        found = fold_events("abc", events, ended=False, mutating=False)
        assert found.outcomes == {"a": OK, "b": UNKNOWN, "c": UNREACHABLE}
        assert not found.complete
