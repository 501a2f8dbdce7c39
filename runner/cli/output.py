"""What commands print: data on stdout, talk on stderr, tables whose columns line up in Chinese too."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

_CODES: Final = {"good": "32", "bad": "31", "wait": "33", "strong": "1", "faint": "2"}
_GAP: Final = "  "


def put(text: str = "", meaning: str = "") -> None:
    """One line of data, coloured by its meaning where colour is wanted."""
    line = clean(text)
    sys.stdout.write((paint(line, meaning) if meaning else line) + "\n")


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
    return f"\x1b[{_CODES[meaning]}m{text}\x1b[0m"


def pad(text: str, width: int) -> str:
    """Text filled up with spaces to so many terminal cells."""
    return text + " " * max(0, width - cell_width(text))


def cell_width(text: str) -> int:
    """Terminal cells that text takes; wide characters take two."""
    return sum(_cells(char) for char in text)


def clean(text: str) -> str:
    """Text without control characters, which a host could use to write over what people read."""
    if text.isprintable():
        return text
    return "".join(char if _is_shown(char) else char.encode("unicode_escape").decode("ascii") for char in text)


def clock(instant: datetime | None, zone: str) -> str:
    """An instant as people at the site read it, to the second; empty for none."""
    return instant.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S") if instant else ""


def span(seconds: float) -> str:
    """A span as people read it: `45 s`, `12:30`, `1:05:00`."""
    whole = int(seconds)
    if whole < 60:  # noqa: PLR2004 - a minute
        return f"{whole} s"
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def _is_shown(char: str) -> bool:
    return char.isprintable() or char == "\t" or unicodedata.category(char) == "Zs"


def _cells(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
