from __future__ import annotations

import json
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from runner.engine.ansible_job import AnsibleEnd, AnsibleJob, EndStatus
from runner.engine.ansible_side.border import Exit
from tests.ansible_jobs import Event, Site, events, make_site, of, one, run

_MASKS = ("s3cret-value", "918273", "one-secret-line\nanother-line")


@dataclass(frozen=True)
class Told:
    """One run of `told.yml`, which many tests look at."""

    job: AnsibleJob
    end: AnsibleEnd
    events: list[Event]
    text: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site under a path longer than a socket's may be, with a space and Chinese characters."""
    folder = tmp_path_factory.mktemp("driver") / f"two keys 双人 {'x' * 100}"
    folder.mkdir(parents=True)
    return make_site(folder)


@pytest.fixture(scope="module")
def told(site: Site) -> Told:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANSIBLE_STDOUT_CALLBACK", "minimal")
        patch.setenv("ANSIBLE_HOST_KEY_CHECKING", "False")
        patch.setenv("ANSIBLE_VERBOSITY", "4")
        job = site.job("told", "told.yml", masks=_MASKS)
        end = run(job, {"folder": str(site.folder), "data": "{{ 1 + 1 }} \x85\u2028\x07 “双人” 🗝"})
    return Told(job, end, events(job), job.spool.read_text("utf-8"))


def test_ends_well_and_says_so(told: Told) -> None:
    assert (told.end.status, told.end.rc) == (EndStatus.SUCCESSFUL, 0)
    assert told.end.has_begun
    assert told.end.is_clean
    assert told.end.output == ""


def test_events_are_numbered_without_gaps_and_in_time(told: Told) -> None:
    assert [event["seq"] for event in told.events] == list(range(1, len(told.events) + 1))
    times = [event["at"] for event in told.events]
    assert times == sorted(times)
    assert all(len(at) == len("2026-01-01T00:00:00.000000Z") for at in times)
    assert told.events[-1]["event"] == "ended"
    assert told.events[-1]["unfinished"] == []


def test_every_kind_of_event_is_told(told: Told) -> None:
    kinds = {event["event"] for event in told.events}
    assert kinds >= {
        *("playbook_start", "play_start", "task_start", "host_start", "no_hosts_matched", "stats", "ended"),
        *("ok", "changed", "failed", "skipped", "item_ok", "item_changed", "retry", "async_ok", "diff"),
        *("notify", "include", "warning"),
    }


def test_the_command_that_ran_is_the_one_asked_for(told: Told) -> None:
    assert told.end.argv[0] == sys.executable
    assert told.end.argv[-1] == str(told.job.playbook)
    assert "--check" not in told.end.argv
    assert not [argument for argument in told.end.argv if any(mask in argument for mask in _MASKS)]


def test_the_callers_settings_of_ansible_are_dropped(told: Told) -> None:
    surroundings = one(told.events, event="changed", task="surroundings")["result"]["stdout_lines"]
    names = {line.partition("=")[0] for line in surroundings}
    assert f"HOME={os.environ['HOME']}" in surroundings
    assert {name for name in names if name.startswith("ANSIBLE_")} == {
        "ANSIBLE_CALLBACK_PLUGINS",
        "ANSIBLE_CONFIG",
        "ANSIBLE_HOME",
        "ANSIBLE_LOCAL_TEMP",
        "ANSIBLE_STDOUT_CALLBACK",
    }
    assert "ANSIBLE_STDOUT_CALLBACK=twokey_spool" in surroundings
    assert of(told.events, event="output") == []


def test_roles_and_filters_come_from_the_snapshot(told: Told) -> None:
    greeting = one(told.events, event="ok", role="greeter")
    assert greeting["result"]["msg"] == "hi hi "
    assert greeting["path"] == "playbooks/roles/greeter/tasks/main.yml:1"


def test_variables_are_data_and_never_templates(told: Told) -> None:
    shown = one(told.events, event="ok", task="data stays data")["result"]["msg"]
    assert shown == "{{ 1 + 1 }} \x85\u2028\x07 “双人” 🗝"


def test_the_file_of_variables_is_private(told: Told) -> None:
    mode = (told.job.private_data_dir / "env" / "extravars").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_masked_values_appear_nowhere(told: Told) -> None:
    for value in ("s3cret-value", "918273", "one-secret-line", "another-line"):
        assert value not in told.text
    shown = one(told.events, event="ok", task="masked")["result"]["msg"]
    assert shown == {"key-********": "a ******** b", "pin": "********", "lines": "********"}
    assert one(told.events, event="stats")["masked"] >= 4


def test_no_log_hides_everything_but_the_status(told: Told) -> None:
    assert "hush-hush" not in told.text
    for task in ("hidden items", "hidden failure", "hidden difference"):
        assert of(told.events, task=task, event="diff") == []
        shown = [event["result"] for event in of(told.events, task=task) if "result" in event]
        assert shown
        assert {name for result in shown for name in result} == {"changed", "hidden"}
    assert one(told.events, event="failed", task="hidden failure")["ignored"] is True


