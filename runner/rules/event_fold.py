"""Following the events of an attempt, one by one, as far as they tell what became of each host.

The events are those of `runner.engine.callback.twokey_spool` and, for remote steps, of the probes. Nothing is kept of
them but a few facts for each host, so a play may be as long as it likes. What the facts come to is judged in
`runner.rules.outcomes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from runner.errors import fill
from runner.model.document import JsonObject, JsonValue
from runner.model.run import HostOutcome
from runner.words import N_

HARMLESS: Final = frozenset(
    {
        "add_host",
        "assert",
        "debug",
        "fail",
        "gather_facts",
        "group_by",
        "import_role",
        "import_tasks",
        "include_role",
        "include_tasks",
        "include_vars",
        "meta",
        "pause",
        "ping",
        "package_facts",
        "service_facts",
        "set_fact",
        "set_stats",
        "setup",
        "validate_argument_spec",
        "wait_for_connection",
    }
)
"""Actions of ansible-core that gather facts, only look whether a host answers, or never reach it."""

_BUILTIN: Final = ("ansible.builtin.", "ansible.legacy.")
_LONGEST_REASON: Final = 400


@dataclass(slots=True)
class HostFacts:
    """What the events have told about one host."""

    started: bool = False
    """Whether a task has begun on it."""
    acted: bool = False
    """Whether a task has begun on it that could change it."""
    flying: dict[str, bool] = field(default_factory=dict)
    """Tasks in flight, with whether they could change it."""
    ended_at: int = -1
    """Task border after which a task last ended on it."""
    failed_at: int = -1
    """Task border after which it failed or was lost, unless that was ignored or a later task began."""
    unreachable: bool = False
    """Whether its last task could not reach it."""
    lost: bool = False
    """Whether it could not be reached any more when something could have changed it."""
    changed: bool = False
    reason: str = ""
    """What its last failure said."""
    probed: HostOutcome | None = None
    """What the probes of a remote step found."""


@dataclass(frozen=True, slots=True)
class HostCounts:
    """What the closing statistics say about one host."""

    changed: int
    failed: int
    unreachable: int
    done: int
    """Tasks that ran on it, however they ended."""


class EventFold:
    """What the events of one attempt have told so far."""

    def __init__(self, hosts: Iterable[str]) -> None:
        self.hosts: dict[str, HostFacts] = {name: HostFacts() for name in hosts}
        self.strangers: list[str] = []
        """Hosts beyond those of the attempt that something ran on."""
        self.border = 0
        """How many tasks have begun; every event before the last of these borders has been written."""
        self.fatal_border = -1
        """The last border whose task ends the play for every host when it fails on one."""
        self.counts: dict[str, HostCounts] | None = None
        """The closing statistics; they come after the last task of the last play."""
        self.custom: Mapping[str, JsonValue] = {}
        """Values given to `set_stats` for the whole run."""
        self.host_custom: Mapping[str, JsonValue] = {}
        """Values given to `set_stats` for each host."""
        self.masked = 0
        self.rc: int | None = None
        self.ended = False
        """Whether the process told that it ended by itself or at a task border."""
        self.stopped = False
        """Whether it told that it ended at a task border before everything was done."""
        self.broken_off = False
        """Whether Ansible ended a play for hosts that had not failed."""
        self.complaint = ""
        """The last thing Ansible said about itself."""

    def feed(self, events: Iterable[JsonObject]) -> None:
        """Take in the next events."""
        for event in events:
            kind = event.get("event")
            handle = _HANDLERS.get(kind) if isinstance(kind, str) else None
            if handle is not None:
                handle(self, event)

    def host_of(self, event: JsonObject) -> HostFacts:
        """Facts about the host of an event."""
        name = str(event.get("host"))
        if name not in self.hosts:
            if name not in self.strangers:
                self.strangers.append(name)
            return HostFacts()
        return self.hosts[name]


def _task_start(fold: EventFold, event: JsonObject) -> None:
    fold.border += 1
    if event.get("fatal"):
        fold.fatal_border = fold.border


def _host_start(fold: EventFold, event: JsonObject) -> None:
    host = fold.host_of(event)
    acts = _could_change(event)
    host.started = True
    host.acted = host.acted or acts
    host.flying[_task(event)] = acts
    host.failed_at = -1
    host.unreachable = False


def _task_ended(fold: EventFold, event: JsonObject) -> HostFacts:
    host = fold.host_of(event)
    host.started = True
    if host.flying.pop(_task(event), None) is None:
        host.acted = host.acted or _could_change(event)
    host.ended_at = fold.border
    return host


def _ok(fold: EventFold, event: JsonObject) -> None:
    _task_ended(fold, event)


def _changed(fold: EventFold, event: JsonObject) -> None:
    _task_ended(fold, event).changed = True


def _failed(fold: EventFold, event: JsonObject) -> None:
    host = _task_ended(fold, event)
    result = event.get("result")
    if isinstance(result, dict) and result.get("changed") is True:
        host.changed = True
    if event.get("ignored") is not True:
        host.failed_at = fold.border
        host.reason = _reason(event)


def _unreachable(fold: EventFold, event: JsonObject) -> None:
    host = _task_ended(fold, event)
    host.unreachable = True
    host.lost = host.lost or host.acted
    host.failed_at = fold.border
    host.reason = _reason(event)


def _item_changed(fold: EventFold, event: JsonObject) -> None:
    fold.host_of(event).changed = True


def _stats(fold: EventFold, event: JsonObject) -> None:
    hosts = event.get("hosts")
    fold.counts = {}
    for name, counts in (hosts if isinstance(hosts, dict) else {}).items():
        fold.counts[name] = _counts(counts)
        if name not in fold.hosts and name not in fold.strangers:
            fold.strangers.append(name)
    custom = event.get("custom")
    if isinstance(custom, dict):
        fold.custom = _mapping(custom.get("run"))
        fold.host_custom = _mapping(custom.get("hosts"))
    fold.masked = _number(event.get("masked"))


def _ended(fold: EventFold, event: JsonObject) -> None:
    fold.ended = True
    rc = event.get("rc")
    fold.rc = rc if isinstance(rc, int) and not isinstance(rc, bool) else None
    unfinished = event.get("unfinished")
    for name in unfinished if isinstance(unfinished, list) else []:
        if (host := fold.hosts.get(str(name))) is not None:
            host.flying.setdefault("", True)


def _stopped(fold: EventFold, event: JsonObject) -> None:
    fold.ended = True
    fold.stopped = True
    if event.get("why") == "prompt":
        fold.complaint = fill(N_("the playbook asks a question, which nobody can answer"), {})


def _broken_off(fold: EventFold, _: JsonObject) -> None:
    fold.broken_off = True


def _complaint(fold: EventFold, event: JsonObject) -> None:
    fold.complaint = _plain(event.get("text") or event.get("error") or "")


def _probe_start(fold: EventFold, event: JsonObject) -> None:
    host = fold.host_of(event)
    host.started = True
    host.flying["probe"] = False


def _probe_end(fold: EventFold, event: JsonObject) -> None:
    host = fold.host_of(event)
    host.flying.pop("probe", None)
    host.reason = _plain(event.get("reason") or "")
    outcome = event.get("outcome")
    known = {HostOutcome.OK.value, HostOutcome.FAILED.value, HostOutcome.UNREACHABLE.value}
    host.probed = HostOutcome(outcome) if outcome in known and isinstance(outcome, str) else HostOutcome.FAILED


_HANDLERS: Final = {
    "task_start": _task_start,
    "host_start": _host_start,
    "ok": _ok,
    "changed": _changed,
    "skipped": _ok,
    "failed": _failed,
    "unreachable": _unreachable,
    "item_changed": _item_changed,
    "no_hosts_remaining": _broken_off,
    "stats": _stats,
    "ended": _ended,
    "stopped": _stopped,
    "broken": _complaint,
    "error": _complaint,
    "probe_start": _probe_start,
    "probe_end": _probe_end,
}


def _could_change(event: JsonObject) -> bool:
    action = str(event.get("action"))
    for prefix in _BUILTIN:
        action = action.removeprefix(prefix)
    return action not in HARMLESS


def _task(event: JsonObject) -> str:
    return str(event.get("task_uuid"))


def _reason(event: JsonObject) -> str:
    """What a failure says, with its task."""
    result = event.get("result")
    said: JsonValue = ""
    if isinstance(result, dict):
        said = next((result[name] for name in ("msg", "stderr", "reason", "exception") if result.get(name)), "")
    text = _plain(said)
    task = _plain(event.get("task") or "")
    return f'task "{task}": {text}' if text else f'task "{task}"'


def _plain(value: JsonValue) -> str:
    """Text from a host in one printable line."""
    text = value if isinstance(value, str) else str(value)
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line if len(line) <= _LONGEST_REASON else line[:_LONGEST_REASON] + "…"


def _counts(counts: JsonValue) -> HostCounts:
    found = _mapping(counts)
    names = ("ok", "changed", "failed", "unreachable", "rescued", "ignored")
    numbers = {name: _number(found.get(name)) for name in names}
    done = sum(numbers.values())
    return HostCounts(numbers["changed"], numbers["failed"], numbers["unreachable"], done)


def _mapping(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _number(value: JsonValue) -> int:
    return value if isinstance(value, int) else 0
