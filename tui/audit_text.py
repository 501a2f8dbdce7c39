"""Log entries in rows, and one entry in full with what its proof says."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from runner.client.wording import log_entry
from runner.model.log import LogFilter
from runner.wire.api_audit import EntryShown
from runner.words import N_, _
from tui.backend import ProvenEntry
from tui.rows import Column, Row
from tui.text import Line, Meaning, Part, Present, clock, line

COLUMNS: Final = (
    Column(N_("index"), 6),
    Column(N_("time"), 14),
    Column(N_("kind"), 26),
    Column(N_("who"), 10, priority=1),
    Column(N_("about"), 10, priority=2, grows=True),
)


def entry_row(entry: EntryShown, wanted: LogFilter, present: Present) -> Row:
    """An entry in the list; what the list was narrowed to is not said again."""
    place = "-" if entry.index is None else str(entry.index)
    when = clock(datetime.fromisoformat(entry.occurred), present)
    meaning = Meaning.BAD if entry.tag.endswith(("refused", "forked", "unknown")) else Meaning.PLAIN
    known = {name for name in ("run", "request") if getattr(wanted, name)}
    cells = (
        Part(place, Meaning.FAINT),
        Part(when),
        Part(entry.tag, meaning),
        Part(entry.actor),
        Part(log_entry.about_text(entry, known), Meaning.FAINT),
    )
    return Row(str(entry.id), cells)


def entry_lines(entry: EntryShown, proven: ProvenEntry | None) -> tuple[Line, ...]:
    """An entry in full; `proven` is None while its proof is being checked."""
    return log_entry.entry_lines(entry, _proof(entry, proven))


def _proof(entry: EntryShown, proven: ProvenEntry | None) -> tuple[Line, ...]:
    if entry.index is None:
        return (line(_("not yet in the tree; open it again in a moment"), Meaning.WAIT),)
    if proven is None:
        return (line(_("its proof is being checked…"), Meaning.WAIT),)
    return log_entry.proof_lines(
        entry.index, proven.size, proven.leaf_hash, proven.root, payload_proven=proven.payload_proven
    )
