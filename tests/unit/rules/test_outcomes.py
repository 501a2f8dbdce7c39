from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.document import JsonObject
from runner.model.run import AttemptState, HostOutcome
from runner.rules.event_fold import EventFold
from runner.rules.outcomes import conclude, fold_events, judge
from tests.ansible_events import Play

OK, CHANGED, FAILED = HostOutcome.OK, HostOutcome.CHANGED, HostOutcome.FAILED
UNREACHABLE, STOPPED = HostOutcome.UNREACHABLE, HostOutcome.STOPPED
UNKNOWN, SKIPPED = HostOutcome.UNKNOWN, HostOutcome.SKIPPED


def seen(play: Play, *, ended: bool = True, mutating: bool = True) -> Mapping[str, HostOutcome]:
    return fold_events(play.hosts, play.events, ended=ended, mutating=mutating).outcomes


class TestComplete:
    def test_a_host_is_done_once_the_closing_statistics_are_seen(self) -> None:
        play = Play("ab").task(a="changed").task().stats()
        assert seen(play) == {"a": CHANGED, "b": OK}
        assert seen(play, ended=False) == {"a": CHANGED, "b": OK}

    @pytest.mark.parametrize("is_clean", [True, False])
    def test_a_play_that_went_through_has_succeeded(self, *, is_clean: bool) -> None:
        found = fold_events("ab", Play("ab").task(a="changed").stats().events, ended=is_clean, mutating=True)
        assert found.complete
        assert found.masked == 2
        assert conclude(found, may_change=True).state is AttemptState.SUCCEEDED

    @pytest.mark.parametrize("is_clean", [True, False])
    def test_one_without_closing_statistics_is_not_complete(self, *, is_clean: bool) -> None:
        found = fold_events("ab", Play("ab").task().events, ended=is_clean, mutating=True)
        assert not found.complete
        assert conclude(found, may_change=True).state is AttemptState.FAILED

    def test_one_stopped_is_not_complete_whatever_else_it_tells(self) -> None:
        play = Play("a").task().stats().told("stopped", why="asked")
        found = fold_events("a", play.events, ended=True, mutating=True)
        assert not found.complete
        assert found.outcomes == {"a": STOPPED}

    def test_every_result_counts_as_ansible_counts_it(self) -> None:
        play = Play("abcdef").task(
            a="skipped", b="failed", c="failed/ignored", d="failed/rescued", e="unreachable/ignored"
        )
        play.task(a="skipped").stats()
        assert seen(play) == {"a": SKIPPED, "b": FAILED, "c": OK, "d": OK, "e": OK, "f": OK}

    def test_a_failure_that_changed_something_before_has_changed_it(self) -> None:
        play = Play("a").task()
        play.told("failed", host="a", ignored=True, result={"changed": True}, task_uuid="x", action="command")
        assert seen(play.stats()) == {"a": CHANGED}

    def test_one_changed_item_of_a_loop_is_a_change(self) -> None:
        play = Play("a").told("item_changed", host="a").task(a="failed/ignored").stats()
        assert seen(play) == {"a": CHANGED}

    def test_no_host_meant_is_never_success(self) -> None:
        play = Play("ab").told("no_hosts_matched").stats()
        found = fold_events("ab", play.events, ended=True, mutating=True)
        assert found.outcomes == {"a": SKIPPED, "b": SKIPPED}
        assert conclude(found, may_change=True).state is AttemptState.FAILED

    def test_one_host_not_meant_is_skipped(self) -> None:
        play = Play("a").task().stats()
        assert fold_events("ab", play.events, ended=True, mutating=True).outcomes == {"a": OK, "b": SKIPPED}

    def test_one_not_come_to_because_others_failed_was_not_reached(self) -> None:
        play = Play("a").task(a="failed").stats()
        assert fold_events("ab", play.events, ended=True, mutating=True).outcomes == {"a": FAILED, "b": UNREACHABLE}

    def test_statistics_say_what_failed_without_an_exit_status(self) -> None:
        play = Play("ab").task(a="failed", fatal=True).stats()
        found = fold_events("abc", play.events[:-1], ended=False, mutating=True)
        assert found.outcomes == {"a": FAILED, "b": STOPPED, "c": UNREACHABLE}
        lost = Play("ab").task("ping", a="unreachable").stats()
        assert fold_events("abc", lost.events[:-1], ended=False, mutating=True).outcomes["c"] is UNREACHABLE

    def test_hosts_a_play_was_broken_off_for_are_stopped(self) -> None:
        broken = Play("ab").task(a="failed", fatal=True).stats()
        assert seen(broken) == {"a": FAILED, "b": STOPPED}
        given_up = Play("ab").task(a="failed").told("no_hosts_remaining").stats()
        assert seen(given_up) == {"a": FAILED, "b": STOPPED}

    def test_hosts_that_went_on_after_others_failed_are_done(self) -> None:
        play = Play("ab").task(a="failed").task(b="changed", fatal=True).stats()
        assert seen(play) == {"a": FAILED, "b": CHANGED}

    def test_an_exit_status_that_says_otherwise_outweighs_the_statistics(self) -> None:
        found = fold_events("a", Play("a").task().stats(rc=250).events, ended=True, mutating=True)
        concluded = conclude(found, may_change=True)
        assert concluded.state is AttemptState.FAILED
        assert "250" in concluded.reason

    def test_work_on_a_host_outside_the_plan_is_no_success(self) -> None:
        play = Play(("a", "stranger")).task().stats()
        found = fold_events("a", play.events, ended=True, mutating=True)
        concluded = conclude(found, may_change=True)
        assert concluded.state is AttemptState.FAILED
        assert "stranger" in concluded.reason
        only_counted = [event for event in play.events if event.get("host") != "stranger"]
        assert "stranger" in fold_events("a", only_counted, ended=True, mutating=True).reason

    @pytest.mark.parametrize("told", [True, False])
    def test_a_task_that_was_never_told_to_end_is_unknown_in_spite_of_statistics(self, *, told: bool) -> None:
        play = Play("ab").task()
        if not told:
            play.told("host_start", host="a", task_uuid="lost", action="command")
        play.stats()
        play.events[-1]["unfinished"] = ["a"] if told else []
        assert seen(play) == {"a": UNKNOWN, "b": OK}


