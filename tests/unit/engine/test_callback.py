from __future__ import annotations

import importlib.util
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from runner.engine import ansible_side
from runner.engine.ansible_side import session
from runner.engine.ansible_side.border import Border, Channel, Exit, Go
from tests.ansible_jobs import Event, one

_PLUGIN = Path(ansible_side.__file__).parents[1] / "callback" / "twokey_spool.py"


@dataclass
class _Named:
    name: str

    def get_name(self) -> str:
        return self.name


@dataclass
class _Task(_Named):
    _uuid: str = "u1"
    action: str = "command"
    resolved_action: str | None = "ansible.builtin.command"
    delegate_to: str | None = None
    diff: bool = False
    any_errors_fatal: bool = False
    run_once: bool = False
    ignore_errors: bool = False

    def get_path(self) -> str:
        return "/snap/playbooks/p.yml:3"


@dataclass
class _Result:
    result: dict[str, Any]
    task: _Task = field(default_factory=lambda: _Task("do"))
    host: _Named = field(default_factory=lambda: _Named("h1"))

    def is_changed(self) -> bool:
        return bool(self.result.get("changed"))


@pytest.fixture(scope="module")
def plugin() -> ModuleType:
    """The plugin, loaded as Ansible does: by its path."""
    spec = importlib.util.spec_from_file_location("twokey_spool", _PLUGIN)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Play:
    """A session of its own and the plugin that tells it."""

    def __init__(self, plugin: ModuleType, spool: Path, channel: Channel) -> None:
        go = Go(str(spool), "/snap", ("s3cret",), 65536, 0.01)
        self.session = session.begin(Border(channel), go)
        self.callback = plugin.CallbackModule()
        self._spool = spool

    @property
    def events(self) -> list[Event]:
        return [json.loads(line) for line in self._spool.read_text("utf-8").splitlines()]


@pytest.fixture
def play(plugin: ModuleType, tmp_path: Path) -> Iterator[_Play]:
    driver, process = socket.socketpair()
    with driver, process:
        yield _Play(plugin, tmp_path / "spool.jsonl", Channel(process))


def test_nothing_else_lies_in_the_folder_ansible_imports() -> None:
    assert [path.name for path in _PLUGIN.parent.iterdir() if path.name != "__pycache__"] == [_PLUGIN.name]


def test_internal_names_are_left_out(play: _Play) -> None:
    play.callback.v2_runner_on_ok(_Result({"_ansible_x": 1, "msg": "hi", "exception": "(traceback unavailable)"}))
    assert one(play.events, event="ok")["result"] == {"msg": "hi"}


@pytest.mark.parametrize("mark", [{"_ansible_no_log": True}, {"censored": "hidden"}])
def test_a_hidden_result_is_hidden_whatever_it_holds(play: _Play, mark: dict[str, Any]) -> None:
    play.callback.v2_runner_on_failed(
        _Result({**mark, "changed": True, "exception": "x", "warnings": ["x"], "diff": "x", "results": [{"msg": "x"}]})
    )
    assert one(play.events, event="failed")["result"] == {"changed": True, "hidden": True}


def test_a_hidden_item_has_no_label(play: _Play) -> None:
    play.callback.v2_runner_item_on_ok(_Result({"_ansible_no_log": True, "_ansible_item_label": "x", "item": "x"}))
    event = one(play.events, event="item_ok")
    assert "item" not in event
    assert event["result"] == {"hidden": True}


def test_a_hidden_item_among_others_is_hidden_in_the_sum_too(play: _Play) -> None:
    play.callback.v2_runner_on_ok(_Result({"results": [{"_ansible_no_log": True, "msg": "x"}, {"msg": "y"}]}))
    assert one(play.events, event="ok")["result"]["results"] == [{"hidden": True}, {"msg": "y"}]


def test_an_item_goes_by_its_label_or_its_loop_variable(play: _Play) -> None:
    play.callback.v2_runner_item_on_ok(_Result({"_ansible_item_label": "label", "item": {"name": 1}}))
    play.callback.v2_runner_item_on_ok(_Result({"ansible_loop_var": "user", "user": "anna"}))
    assert [event["item"] for event in play.events] == ["label", "anna"]


