"""Log entries of a run as lines of output; what hosts said is shown as text, never as markup."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from runner.errors import fill
from runner.model.document import JsonObject, JsonValue
from runner.rules.tags import Tag
from runner.wire.api_audit import EntryShown
from runner.wire.spoken import spoken
from runner.words import N_, _
from tui.text import Line, Meaning, Part, Present, clock, label, listed

HOST_EVENTS: Final = {
    "ok": Meaning.GOOD,
    "changed": Meaning.WAIT,
    "failed": Meaning.BAD,
    "unreachable": Meaning.BAD,
    "skipped": Meaning.FAINT,
    "item_failed": Meaning.BAD,
    "retry": Meaning.FAINT,
}
"""Events that say how a task went on a host."""
_SAYINGS: Final = ("warning", "deprecation", "error", "output")
_LONGEST: Final = 2000
_SILENT: Final = frozenset({Tag.ATTEMPT_INTENDED, Tag.RUN_CREATED, Tag.LOG_QUERIED})
_INDENT: Final = 9

_TOLD: Final = {
    Tag.RUN_START_SIGNED: N_("{actor} has signed the start"),
    Tag.RUN_CONFIRM_SIGNED: N_("{actor} has confirmed the start"),
    Tag.RUN_GATE_SIGNED: N_("{actor} has signed the gate"),
    Tag.RUN_GATE_PASSED: N_("both have signed: the gate is passed"),
    Tag.RUN_SHEET_SIGNED: N_("{actor} has signed the sheet"),
    Tag.RUN_SHEET_DONE: N_("both have signed: the sheet is done"),
    Tag.RUN_DECISION_SIGNED: N_("{actor} has signed a decision"),
    Tag.RUN_RESULT_SIGNED: N_("{actor} has signed the result"),
    Tag.RUN_PAUSE_ASKED: N_("{actor} asks to pause"),
    Tag.RUN_ABORT_ASKED: N_("{actor} asks to stop"),
    Tag.RUN_OVERRAN: N_("work goes on after the window has closed"),
    Tag.LOCKS_TAKEN: N_("hosts are locked for this run"),
    Tag.LOCKS_RELEASED: N_("hosts are released"),
    Tag.SHIM_REATTACHED: N_("the service was started again and found the step at work"),
    Tag.ATTEMPT_HELD: N_("the log cannot be written: the step holds at a task border"),
    Tag.ATTEMPT_RELEASED: N_("the log can be written again: the step goes on"),
}
"""Sentences for entries that say all in their tag."""
_NAMED: Final = {
    Tag.RUN_MOVED: (N_("the run is now: {word}"), "to", Meaning.STRONG),
    Tag.RUN_ASKED: (N_("a decision is needed: {word}"), "question", Meaning.ALARM),
    Tag.RUN_DECIDED: (N_("both have decided: {word}"), "choice", Meaning.STRONG),
    Tag.RUN_TURNED_BACK: (N_("the run turns back: {word}"), "cause", Meaning.BAD),
}
"""Sentences for entries that say one thing in their payload: the sentence, the payload's field, the look."""
_BAD: Final = frozenset({Tag.RUN_OVERRAN, Tag.ATTEMPT_HELD})


def event_lines(entry: EntryShown, present: Present) -> tuple[Line, ...]:
    """An entry as output."""
    when = clock(_instant(entry.occurred), present).rpartition(" ")[2]
    return tuple(
        Line((Part(f"{when} ", Meaning.FAINT), *parts), _INDENT) for parts in _parts(entry, entry.payload or {})
    )