class TestUnreachable:
    def test_before_anything_could_change_it_was_not_reached(self) -> None:
        play = Play("ab").task("ansible.builtin.setup").task("ping", a="unreachable").task().stats()
        assert seen(play)["a"] is UNREACHABLE

    def test_lost_in_a_task_that_could_change_it_is_unknown(self) -> None:
        assert seen(Play("ab").task(a="unreachable").stats())["a"] is UNKNOWN

    def test_lost_while_gathering_facts_after_a_change_it_is_unknown(self) -> None:
        assert seen(Play("a").task(a="changed").task("setup", a="unreachable").stats())["a"] is UNKNOWN

    def test_where_nothing_may_change_it_was_just_not_reached(self) -> None:
        assert seen(Play("a").task(a="unreachable").stats(), mutating=False) == {"a": UNREACHABLE}

    @pytest.mark.parametrize("action", ["command", "my.own.setup", "{{ action }}", "ansible.builtin.reboot"])
    def test_only_known_actions_are_harmless(self, action: str) -> None:
        assert seen(Play("a").task(action, a="unreachable").stats()) == {"a": UNKNOWN}

    def test_even_if_its_beginning_was_never_told(self) -> None:
        play = Play("a").told("task_start").told("unreachable", host="a", task_uuid="1", action="command")
        assert seen(play) == {"a": UNKNOWN}

    def test_without_statistics_the_same_holds(self) -> None:
        assert seen(Play("ab").task(a="unreachable"))["a"] is UNKNOWN
        assert seen(Play("ab").task("setup", a="unreachable"))["a"] is UNREACHABLE


class TestCutOff:
    """The process was killed, or nobody saw it end."""

    def test_a_task_in_flight_is_unknown(self) -> None:
        play = Play("ab").task()
        play.told("task_start", task_uuid="last").told("host_start", host="a", task_uuid="last", action="command")
        play.told("host_start", host="b", task_uuid="last", action="command")
        play.told("ok", host="b", task_uuid="last", action="command")
        assert seen(play, ended=False) == {"a": UNKNOWN, "b": STOPPED}
        assert seen(play, ended=True) == {"a": UNKNOWN, "b": STOPPED}

    def test_a_task_that_may_have_begun_unwritten_is_unknown(self) -> None:
        play = Play("ab").task().told("task_start", task_uuid="last")
        assert seen(play, ended=False) == {"a": UNKNOWN, "b": UNKNOWN}
        assert seen(play, ended=True) == {"a": STOPPED, "b": STOPPED}

    def test_before_the_first_task_nothing_was_touched(self) -> None:
        assert seen(Play("ab"), ended=False) == {"a": UNREACHABLE, "b": UNREACHABLE}

    def test_no_events_at_all_touched_nothing(self) -> None:
        assert fold_events("ab", [], ended=False, mutating=True).outcomes == {"a": UNREACHABLE, "b": UNREACHABLE}

    def test_a_host_that_failed_has_failed_when_the_end_was_seen(self) -> None:
        play = Play("ab").task(a="failed")
        assert seen(play, ended=True) == {"a": FAILED, "b": STOPPED}
        assert seen(play, ended=False) == {"a": FAILED, "b": STOPPED}

    def test_a_process_that_told_its_end_was_seen_to_end(self) -> None:
        play = Play("ab").task(a="failed").told("task_start").told("ended", rc=250)
        assert seen(play, ended=False) == {"a": FAILED, "b": STOPPED}

    def test_a_host_that_had_failed_may_be_in_its_rescue(self) -> None:
        play = Play("ab").task(a="failed").told("task_start", task_uuid="rescue")
        assert seen(play, ended=False)["a"] is UNKNOWN

    def test_ended_at_a_border_hosts_are_stopped(self) -> None:
        play = Play("ab").task(a="changed").told("task_start").told("stopped", why="asked")
        found = fold_events("ab", play.events, ended=False, mutating=True)
        assert found.outcomes == {"a": STOPPED, "b": STOPPED}
        assert conclude(found, may_change=True).state is AttemptState.CANCELLED
        assert found.changed

    def test_ended_at_a_border_the_exit_status_is_no_reason(self) -> None:
        play = Play("ab").task(a="changed").told("task_start").told("stopped", why="asked").told("ended", rc=91)
        found = fold_events("ab", play.events, ended=True, mutating=True)
        assert conclude(found, may_change=True).reason == "it was ended at a task border"

    def test_in_the_free_strategy_a_task_in_flight_at_a_border_is_unknown(self) -> None:
        play = Play("ab").told("task_start").told("host_start", host="a", task_uuid="1", action="command")
        play.told("task_start").told("stopped", why="asked")
        assert seen(play) == {"a": UNKNOWN, "b": UNREACHABLE}


