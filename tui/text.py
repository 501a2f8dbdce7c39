"""Text as the screen needs it: safe to show, measured in cells, broken into rows; times and sentences in words.

Nothing here knows Textual. What a host said becomes a `Part` like every other word, and a part holds no control
character, so nothing from outside can move the cursor, colour the screen or turn the reading direction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from rich.cells import cell_len, set_cell_size

from runner.errors import Fact, InvalidContentError, RefusedError, RunnerError, fill
from runner.model.time import Window
from runner.wire.api import Words
from runner.wire.spoken import WORDS, spoken
from runner.words import _

ELLIPSIS: Final = "…"
_TAB: Final = "    "
_MINUTE: Final = 60
_SPOKEN_FACTS: Final = frozenset({"state", "kind", "choice", "question", "role", "part"})
_KNOWN: Final = frozenset(WORDS)
_NEVER_FIRST: Final = "，。；：！？、）》”"  # noqa: RUF001 - Chinese is set with its own punctuation
"""Punctuation that no row begins with."""
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


class Meaning(StrEnum):
    """What a piece of text means; the theme gives each meaning its look, and a word always says it too."""

    PLAIN = "plain"
    STRONG = "strong"
    FAINT = "faint"
    GOOD = "good"
    BAD = "bad"
    WAIT = "wait"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of text with one meaning; free of control characters from the start."""

    text: str
    meaning: Meaning = Meaning.PLAIN

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", clean(self.text))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text; broken into several rows where it is too long."""

    parts: tuple[Part, ...] = ()
    indent: int = 0
    """Cells by which the rows after the first are indented."""

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class Present:
    """When and where something is read: what times are shown against."""

    now: datetime
    zone: str
    """Time zone of the site (IANA)."""


def line(text: str, meaning: Meaning = Meaning.PLAIN, indent: int = 0) -> Line:
    """A line of one part."""
    return Line((Part(text, meaning),), indent)


def clean(text: str) -> str:
    """Text without control characters, escaped so that they can be seen."""
    if text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def width_of(text: str) -> int:
    """Terminal cells that text takes; a Chinese character takes two."""
    return cell_len(text)


def crop(text: str, width: int) -> str:
    """Text cut to so many cells, with an ellipsis where something is missing."""
    if width_of(text) <= width:
        return text
    return set_cell_size(text, max(0, width - 1)).rstrip() + ELLIPSIS if width > 0 else ""


def pad(text: str, width: int) -> str:
    """Text cut or filled up to exactly so many cells."""
    return set_cell_size(crop(text, width), width)


def crop_line(shown: Line, width: int) -> Line:
    """A line cut to so many cells."""
    left, kept = width, []
    for part in shown.parts:
        if width_of(part.text) > left:
            kept.append(Part(crop(part.text, left), part.meaning))
            break
        kept.append(part)
        left -= width_of(part.text)
    return Line(tuple(kept), shown.indent)


def wrap(shown: Line, width: int) -> tuple[Line, ...]:
    """A line broken into rows of at most so many cells: at spaces, between Chinese characters, else anywhere."""
    if width_of(shown.text) <= width:
        return (shown,)
    text = shown.text
    row_end = _narrow_row_end if text.isascii() else _row_end
    rows: list[Line] = []
    start = indent = 0
    while start < len(text):
        end = row_end(text, start, max(2, width - indent))
        rows.append(_row(shown.parts, start, end, indent))
        start = end
        while start < len(text) and text[start] == " ":
            start += 1
        indent = min(shown.indent, max(0, width - 2))
    return tuple(rows)


def joined(parts: Iterable[Part | None], gap: str = "  ") -> Line:
    """Parts side by side; those that are None or empty leave no gap."""
    row: list[Part] = []
    for part in parts:
        if part is None or not part.text:
            continue
        if row:
            row.append(Part(gap))
        row.append(part)
    return Line(tuple(row))


def clock(instant: datetime | None, present: Present) -> str:
    """An instant as people at the site read it: the time, with the day when it is another one."""
    if instant is None:
        return ""
    here = instant.astimezone(_zone(present.zone))
    today = present.now.astimezone(_zone(present.zone)).date()
    return here.strftime("%H:%M:%S" if here.date() == today else "%m-%d %H:%M:%S")


def minute(instant: datetime, present: Present) -> str:
    """As `clock`, without seconds."""
    return clock(instant, present).rpartition(":")[0]


