"""Masking: values that must not be written are replaced before anything is written."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

MASK = "********"
"""What is written in place of a value."""

_SHORTEST_LINE = 6
"""A value of several lines is also masked line by line, as Ansible's `stdout_lines` shows it; shorter lines are not."""
_SHORTEST_INSIDE = 7
"""Characters of base 64 that stand for a value inside other data, however it begins and ends."""
_SHORTEST_PIECE = 16
"""The last line of a long base 64 text is masked by itself only when it is at least so long."""

Plain = None | bool | int | str | list["Plain"] | dict[str, "Plain"]
"""JSON without floating point."""


class Masks:
    """Replaces given values, and the spellings they commonly appear in, wherever they occur in text or numbers."""

    def __init__(self, values: Iterable[str]) -> None:
        """Take the values; empty ones and ones of nothing but blanks are ignored."""
        forms = sorted({form for value in values for form in _forms(value)}, key=lambda form: (-len(form), form))
        self._forms = _any_of(forms)
        self._in_json = _any_of([json.dumps(form, ensure_ascii=False)[1:-1] for form in forms])
        self.count = 0
        """How many times a value has been replaced."""

    def hides(self, serialized: str) -> bool:
        """Whether JSON text holds anything to replace; never wrongly False."""
        return self._in_json is not None and self._in_json.search(serialized) is not None

    def text(self, text: str) -> str:
        """The text with every value replaced."""
        if self._forms is None:
            return text
        masked, count = self._forms.subn(MASK, text)
        self.count += count
        return masked

    def value(self, value: Plain) -> Plain:
        """A JSON value with every text, name and number masked; names that become equal are numbered."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return self.members(value)
        if value is None or isinstance(value, bool) or self._forms is None or not self._forms.search(str(value)):
            return value
        self.count += 1
        return MASK

    def members(self, members: dict[str, Plain]) -> dict[str, Plain]:
        """A JSON object, masked like `value`."""
        masked: dict[str, Plain] = {}
        for name, item in members.items():
            shown = self.text(name)
            while shown in masked:
                shown += "+"
            masked[shown] = self.value(item)
        return masked


def _any_of(forms: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(re.escape(form) for form in forms)) if forms else None


def _forms(value: str) -> Iterator[str]:
    """Spellings in which a value may appear in output."""
    for part in {value, value.strip(), *_lines(value)}:
        if not part.strip():
            continue
        data = part.encode("utf-8", "surrogateescape")
        yield part
        yield from _quoted(part)
        yield quote(data, safe="")
        yield quote(data)
        yield quote_plus(data)
        yield from _encoded(data)


def _quoted(part: str) -> Iterator[str]:
    """As text inside quotes of Python, JSON (also JSON inside JSON), a shell, XML."""
    yield repr(part)[1:-1]
    for text in (json.dumps(part)[1:-1], json.dumps(part, ensure_ascii=False)[1:-1]):
        yield text
        yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield shlex.quote(part)
    yield part.replace("'", "'\"'\"'")
    yield part.replace("'", "'\\''")
    yield part.replace("'", "''")
    yield part.replace("$", "$$")
    yield html.escape(part)
    yield html.escape(part, quote=False)


def _encoded(data: bytes) -> Iterator[str]:
    """In base 64, also in the middle of other data and in lines, and in hexadecimal digits."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(data).decode("ascii")
        yield whole
        yield from (line for line in _pieces(whole) if len(line) >= _SHORTEST_PIECE)
        for before in range(3):
            inside = encode(bytes(before) + data).decode("ascii")
            first, last = (0, 2, 3)[before], (len(data) + before) * 8 // 6
            if last - first >= _SHORTEST_INSIDE:
                yield inside[first:last]
    yield data.hex()
    yield data.hex().upper()


def _pieces(text: str) -> Iterator[str]:
    """A long text in lines, as `base64` prints it; none of a short one."""
    for width in (64, 76):
        if len(text) > width:
            yield from (text[start : start + width] for start in range(0, len(text), width))


def _lines(value: str) -> Iterator[str]:
    if "\n" in value or "\r" in value:
        yield from (line.strip() for line in value.splitlines() if len(line.strip()) >= _SHORTEST_LINE)
