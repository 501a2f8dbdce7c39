"""Text as the screen needs it: measured as the screen draws it, cut and broken into rows; refusals in words.

Lines, parts and sentences are those of `runner.client.wording`, which the command line shows too. Nothing here knows
Textual.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rich.cells import cell_len, set_cell_size

from runner.client.wording import line as lines
from runner.client.wording.line import Line, Meaning, Part, clean, label, line, listed, short
from runner.client.wording.present import (
    Present,
    clock,
    left_until,
    minute,
    said,
    span,
    told_facts,
    window_span,
)
from runner.errors import InvalidContentError, RefusedError, RunnerError, fill
from runner.words import _

__all__ = (
    "Line",
    "Meaning",
    "Part",
    "Present",
    "clean",
    "clock",
    "crop",
    "crop_line",
    "error_lines",
    "joined",
    "label",
    "left_until",
    "line",
    "listed",
    "minute",
    "pad",
    "said",
    "short",
    "span",
    "told_facts",
    "width_of",
    "window_span",
    "wrap",
)

ELLIPSIS: Final = "…"


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
    return lines.wrap(shown, width, width_of)


def flow(shown: Line, width: int) -> tuple[Line, ...]:
    """A line of parts side by side broken between them, so that none is torn; one longer than a row is wrapped."""
    if width_of(shown.text) <= width:
        return (shown,)
    rows: list[list[Part]] = [[]]
    for part in shown.parts:
        if rows[-1] and width_of(Line((*rows[-1], part)).text) > width:
            rows.append([])
        if rows[-1] or part.text.strip():
            rows[-1].append(part)
    whole = (Line(tuple(row if row[-1].text.strip() else row[:-1]), shown.indent) for row in rows if row)
    return tuple(piece for row in whole for piece in wrap(row, width))


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


def error_lines(error: RunnerError, present: Present) -> tuple[Line, ...]:
    """A refusal or another error: what, by which rule, and what to do next."""
    facts = told_facts(error.facts, present)
    shown = [line(fill(error.message, facts), Meaning.BAD)]
    if isinstance(error, InvalidContentError):
        shown += [line(problem, Meaning.BAD, indent=2) for problem in error.problems]
    if isinstance(error, RefusedError) and error.rule:
        shown.append(line(_("rule: {rule}").format(rule=error.rule)))
    if error.hint:
        shown.append(line(_("next: {advice}").format(advice=fill(error.hint, facts)), Meaning.STRONG))
    return tuple(shown)