def window_span(window: Window, present: Present) -> str:
    """A window as people read it: `00:30-04:30`, with the day when it is not today, twice when it is two days."""
    opens, closes = minute(window.opens, present), minute(window.closes, present)
    day, separator, _time = opens.partition(" ")
    return f"{opens}-{closes.removeprefix(day + separator) if separator else closes}"


def day_and_minute(instant: datetime, present: Present) -> str:
    """An instant with its day: `2026-11-29 00:30`."""
    return instant.astimezone(_zone(present.zone)).strftime("%Y-%m-%d %H:%M")


def span(seconds: float) -> str:
    """A span as people read it: `45 s`, `12:30`, `1:05:00`."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    hours, rest = divmod(whole, _MINUTE * _MINUTE)
    minutes, left = divmod(rest, _MINUTE)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def left_until(instant: datetime, present: Present) -> str:
    """How long it is until an instant, or that it has passed."""
    seconds = (instant - present.now).total_seconds()
    return _("{span} left").format(span=span(seconds)) if seconds > 0 else _("over")


def label(name: str) -> str:
    """A name, punctuated to stand before what it names."""
    return _("{name}: ").format(name=name)


def listed(items: Iterable[str]) -> str:
    """Items one after the other, punctuated as the language does it."""
    return _(", ").join(items)


def short(digest: str) -> str:
    """The beginning of a digest, in fours, as people compare it."""
    text = digest.removeprefix("sha256:")[:12]
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def said(sentence: Words, present: Present) -> str:
    """A sentence of the service in the current language, its times as people read them."""
    return fill(sentence.message, _told(sentence.facts, present))


def error_lines(error: RunnerError, present: Present) -> tuple[Line, ...]:
    """A refusal or another error: what, by which rule, and what to do next."""
    facts = _told(error.facts, present)
    shown = [line(fill(error.message, facts), Meaning.BAD)]
    if isinstance(error, InvalidContentError):
        shown += [line(problem, Meaning.BAD, indent=2) for problem in error.problems]
    if isinstance(error, RefusedError) and error.rule:
        shown.append(line(_("rule: {rule}").format(rule=error.rule)))
    if error.hint:
        shown.append(line(_("next: {advice}").format(advice=fill(error.hint, facts)), Meaning.STRONG))
    return tuple(shown)


def _told(facts: Mapping[str, Fact], present: Present) -> dict[str, Fact]:
    """Facts as people read them: times at the site, states in words."""
    return {name: _told_fact(name, value, present) for name, value in facts.items()}


def _told_fact(name: str, value: Fact, present: Present) -> Fact:
    if not isinstance(value, str):
        return value
    if _INSTANT.fullmatch(value):
        return clock(datetime.fromisoformat(value), present)
    return spoken(value) if name in _SPOKEN_FACTS and value in _KNOWN else value


def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    return _TAB if character == "\t" else f"\\x{ord(character):02x}"


def _narrow_row_end(text: str, start: int, room: int) -> int:
    """As `_row_end`, for text whose characters take one cell each; most output of hosts is such."""
    if len(text) - start <= room:
        return len(text)
    space = text.rfind(" ", start + 1, start + room + 1)
    if space < 0:
        return start + room
    return min(space + 1, start + room)


def _row_end(text: str, start: int, room: int) -> int:
    """Where a row that begins at `start` ends, when it has so many cells."""
    end, used, good = start, 0, start
    while end < len(text):
        used += width_of(text[end])
        if used > room:
            break
        end += 1
        if end < len(text) and _may_break(text[end - 1], text[end]):
            good = end
    if end == len(text):
        return end
    return good if good > start else max(end, start + 1)


def _may_break(before: str, after: str) -> bool:
    if after in _NEVER_FIRST:
        return False
    return before == " " or after == " " or width_of(before) > 1 or width_of(after) > 1


def _row(parts: tuple[Part, ...], start: int, end: int, indent: int) -> Line:
    """The piece of a line between two places of its text, each part keeping its meaning."""
    row: list[Part] = [Part(" " * indent)] if indent else []
    place = 0
    for part in parts:
        piece = part.text[max(0, start - place) : max(0, end - place)]
        if piece:
            row.append(Part(piece, part.meaning))
        place += len(part.text)
    return Line(tuple(row))