def _parts(entry: EntryShown, payload: JsonObject) -> Iterator[tuple[Part, ...]]:
    tag = entry.tag
    if tag == Tag.ANSIBLE_EVENT:
        yield from _ansible(payload)
    elif tag == Tag.PROBE_RESULT:
        yield from _probe(entry.about, payload)
    elif tag in (Tag.ATTEMPT_BEGUN, Tag.ATTEMPT_ENDED, Tag.ATTEMPT_UNKNOWN, Tag.ATTEMPT_NEVER_BEGUN):
        yield _attempt(entry, payload)
    elif tag in _NAMED:
        sentence, name, meaning = _NAMED[Tag(tag)]
        yield (Part(_(sentence).format(word=spoken(_text(payload, name))), meaning),)
    elif tag == Tag.STATEMENT_REFUSED:
        yield (Part(_refusal(entry.actor, payload), Meaning.BAD),)
    elif tag in _TOLD:
        sentence = _(_TOLD[Tag(tag)]).format(actor=entry.actor)
        yield (Part(sentence, Meaning.BAD if tag in _BAD else Meaning.PLAIN),)
    elif tag not in _SILENT:
        yield (Part(f"{tag}  {entry.actor}", Meaning.FAINT),)


def _attempt(entry: EntryShown, payload: JsonObject) -> tuple[Part, ...]:
    about = entry.about
    role = spoken(str(about.get("role", "")))
    name = f"{about.get('batch')}/{about.get('step')}: {role} {about.get('attempt')}"
    if entry.tag == Tag.ATTEMPT_BEGUN:
        return (Part(_("begun: {attempt}").format(attempt=name), Meaning.STRONG),)
    state = _text(payload, "state") or ("never_begun" if entry.tag == Tag.ATTEMPT_NEVER_BEGUN else "")
    meaning = Meaning.GOOD if state == "succeeded" else Meaning.BAD
    ended = Part(_("ended: {attempt}: {state}").format(attempt=name, state=spoken(state)), meaning)
    reason = _text(payload, "reason")
    return (ended, Part(f"  {reason}")) if reason else (ended,)


def _ansible(event: JsonObject) -> Iterator[tuple[Part, ...]]:
    kind = _text(event, "event")
    if kind == "task_start":
        yield (Part(_("task: {task}").format(task=_text(event, "task"))),)
    elif kind in HOST_EVENTS:
        state = Part(f"  {spoken(kind)}", HOST_EVENTS[kind])
        yield state, Part(f" {_text(event, 'host')}"), Part(_message(event))
    elif kind in _SAYINGS:
        for text in _text(event, "text")[:_LONGEST].splitlines() or [""]:
            yield Part("  " + label(spoken(kind)), Meaning.FAINT), Part(text)


def _probe(about: JsonObject, payload: JsonObject) -> Iterator[tuple[Part, ...]]:
    name = _text(payload, "probe")
    if not name:
        return
    figures = payload.get("figures")
    shown = listed(f"{key} {value}" for key, value in figures.items()) if isinstance(figures, dict) else ""
    within = bool(payload.get("within", payload.get("ok")))
    mark = Part(_("within limits"), Meaning.GOOD) if within else Part(_("OUTSIDE LIMITS"), Meaning.BAD)
    host = str(about.get("host") or payload.get("host") or "")
    yield Part(f"  {host} {label(spoken(name))}"), mark, Part(f"  {shown}" if shown else "")


def _refusal(actor: str, payload: JsonObject) -> str:
    facts = payload.get("facts")
    known = (
        {name: fact for name, fact in facts.items() if isinstance(fact, str | int)} if isinstance(facts, dict) else {}
    )
    reason = fill(_text(payload, "message"), {"person": actor, **known})
    return _("REFUSED, {person}: {reason} (rule {rule})").format(
        person=actor, reason=reason, rule=_text(payload, "rule")
    )


def _message(event: JsonObject) -> str:
    result = event.get("result")
    message = result.get("msg") if isinstance(result, dict) else None
    return f": {message[:_LONGEST]}" if isinstance(message, str) and message else ""


def _text(document: JsonObject, name: str) -> str:
    value: JsonValue = document.get(name)
    return "" if value is None else str(value)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
