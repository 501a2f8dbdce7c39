"""Masking: values that must not be written are replaced before anything is written."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

MASK = "********"
"""What is written in place of a value."""

_SHORTEST_LINE = 8
"""A value of several lines is also masked line by line, as Ansible's `stdout_lines` shows it; shorter lines are not."""

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
        yield repr(part)[1:-1]
        yield json.dumps(part)[1:-1]
        yield json.dumps(part, ensure_ascii=False)[1:-1]
        yield quote(data, safe="")
        yield quote(data)
        yield quote_plus(data)
        yield base64.b64encode(data).decode("ascii")


def _lines(value: str) -> Iterator[str]:
    if "\n" in value or "\r" in value:
        yield from (line.strip() for line in value.splitlines() if len(line.strip()) >= _SHORTEST_LINE)
