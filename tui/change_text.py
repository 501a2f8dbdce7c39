"""Changes in rows."""

from __future__ import annotations

from typing import Final

from runner.wire.spoken import spoken
from runner.words import N_, _, current_language
from tui.backend import ChangeRow
from tui.rows import Column, Row
from tui.text import Meaning, Part, Present, label, listed, minute, window_span
from tui.top_text import state_part, turn_part

COLUMNS: Final = (
    Column(N_("number"), 13),
    Column(N_("state"), 16),
    Column(N_("title"), 16, grows=True),
    Column(N_("window"), 17, priority=2),
    Column(N_("awaited"), 20, priority=1),
)


def change_row(change: ChangeRow, present: Present, *, marked: bool = False) -> Row:
    """A change in the list; a star before its number says that it is marked."""
    request = change.request
    window = window_span(request.window, present) if request.window else ""
    return Row(
        request.number,
        (
            Part(f"*{request.number}" if marked else request.number),
            state_part(change),
            _title(change, present),
            Part(window),
            _awaited(change, present),
        ),
    )


def _title(change: ChangeRow, present: Present) -> Part:
    """What it is; before that, of a standing approval, how many runs are left and until when, at every width."""
    request = change.request
    title = request.title_zh if current_language() == "zh" else request.title_en
    if change.until is None:
        return Part(title)
    until = minute(change.until, present)
    text = _("{count}x until {until}, {title}").format(count=change.left, until=until, title=title)
    return Part(text, Meaning.STRONG if change.left else Meaning.PLAIN)


def _awaited(change: ChangeRow, present: Present) -> Part:
    """Who is waited for, and for what."""
    if change.act is None:
        return Part("")
    people = listed(change.act.people) or "-"
    return Part(label(people) + spoken(change.act.kind.value), turn_part(change.act, present).meaning)