def test_a_difference_stays_with_its_result_unless_differences_are_wanted(play: _Play) -> None:
    play.callback.v2_runner_on_ok(_Result({"diff": {"before": "a"}}))
    play.callback.v2_runner_on_ok(_Result({"diff": {"before": "a"}}, _Task("do", diff=True)))
    assert [event["event"] for event in play.events] == ["ok", "diff", "ok"]
    assert "diff" not in play.events[2]["result"]


def test_jobs_in_the_background_are_told_by_their_number(play: _Play) -> None:
    play.callback.v2_runner_on_async_poll(_Result({"ansible_job_id": "j1", "finished": False}))
    play.callback.v2_runner_on_async_failed(_Result({"async_result": {"ansible_job_id": "j1"}}))
    assert [(event["event"], event["job"]) for event in play.events] == [("async_poll", "j1"), ("async_failed", "j1")]


def test_unreachable_hosts_and_plays_without_hosts_are_told(play: _Play) -> None:
    play.callback.v2_runner_on_unreachable(_Result({"unreachable": True, "msg": "gone"}))
    play.callback.v2_playbook_on_no_hosts_matched()
    play.callback.v2_playbook_on_no_hosts_remaining()
    assert [event["event"] for event in play.events] == ["unreachable", "no_hosts_matched", "no_hosts_remaining"]


def test_hosts_in_the_middle_of_a_task_are_named_at_the_end(play: _Play) -> None:
    for host in ("h1", "h2", "h3"):
        play.callback.v2_runner_on_start(_Named(host), _Task("do"))
    play.callback.v2_runner_on_ok(_Result({}))
    play.callback.v2_runner_item_on_ok(_Result({}, host=_Named("h2")))
    play.callback.v2_runner_on_unreachable(_Result({}, host=_Named("h3")))
    play.session.end(0)
    assert one(play.events, event="ended")["unfinished"] == ["h2"]


def test_an_action_that_is_a_template_is_told_as_it_stands(play: _Play) -> None:
    play.callback.v2_runner_on_ok(_Result({}, _Task("do", action="{{ what }}", resolved_action=None)))
    assert one(play.events, event="ok")["action"] == "{{ what }}"


def test_a_task_whose_failure_ends_the_play_for_all_is_told_as_such(play: _Play) -> None:
    play.callback.v2_playbook_on_task_start(_Task("one", run_once=True), is_conditional=False)
    play.callback.v2_playbook_on_task_start(_Task("two", any_errors_fatal=True), is_conditional=False)
    play.callback.v2_playbook_on_task_start(_Task("three", run_once=True, ignore_errors=True), is_conditional=False)
    assert [event.get("fatal") for event in play.events] == [True, True, None]


def test_an_event_that_cannot_be_told_ends_the_play_at_its_next_border(play: _Play) -> None:
    play.callback.v2_runner_on_ok(object())
    assert one(play.events, event="broken") | {"seq": 1} == play.events[0]
    with pytest.raises(SystemExit) as end:
        play.callback.v2_playbook_on_task_start(_Task("next"), is_conditional=False)
    assert end.value.code == Exit.BROKEN
    assert play.session.end(0) == Exit.BROKEN


def test_paths_are_told_as_they_read_inside_the_snapshot(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    one_end, other = socket.socketpair()
    with one_end, other:
        play = session.begin(Border(Channel(other)), Go(str(tmp_path / "spool"), str(tmp_path / "link"), (), 1000, 1))
    assert play.inside(str(tmp_path / "link" / "p.yml")) == "p.yml"
    assert play.inside(str(tmp_path / "real" / "p.yml")) == "p.yml"
    assert play.inside("/elsewhere/p.yml") == "/elsewhere/p.yml"
    assert play.inside(None) is None


def test_a_play_without_a_session_is_refused(plugin: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_sessions", [])
    with pytest.raises(LookupError):
        plugin.CallbackModule()
