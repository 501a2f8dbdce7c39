"""What Ansible really tells comes to what really became of each host."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from runner.model.run import AttemptState, HostOutcome
from runner.model.runbook import Output, ValueType
from runner.rules.outcomes import Outcomes, conclude, fold_events
from tests.ansible_jobs import events, make_site, run

HOSTS = ("h1", "h2", "h3", "h4")


def outcomes_of(folder: Path, play: str) -> Outcomes:
    """What became of four hosts, all of them this machine, in a play."""
    local: Mapping[str, object] = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "ansible_remote_tmp": str(folder / "remote_tmp"),
    }
    site = make_site(folder / "site", dict.fromkeys(HOSTS, local))
    job = site.job("one", f"outcomes/{play}.yml", limit=HOSTS)
    is_clean = run(job).is_clean
    return fold_events(HOSTS, events(job), ended=is_clean, mutating=True)


def test_each_host_has_an_outcome_of_its_own(tmp_path: Path) -> None:
    found = outcomes_of(tmp_path, "mixed")
    assert found.outcomes == {
        "h1": HostOutcome.CHANGED,
        "h2": HostOutcome.OK,
        "h3": HostOutcome.SKIPPED,
        "h4": HostOutcome.SKIPPED,
    }
    assert found.settled == {"h1": "done"}
    concluded = conclude(found, may_change=True, declared=(Output("rows", ValueType.INTEGER),))
    assert (concluded.state, concluded.outputs) == (AttemptState.SUCCEEDED, {"rows": 3})


def test_hosts_a_play_was_ended_for_are_not_done(tmp_path: Path) -> None:
    found = outcomes_of(tmp_path, "fatal")
    assert found.outcomes == {
        "h1": HostOutcome.FAILED,
        "h2": HostOutcome.STOPPED,
        "h3": HostOutcome.STOPPED,
        "h4": HostOutcome.STOPPED,
    }
    concluded = conclude(found, may_change=True)
    assert concluded.state is AttemptState.FAILED
    assert concluded.reason.startswith('h1: task "Fails on h1":')


def test_a_host_that_was_lost_is_unknown_unless_it_was_only_looked_at(tmp_path: Path) -> None:
    found = outcomes_of(tmp_path, "lost")
    assert found.outcomes == {
        "h1": HostOutcome.UNKNOWN,
        "h2": HostOutcome.UNREACHABLE,
        "h3": HostOutcome.CHANGED,
        "h4": HostOutcome.SKIPPED,
    }
    assert conclude(found, may_change=True).state is AttemptState.UNKNOWN
