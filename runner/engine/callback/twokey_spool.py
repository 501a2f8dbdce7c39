"""Tells everything that happens in a play to the spool, and holds the play at its task borders.

Ansible loads this file by itself as its only output plugin. Each event is one JSON object on a line:

    seq     number of the event, from 1, none left out
    at      when it was told, RFC 3339, UTC, microseconds
    event   what happened (below)
    play, task, task_uuid, action, path, role, handler, host, delegate   where, as far as it applies
    cut     {bytes, sha256} of the full event when it was longer than allowed and has been shortened

    playbook_start  playbook, check, diff
    play_start      pattern
    no_hosts_matched, no_hosts_remaining
    task_start      fatal; whether its failure on one host ends the play for all
    host_start      the task begins on this host (not yet connected)
    ok, changed, skipped, unreachable   result; how the task ended on the host
    failed          result, ignored
    item_ok, item_changed, item_failed, item_skipped    item, result; one item of a loop
    retry           attempts, retries (as Ansible counts them), result; `until` was not met, tried again
    async_poll, async_ok, async_failed  job, result
    diff            diff (as the module gave it), item; always just before the event whose result it belongs to
    notify          handler (its name)  include         file, hosts
    warning, deprecation, error, output text; what Ansible says beside the events above
    vars_prompt     variable; the playbook asks a question and is ended
    held, released  by (driver)         stopped         why (asked, orphaned, prompt)
    broken          method, error; an event could not be told, the play ends at its next task border
    stats           hosts {name: {ok, changed, failed, skipped, unreachable, rescued, ignored}},
                    custom {run: {…}, hosts: {name: {…}}} (from set_stats), masked, cut (how many)
    ended           rc, unfinished (hosts in the middle of a task); the process is about to end by itself

A `result` is complete except for Ansible's own internal names, for items already told (`items` says how many), and
for what `no_log` hides: of a hidden result only its status remains, and `hidden` is true.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Concatenate, ParamSpec

from ansible import context
from ansible.plugins.callback import CallbackBase

from runner.engine.ansible_side import session
from runner.engine.ansible_side.border import Exit
from runner.engine.ansible_side.objects import (
    Facts,
    Named,
    Play,
    Result,
    Stats,
    Task,
    ends_play,
    file_of,
    included,
    role_of,
    uuid_of,
)

DOCUMENTATION = """
name: twokey_spool
type: stdout
short_description: tells everything that happens to the spool
description: See the file itself.
"""

_SHOWN_OF_HIDDEN = ("changed", "attempts", "retries")
"""What is told of a result that `no_log` hides."""

_NO_TRACEBACK = "(traceback unavailable)"

P = ParamSpec("P")


def _told(
    method: Callable[Concatenate[_Results, P], None],
) -> Callable[Concatenate[_Results, P], None]:
    """Let a play end at the next task border when an event could not be told; Ansible would go on in silence."""

    @functools.wraps(method)
    def tell(self: _Results, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the boundary between Ansible and the spool
            self.session.tell("broken", method=method.__name__, error=type(error).__name__)
            self.session.break_off(Exit.BROKEN)

    return tell


class _Results(CallbackBase):  # type: ignore[misc]  # ansible-core ships no types
    """Tells what becomes of tasks on hosts."""

    def __init__(self) -> None:
        super().__init__()
        self.session = session.current()
        self._play = ""
        self._tasks: dict[str, Facts] = {}
        self._items: Counter[tuple[str, str]] = Counter()

    @_told
    def v2_runner_on_start(self, host: Named, task: Task) -> None:
        self.session.host_begins(host.get_name(), uuid_of(task))
        self.session.tell("host_start", host=host.get_name(), **self._of(task))

    @_told
    def v2_runner_on_ok(self, result: Result) -> None:
        self._tell_result("changed" if result.is_changed() else "ok", result)

    @_told
    def v2_runner_on_failed(self, result: Result, ignore_errors: bool = False) -> None:  # noqa: FBT001, FBT002 - Ansible's
        self._tell_result("failed", result, ignored=bool(ignore_errors))

    @_told
    def v2_runner_on_skipped(self, result: Result) -> None:
        self._tell_result("skipped", result)

    @_told
    def v2_runner_on_unreachable(self, result: Result) -> None:
        self._tell_result("unreachable", result)

    @_told
    def v2_runner_item_on_ok(self, result: Result) -> None:
        self._tell_item("item_changed" if result.is_changed() else "item_ok", result)

    @_told
    def v2_runner_item_on_failed(self, result: Result) -> None:
        self._tell_item("item_failed", result)

    @_told
    def v2_runner_item_on_skipped(self, result: Result) -> None:
        self._tell_item("item_skipped", result)

    @_told
    def v2_runner_retry(self, result: Result) -> None:
        facts = _shown(result.result)
        self._tell(
            "retry", result, attempts=facts.pop("attempts", None), retries=facts.pop("retries", None), result=facts
        )

    @_told
    def v2_runner_on_async_poll(self, result: Result) -> None:
        self._tell_job("async_poll", result)

    @_told
    def v2_runner_on_async_ok(self, result: Result) -> None:
        self._tell_job("async_ok", result)

    @_told
    def v2_runner_on_async_failed(self, result: Result) -> None:
        self._tell_job("async_failed", result)

    def _tell_result(self, event: str, result: Result, /, **more: object) -> None:
        """Tell how a task ended on a host; items of its loop have been told before."""
        facts = _shown(result.result)
        running = (result.host.get_name(), uuid_of(result.task))
        told = self._items.pop(running, 0)
        results = facts.get("results")
        if told and isinstance(results, list) and len(results) == told:
            del facts["results"]
            facts["items"] = told
        self._tell_diff(result, facts)
        self._tell(event, result, **more, result=facts)
        self.session.host_ends(*running)

    def _tell_item(self, event: str, result: Result) -> None:
        self._items[result.host.get_name(), uuid_of(result.task)] += 1
        item = _item(result.result)
        facts = _shown(result.result)
        self._tell_diff(result, facts, item=item)
        self._tell(event, result, item=item, result=facts)

    def _tell_job(self, event: str, result: Result) -> None:
        facts = _shown(result.result)
        unparsed = facts.get("async_result")
        job = facts.get("ansible_job_id") or (unparsed.get("ansible_job_id") if isinstance(unparsed, dict) else None)
        self._tell(event, result, job=job, result=facts)

    def _tell_diff(self, result: Result, facts: Facts, **more: object) -> None:
        """Tell a difference apart from the result it came with, when differences are asked for."""
        if result.task.diff and (difference := facts.pop("diff", None)):
            self._tell("diff", result, **more, diff=difference)

    def _tell(self, event: str, result: Result, /, **more: object) -> None:
        self.session.tell(
            event, host=result.host.get_name(), delegate=result.task.delegate_to, **self._of(result.task), **more
        )

    def _of(self, task: Task) -> Facts:
        """What tells a task from every other."""
        uuid = uuid_of(task)
        facts = self._tasks.get(uuid)
        if facts is None:
            facts = self._tasks[uuid] = {
                "play": self._play,
                "task": task.get_name(),
                "task_uuid": uuid,
                "action": _action(task),
                "path": self.session.inside(task.get_path()),
                "role": role_of(task),
            }
        return facts


class CallbackModule(_Results):
    """Tells what becomes of plays, and passes their task borders; says nothing on the terminal."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "twokey_spool"

    @_told
    def v2_playbook_on_start(self, playbook: object) -> None:
        self.session.tell(
            "playbook_start",
            playbook=self.session.inside(file_of(playbook)),
            check=context.CLIARGS.get("check", False),
            diff=context.CLIARGS.get("diff", False),
        )

    @_told
    def v2_playbook_on_play_start(self, play: Play) -> None:
        self._play = play.get_name()
        self._tasks.clear()
        self._items.clear()
        self.session.tell("play_start", play=self._play, pattern=play.hosts)
        self.session.pass_task_border()

    @_told
    def v2_playbook_on_no_hosts_matched(self) -> None:
        self.session.tell("no_hosts_matched", play=self._play)

    @_told
    def v2_playbook_on_no_hosts_remaining(self) -> None:
        self.session.tell("no_hosts_remaining", play=self._play)

    @_told
    def v2_playbook_on_task_start(self, task: Task, is_conditional: bool) -> None:  # noqa: ARG002, FBT001 - Ansible's
        self._start(task)

    @_told
    def v2_playbook_on_handler_task_start(self, task: Task) -> None:
        self._start(task, handler=True)

    @_told
    def v2_playbook_on_notify(self, handler: Named, host: Named) -> None:
        self.session.tell("notify", play=self._play, handler=handler.get_name(), host=host.get_name())

    @_told
    def v2_playbook_on_include(self, included_file: object) -> None:
        file, hosts, task = included(included_file)
        names = [host.get_name() for host in hosts]
        self.session.tell("include", file=self.session.inside(file), hosts=names, **self._of(task))

    @_told
    def v2_playbook_on_vars_prompt(self, varname: str, *_more: object) -> None:
        self.session.tell("vars_prompt", variable=varname)
        self.session.tell("stopped", why="prompt")
        self.session.break_off(Exit.PROMPT)
        self.session.pass_task_border()

    @_told
    def v2_playbook_on_stats(self, stats: Stats) -> None:
        self.session.tell(
            "stats",
            hosts={name: _summary(stats.summarize(name)) for name in sorted(stats.processed)},
            custom={
                "run": stats.custom.get("_run", {}),
                "hosts": {name: values for name, values in stats.custom.items() if name != "_run"},
            },
            masked=self.session.masked,
            cut=self.session.cuts,
        )

    def _start(self, task: Task, *, handler: bool | None = None) -> None:
        self._tasks.pop(uuid_of(task), None)
        self.session.tell("task_start", **self._of(task), handler=handler, fatal=ends_play(task) or None)
        self.session.pass_task_border()


def _action(task: Task) -> str:
    """The full name of a task's action; one that is a template has none yet."""
    return str(task.action if "{{" in str(task.action) else task.resolved_action or task.action)


def _shown(result: Mapping[str, object]) -> Facts:
    """A result without Ansible's internal names, and without what `no_log` hides."""
    if result.get("_ansible_no_log") or "censored" in result:
        return {name: result[name] for name in _SHOWN_OF_HIDDEN if name in result} | {"hidden": True}
    shown = {name: value for name, value in result.items() if not name.startswith("_ansible_")}
    if shown.get("exception") == _NO_TRACEBACK:
        del shown["exception"]
    if isinstance(items := shown.get("results"), list):
        shown["results"] = [_shown(item) if isinstance(item, Mapping) else item for item in items]
    return shown


def _item(result: Mapping[str, object]) -> object:
    """What a person would call the item of a loop."""
    if "hidden" in _shown(result):
        return None
    return result.get("_ansible_item_label", result.get(str(result.get("ansible_loop_var", "item"))))


def _summary(counts: Mapping[str, int]) -> dict[str, int]:
    """Counts of one host under the names of the events."""
    return {"failed" if name == "failures" else name: count for name, count in counts.items()}
