"""Log entries of a run as lines for people."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from runner.model.document import JsonObject, JsonValue
from runner.rules.tags import Tag
from runner.wire.api_audit import EntryShown
from runner.wire.spoken import spoken
from runner.words import N_, _

Line = tuple[str, str]
"""Text, and its meaning for colour."""

_HOST_EVENTS: Final = {
    "ok": "good",
    "changed": "wait",
    "failed": "bad",
    "unreachable": "bad",
    "skipped": "faint",
    "item_changed": "wait",
    "item_failed": "bad",
    "async_failed": "bad",
    "retry": "faint",
}
_SPOKEN: Final = {"warning": "wait", "deprecation": "faint", "error": "bad", "output": "faint", "broken": "bad"}
_BORDERS: Final = {
    "held": N_("holds at a task border: the log cannot be written"),
    "released": N_("goes on: the log can be written again"),
    "stopped": N_("stopped at a task border"),
}
_SENTENCES: Final[Mapping[str, str]] = {
    Tag.RUN_START_SIGNED: N_("{actor} signed the start, as executor"),
    Tag.RUN_CONFIRM_SIGNED: N_("{actor} confirmed the start"),
    Tag.CHECK_STARTED: N_("{actor} signed the check"),
    Tag.RUN_GATE_SIGNED: N_("{actor} signed the gate"),
    Tag.RUN_SHEET_SIGNED: N_("{actor} signed the sheet"),
    Tag.RUN_DECISION_SIGNED: N_("{actor} signed a decision"),
    Tag.RUN_RESULT_SIGNED: N_("{actor} signed the result"),
    Tag.RUN_PAUSE_ASKED: N_("{actor} asks for a pause"),
    Tag.RUN_ABORT_ASKED: N_("{actor} asks for a stop at the next task border"),
    Tag.RUN_GATE_PASSED: N_("both have signed: the gate is passed"),
    Tag.RUN_SHEET_DONE: N_("both have signed: the sheet is done"),
    Tag.RUN_ASKED: N_("the run waits for a decision: {question}"),
    Tag.RUN_DECIDED: N_("both have signed: {question}: {choice}"),
    Tag.RUN_TURNED_BACK: N_("the run turns back: {cause}"),
    Tag.RUN_OVERRAN: N_("the window has closed, work goes on: {seconds} s"),
    Tag.ATTEMPT_HELD: N_("holds at a task border: the log cannot be written"),
    Tag.ATTEMPT_RELEASED: N_("goes on: the log can be written again"),
    Tag.ATTEMPT_CANCEL_ASKED: N_("the attempt is asked to stop at the next task border"),
    Tag.ATTEMPT_NEVER_BEGUN: N_("the attempt never began"),
    Tag.SHIM_REATTACHED: N_("a new service has taken up the run where it is"),
    Tag.SHIM_GONE: N_("the process that carried out the attempt is gone"),
    Tag.STATEMENT_REFUSED: N_("refused: {actor}: {reason}"),
    Tag.ACT_DROPPED: N_("the first signature has lapsed"),
}
_UNSAID: Final = frozenset(
    {Tag.ATTEMPT_INTENDED, Tag.RUN_CREATED, Tag.SHIM_STARTED, Tag.LOCKS_TAKEN, Tag.LOCKS_RELEASED}
)
"""What is in the log and tells somebody who watches nothing new."""
_WORDS: Final = frozenset({"question", "choice", "cause"})
_LONGEST: Final = 400
_MOST_LINES: Final = 40


def event_lines(entry: EntryShown, zone: str) -> Iterator[Line]:
    """Lines of one entry, each beginning with the time people at the site read."""
    payload = entry.payload or {}
    when = datetime.fromisoformat(entry.occurred).astimezone(ZoneInfo(zone)).strftime("%H:%M:%S")
    if entry.tag in _UNSAID:
        return
    if entry.tag in (Tag.ANSIBLE_EVENT, Tag.PROBE_RESULT):
        lines = _ansible(payload) if entry.tag == Tag.ANSIBLE_EVENT else _probe(payload)
        for line, meaning in lines:
            yield f"{when}     {line}", meaning
    else:
        line, meaning = _told(entry, payload)
        yield f"{when} {line}", meaning


def _told(entry: EntryShown, payload: JsonObject) -> Line:
    """What the service or a person did."""
    tag = entry.tag
    if tag == Tag.ATTEMPT_BEGUN:
        return _("begun: {attempt}").format(attempt=_attempt(entry.about)), "strong"
    if tag in (Tag.ATTEMPT_ENDED, Tag.ATTEMPT_UNKNOWN):
        reason = _text(payload, "reason")
        text = _("ended: {attempt}: {state}").format(
            attempt=_attempt(entry.about), state=spoken(_text(payload, "state"))
        )
        return f"{text} ({reason})" if reason else text, "" if _text(payload, "state") == "succeeded" else "bad"
    if tag == Tag.RUN_MOVED:
        old, new = _text(payload, "from"), _text(payload, "to")
        return _("run: {old} → {new}").format(old=spoken(old), new=spoken(new)), "strong"
    if tag == Tag.RUN_OUTPUTS:
        return _("reported: {values}").format(values=_pairs(payload)), ""
    if tag not in _SENTENCES:
        return f"{tag}  {entry.actor}", "faint"
    facts = {name: spoken(str(value)) if name in _WORDS else value for name, value in payload.items()}
    return _(_SENTENCES[tag]).format_map(_Facts(facts | {"actor": entry.actor})), "strong"


class _Facts(dict[str, JsonValue]):
    def __missing__(self, name: str) -> str:
        return "-"


def _attempt(about: JsonObject) -> str:
    return f"{about.get('batch')}/{about.get('step')}.{about.get('role')}/{about.get('attempt')}"


def _ansible(event: JsonObject) -> Iterator[Line]:
    kind = _text(event, "event")
    if kind == "task_start":
        yield _("task: {task}").format(task=_text(event, "task")), ""
    elif kind == "diff":
        yield from _diff(event.get("diff"))
    elif kind in _HOST_EVENTS:
        yield f"  {spoken(kind)}: {_text(event, 'host')}{_message(event)}", _HOST_EVENTS[kind]
        yield from _output(event.get("result"))
    elif kind in _SPOKEN:
        yield f"  {spoken(kind)}: {(_text(event, 'text') or _text(event, 'error'))[:_LONGEST]}", _SPOKEN[kind]
    elif kind in _BORDERS:
        yield f"  {_(_BORDERS[kind])}", "wait"


def _message(event: JsonObject) -> str:
    result = event.get("result")
    message = result.get("msg") if isinstance(result, dict) else None
    ignored = _(" (ignored)") if event.get("ignored") is True else ""
    return f": {message[:_LONGEST]}{ignored}" if isinstance(message, str) and message else ignored


def _output(result: JsonValue) -> Iterator[Line]:
    """What a program on the host printed."""
    for name in ("stdout", "stderr"):
        text = result.get(name) if isinstance(result, dict) else None
        lines = text.splitlines() if isinstance(text, str) else []
        for line in lines[:_MOST_LINES]:
            yield f"    | {line[:_LONGEST]}", "faint"
        if len(lines) > _MOST_LINES:
            yield "    | " + _("… and {count} more lines").format(count=len(lines) - _MOST_LINES), "faint"


def _diff(found: JsonValue) -> Iterator[Line]:
    """A difference as the module told it: before and after, or lines made ready."""
    for part in found if isinstance(found, list) else [found]:
        if not isinstance(part, dict):
            continue
        prepared = part.get("prepared")
        lines = prepared.splitlines() if isinstance(prepared, str) else _compared(part)
        for line in lines[:_MOST_LINES]:
            yield f"    {line[:_LONGEST]}", {"+": "good", "-": "bad", "@": "faint"}.get(line[:1], "")
        if len(lines) > _MOST_LINES:
            yield "    " + _("… and {count} more lines").format(count=len(lines) - _MOST_LINES), "faint"


def _compared(part: JsonObject) -> list[str]:
    before, after = _side(part.get("before")), _side(part.get("after"))
    names = _text(part, "before_header") or "before", _text(part, "after_header") or "after"
    return list(difflib.unified_diff(before, after, *names, lineterm=""))


def _side(value: JsonValue) -> list[str]:
    if isinstance(value, dict):
        return [f"{name}: {value[name]}" for name in sorted(value)]
    return str(value).splitlines() if value not in (None, "") else []


def _probe(payload: JsonObject) -> Iterator[Line]:
    kind, host = _text(payload, "event"), _text(payload, "host")
    if kind == "probe":
        within = payload.get("within") is True
        mark = _("within limits") if within else _("OUTSIDE LIMITS")
        figures = payload.get("figures")
        shown = _pairs(figures) if isinstance(figures, dict) else ""
        reason = f" ({_text(payload, 'reason')})" if _text(payload, "reason") else ""
        yield (
            f"  {host} {spoken(_text(payload, 'probe'))}: {mark} {shown}{reason}".rstrip(),
            "good" if within else "bad",
        )
    elif kind == "probe_end" and _text(payload, "outcome") != "ok":
        yield f"  {host}: {spoken(_text(payload, 'outcome'))} {_text(payload, 'reason')}".rstrip(), "bad"


def _pairs(values: JsonObject) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _text(document: JsonObject, name: str) -> str:
    value = document.get(name)
    return "" if value is None else str(value)
