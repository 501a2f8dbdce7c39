"""Lines of text: pieces with a meaning, safe to show, measured in terminal cells, lined up, broken into rows.

What a host said becomes a `Part` like every other word, and a part holds no control character, so nothing from outside
can move the cursor, colour the screen or turn the reading direction.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from runner.words import _

_TAB: Final = "    "
_DIGITS: Final = 12
NEVER_FIRST: Final = "，。；：！？、）》”"  # noqa: RUF001 - Chinese is set with its own punctuation
"""Punctuation that no row begins with."""


class Meaning(StrEnum):
    """What a piece of text means; each face gives a meaning its look, and a word always says it too."""

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
        object.__setattr__(self, "text", clean(self.text).replace("\t", _TAB))


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
class Told:
    """One thing said of something: what it is called, and what is said of it."""

    label: str | None
    """Its name; empty for one more sentence about what was named last; None for a line that names nothing."""
    parts: tuple[Part, ...]
    start: int = 0
    """Cells before it; what starts at the same cell has its labels lined up."""


def line(text: str, meaning: Meaning = Meaning.PLAIN, indent: int = 0) -> Line:
    """A line of one part."""
    return Line((Part(text, meaning),), indent)


def told(name: str | None, text: str, meaning: Meaning = Meaning.PLAIN, start: int = 0) -> Told:
    """One thing said in one part."""
    return Told(name, (Part(text, meaning),), start)


EMPTY: Final = Told(None, ())
"""An empty line between sections."""


def sections(*groups: Iterable[Told]) -> tuple[Told, ...]:
    """Groups one after the other, an empty line between them; empty groups leave none."""
    page: list[Told] = []
    for group in groups:
        section = tuple(group)
        page += [EMPTY, *section] if page and section else section
    return tuple(page)


def aligned(page: Iterable[Told]) -> tuple[Line, ...]:
    """Lines whose labels end in the same column, and whose further rows begin where their text begins."""
    saying = tuple(page)
    widths: dict[int, int] = {}
    for each in saying:
        if each.label:
            widths[each.start] = max(widths.get(each.start, 0), cell_width(label(each.label)))
    return tuple(_aligned(each, widths.get(each.start, 0)) for each in saying)


def _aligned(each: Told, width: int) -> Line:
    if not each.parts:
        return Line()
    before = " " * each.start
    if each.label is None:
        return Line((Part(before), *each.parts) if before else each.parts, each.start + 2)
    named = pad(label(each.label) if each.label else "", width)
    return Line((Part(before + named, Meaning.FAINT), *each.parts), each.start + width)


def label(name: str) -> str:
    """A name, punctuated to stand before what it names."""
    return _("{name}: ").format(name=name)


def listed(items: Iterable[str]) -> str:
    """Items one after the other, punctuated as the language does it."""
    return _(", ").join(items)


def short(digest: str) -> str:
    """The beginning of a digest, in fours, as people compare it."""
    text = digest.removeprefix("sha256:")[:_DIGITS]
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def clean(text: str) -> str:
    """Text without control characters, escaped so that they can be seen."""
    if text.isprintable():
        return text
    return "".join(char if _is_shown(char) else char.encode("unicode_escape").decode("ascii") for char in text)


def cell_width(text: str) -> int:
    """Terminal cells that text takes; wide characters take two."""
    return len(text) if text.isascii() else sum(_cells(char) for char in text)


def pad(text: str, width: int) -> str:
    """Text filled up with spaces to so many terminal cells."""
    return text + " " * max(0, width - cell_width(text))


def wrap(shown: Line, width: int, measure: Callable[[str], int] = cell_width) -> tuple[Line, ...]:
    """A line broken into rows of at most so many cells: at spaces, between Chinese characters, else anywhere."""
    text = shown.text
    if measure(text) <= width:
        return (shown,)
    is_narrow = text.isascii()
    rows: list[Line] = []
    start = indent = 0
    while start < len(text):
        room = max(2, width - indent)
        end = _narrow_row_end(text, start, room) if is_narrow else _row_end(text, start, room, measure)
        rows.append(_row(shown.parts, start, end, indent))
        start = end
        while start < len(text) and text[start] == " ":
            start += 1
        indent = min(shown.indent, max(0, width // 2))
    return tuple(rows)


def _is_shown(char: str) -> bool:
    return char.isprintable() or char == "\t" or unicodedata.category(char) == "Zs"


@lru_cache(maxsize=4096)
def _cells(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _narrow_row_end(text: str, start: int, room: int) -> int:
    """As `_row_end`, for text whose characters take one cell each; most output of hosts is such."""
    if len(text) - start <= room:
        return len(text)
    space = text.rfind(" ", start + 1, start + room + 1)
    if space < 0:
        return start + room
    return min(space + 1, start + room)


def _row_end(text: str, start: int, room: int, measure: Callable[[str], int]) -> int:
    """Where a row that begins at `start` ends, when it has so many cells."""
    end, used, good = start, 0, start
    while end < len(text):
        used += measure(text[end])
        if used > room:
            break
        end += 1
        if end < len(text) and _may_break(text[end - 1], text[end], measure):
            good = end
    if end == len(text):
        return end
    return good if good > start else max(end, start + 1)


def _may_break(before: str, after: str, measure: Callable[[str], int]) -> bool:
    if after in NEVER_FIRST:
        return False
    return before == " " or after == " " or measure(before) > 1 or measure(after) > 1


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