RESULTS = st.sampled_from(
    ["ok", "changed", "skipped", "failed", "failed/ignored", "failed/rescued", "unreachable", "unreachable/ignored"]
)
ACTIONS = st.sampled_from(["ansible.builtin.setup", "ping", "command", "ansible.builtin.copy"])


@st.composite
def plays(draw: st.DrawFn) -> Play:
    play = Play(draw(st.sampled_from(["a", "ab", "abc"])))
    for _ in range(draw(st.integers(1, 4))):
        results = {host: draw(RESULTS) for host in play.hosts}
        play.task(draw(ACTIONS), fatal=draw(st.booleans()), **results)
    return play.stats()


@given(play=plays(), data=st.data())
def test_cut_anywhere_no_host_is_done_whose_end_was_not_seen(play: Play, data: st.DataObject) -> None:
    statistics = next(place for place, event in enumerate(play.events) if event["event"] == "stats")
    cut = data.draw(st.integers(0, statistics))
    for ended in (False, True):
        found = fold_events(play.hosts, play.events[:cut], ended=ended, mutating=True)
        assert not {OK, CHANGED, SKIPPED} & set(found.outcomes.values())
        assert conclude(found, may_change=True).state is not AttemptState.SUCCEEDED


@given(play=plays(), data=st.data(), mutating=st.booleans())
def test_a_host_whose_task_began_unwritten_is_unknown(play: Play, data: st.DataObject, *, mutating: bool) -> None:
    """Events are written at the latest before the next task begins anywhere, so at most those up to it are lost."""
    cut = data.draw(st.integers(0, len(play.events) - 2))
    unwritten = play.events[cut:]
    found = fold_events(play.hosts, play.events[:cut], ended=False, mutating=mutating)
    following = next((place for place, event in enumerate(unwritten) if event["event"] == "task_start"), len(unwritten))
    begun = {str(event["host"]) for event in unwritten[:following] if event["event"] == "host_start"}
    assert {found.outcomes[host] for host in begun} <= {UNKNOWN}


@given(play=plays(), data=st.data())
def test_events_may_come_in_pieces(play: Play, data: st.DataObject) -> None:
    fold = EventFold(play.hosts)
    rest = list(play.events)
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        fold.feed(rest[:size])
        rest = rest[size:]
    whole = fold_events(play.hosts, play.events, ended=True, mutating=True)
    assert judge(fold, ended=True, mutating=True) == whole


@given(
    events=st.lists(
        st.fixed_dictionaries(
            {
                "event": st.sampled_from(
                    ["task_start", "host_start", "ok", "failed", "unreachable", "stats", "ended", "?"]
                )
            },
            optional={
                "host": st.sampled_from(["a", "b", "c", 7, None]),
                "hosts": st.none() | st.lists(st.integers()) | st.dictionaries(st.text(), st.none() | st.integers()),
                "result": st.none() | st.text() | st.dictionaries(st.sampled_from(["msg", "changed"]), st.integers()),
                "custom": st.none() | st.text() | st.dictionaries(st.sampled_from(["run", "hosts"]), st.integers()),
                "rc": st.none() | st.text() | st.integers() | st.booleans(),
                "task_uuid": st.none() | st.text(),
            },
        ),
        max_size=12,
    ),
    ended=st.booleans(),
)
def test_malformed_events_are_survived(events: list[JsonObject], *, ended: bool) -> None:
    found = fold_events("ab", events, ended=ended, mutating=True)
    assert set(found.outcomes) == {"a", "b"}
    assert conclude(found, may_change=True).state in AttemptState