def test_items_are_told_one_by_one_and_then_counted(told: Told) -> None:
    assert one(told.events, event="item_changed", task="items", item="first")["result"]["stdout"] == "first"
    assert one(told.events, event="item_ok", task="items", item="second")["result"]["stdout"] == "second"
    result = one(told.events, event="changed", task="items")["result"]
    assert result["items"] == 2
    assert "results" not in result


def test_retries_failures_and_skips_are_told(told: Told) -> None:
    retry = one(told.events, event="retry", task="retried")
    assert 1 <= retry["attempts"] <= retry["retries"] == 2
    assert one(told.events, event="failed", task="retried")["result"]["rc"] == 1
    assert one(told.events, event="skipped", task="skipped")["host"] == "h1"
    assert "nobody_knows" in one(told.events, event="failed", task="undefined")["result"]["msg"]
    assert one(told.events, event="failed", task="fails")["ignored"] is False
    assert one(told.events, event="ok", task="rescue")


def test_a_difference_comes_before_its_result_and_only_once(told: Told) -> None:
    difference = one(told.events, event="diff", task="written")
    result = one(told.events, event="changed", task="written")
    assert difference["seq"] == result["seq"] - 1
    assert difference["diff"][0]["after"] == "new\n"
    assert "diff" not in result["result"]


def test_includes_handlers_and_delegates_are_told(told: Told) -> None:
    assert one(told.events, event="include")["file"] == "playbooks/included.yml"
    assert one(told.events, event="notify") == one(told.events, event="notify", handler="handled", host="h1")
    assert one(told.events, event="task_start", task="handled")["handler"] is True
    assert one(told.events, event="ok", task="delegated")["delegate"] == "h2"
    assert one(told.events, event="async_ok")["job"]


def test_a_big_result_is_cut_and_says_what_it_was(told: Told) -> None:
    big = one(told.events, event="ok", task="big")
    assert big["cut"]["bytes"] > 200_000
    assert len(big["cut"]["sha256"]) == 64
    assert len(json.dumps(big)) < told.job.event_limit
    assert one(told.events, event="stats")["cut"] == 1


def test_stats_count_hosts_and_carry_outputs(told: Told) -> None:
    stats = one(told.events, event="stats")
    assert list(stats["hosts"]) == ["h1"]
    assert {name: stats["hosts"]["h1"][name] for name in ("failed", "rescued", "ignored", "unreachable")} == {
        "failed": 0,
        "rescued": 1,
        "ignored": 3,
        "unreachable": 0,
    }
    assert stats["custom"]["run"] == {"path": "/backup/1", "ratio": "1.5", "huge": "12345678901234567890", "count": 3}
    assert stats["custom"]["hosts"] == {"h1": {"who": "h1"}}


def test_nothing_is_written_into_the_snapshot(told: Told) -> None:
    assert not list(told.job.snapshot.rglob("__pycache__"))


def test_check_mode_changes_nothing_and_shows_differences(site: Site) -> None:
    job = site.job("checked", "checked.yml", check=True)
    end = run(job, {"folder": str(site.folder)})
    told = events(job)
    assert end.status is EndStatus.SUCCESSFUL
    assert {"--check", "--diff"} <= set(end.argv)
    assert one(told, event="playbook_start")["check"] is True
    assert one(told, event="diff", task="write")["diff"][0]["after"] == "new\n"
    assert one(told, event="changed", task="write")
    assert not (site.folder / "checked").exists()


def test_a_playbook_that_asks_is_ended(site: Site) -> None:
    job = site.job("prompting", "prompting.yml")
    end = run(job)
    assert (end.status, end.rc, end.is_clean) == (EndStatus.FAILED, Exit.PROMPT, True)
    assert [event["event"] for event in events(job)] == ["playbook_start", "vars_prompt", "stopped", "ended"]


def test_a_wrong_playbook_says_where(site: Site) -> None:
    job = site.job("wrong", "wrong.yml")
    end = run(job)
    assert (end.status, end.is_clean, end.has_begun) == (EndStatus.FAILED, True, True)
    error = one(events(job), event="error")["text"]
    assert "no_such_module" in error
    assert "wrong.yml:4:7" in error


def test_a_host_the_inventory_does_not_know_fails(site: Site) -> None:
    job = site.job("unknown", "quick.yml", limit=("h9",))
    end = run(job)
    assert end.status is EndStatus.FAILED
    assert of(events(job), event="host_start") == []


def test_a_spool_that_cannot_be_opened_lets_nothing_begin(site: Site, tmp_path: Path) -> None:
    job = site.job("nowhere", "quick.yml", spool=tmp_path / "absent" / "spool.jsonl")
    end = run(job)
    assert (end.status, end.has_begun, end.is_clean) == (EndStatus.FAILED, False, False)
    assert "FileNotFoundError" in end.output
