"""What commands print: data on stdout, talk on stderr, tables whose columns line up in Chinese too."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import Final

from runner.client.wording.line import Line, cell_width, clean, pad, wrap

_CODES: Final = {"good": "32", "bad": "31", "wait": "33", "strong": "1", "faint": "2", "alarm": "1;31"}
_GAP: Final = "  "


def put(text: str = "", meaning: str = "") -> None:
    """One line of data, coloured by its meaning where colour is wanted."""
    line = clean(text)
    sys.stdout.write((paint(line, meaning) if meaning else line) + "\n")


def put_lines(lines: Iterable[Line]) -> None:
    """Lines of data, each part coloured by its meaning; on a terminal broken into rows that fit it."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    for line in lines:
        for row in wrap(line, width) if width else (line,):
            painted = (paint(part.text, part.meaning) if part.text.strip() else part.text for part in row.parts)
            sys.stdout.write("".join(painted).rstrip(" ") + "\n")


def tell_lines(lines: Iterable[Line]) -> None:
    """Lines of talk."""
    for line in lines:
        tell(line.text)


def tell(text: str) -> None:
    """One line of talk."""
    sys.stderr.write(clean(text) + "\n")
    sys.stderr.flush()


def put_json(value: object) -> None:
    """A value of the model or a document as JSON, keys in their order."""
    from runner.wire.documents import to_value

    sys.stdout.write(json.dumps(to_value(value), ensure_ascii=False, indent=2) + "\n")


def put_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table without frame; the last column is not padded."""
    body = [[clean(cell) for cell in row] for row in rows]
    widths = [max([cell_width(head), *(cell_width(row[at]) for row in body)]) for at, head in enumerate(heads)]
    for number, row in enumerate([list(heads), *body]):
        cells = [pad(cell, width) for cell, width in zip(row[:-1], widths, strict=False)]
        line = _GAP.join([*cells, row[-1]])
        sys.stdout.write((paint(line, "faint") if number == 0 else line) + "\n")


def paint(text: str, meaning: str) -> str:
    """Text coloured by meaning, on a terminal that wants colour."""
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb":
        return text
    code = _CODES.get(meaning)
    return f"\x1b[{code}m{text}\x1b[0m" if code else text
