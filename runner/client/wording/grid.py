"""Tables as lines of text that fit a width: cells that are too long go on below themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from runner.client.wording.line import NEVER_FIRST, Line, Meaning, Part, cell_width, clean, line, pad, wrap

USUAL_WIDTH: Final = 80
"""Cells of a terminal that everything fits."""
_GAP: Final = "  "
_WIDE: Final = 2
"""Cells of a wide character."""


def grid(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, width: int = USUAL_WIDTH, start: int = 0
) -> tuple[Line, ...]:
    """A table without frame.

    Args:
        heads: names of the columns; when all are empty the table has no head.
        rows: as many cells in each as there are heads.
        width: cells it fits into, as far as its words are short enough to be broken between.
        start: cells before it.

    Returns:
        Its lines, the head faint; none without rows.
    """
    body = [[clean(cell) for cell in row] for row in rows]
    table = [list(heads), *body] if any(heads) else body
    if not body:
        return ()
    columns = list(zip(*table, strict=True))
    widths = _widths(columns, width - start - len(_GAP) * (len(columns) - 1))
    lines: list[Line] = []
    for number, row in enumerate(table):
        meaning = Meaning.FAINT if any(heads) and number == 0 else Meaning.PLAIN
        lines += [Line((Part(" " * start + text, meaning),)) for text in _row(row, widths)]
    return tuple(lines)


def _row(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    """The lines of one row; a cell that is too long goes on below itself."""
    cells = [[part.text.rstrip() for part in wrap(line(cell), width)] for cell, width in zip(row, widths, strict=True)]
    for number in range(max(len(cell) for cell in cells)):
        parts = (cell[number] if number < len(cell) else "" for cell in cells)
        yield _GAP.join(pad(part, width) for part, width in zip(parts, widths, strict=True)).rstrip()


def _widths(columns: Sequence[Sequence[str]], room: int) -> list[int]:
    """Widths of columns that fit together; the widest gives way first, and words are broken last."""
    widths = [max(cell_width(cell) for cell in column) for column in columns]
    words = [max(_longest_word(cell) for cell in column) for column in columns]
    for floors in (words, [1] * len(columns)):
        while sum(widths) > room:
            able = [at for at, width in enumerate(widths) if width > floors[at]]
            if not able:
                break
            widths[max(able, key=lambda at: widths[at])] -= 1
    return widths


def _longest_word(text: str) -> int:
    """Cells of the longest piece that is not broken: up to a space or a Chinese character, with what closes it."""
    longest = used = 0
    for char in text:
        if char != " " and cell_width(char) < _WIDE:
            used += cell_width(char)
            continue
        longest = max(longest, used + _WIDE if char in NEVER_FIRST else used)
        used = 0
    return max(_WIDE, longest, used)
