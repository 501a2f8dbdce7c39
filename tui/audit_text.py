"""Log entries in rows, and one entry in full with what its proof says."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Final

from runner.model.log import LogFilter
from runner.wire.api_audit import EntryShown
from runner.words import N_, _
from tui.backend import ProvenEntry
from tui.rows import Column, Row
from tui.text import Line, Meaning, Part, Present, clock, line

COLUMNS: Final = (
    Column(N_("index"), 7),
    Column(N_("time"), 14),
    Column(N_("kind"), 28),
    Column(N_("who"), 12, priority=1),
    Column(N_("about"), 10, priority=2, grows=True),
)
_ABOUT: Final = ("run", "request", "batch", "step", "role", "attempt", "event", "host")


def entry_row(entry: EntryShown, wanted: LogFilter, present: Present) -> Row:
    """An entry in the list; what the list was narrowed to is not said again."""
    place = "-" if entry.index is None else str(entry.index)
    when = clock(datetime.fromisoformat(entry.occurred), present)
    meaning = Meaning.BAD if entry.tag.endswith(("refused", "forked", "unknown")) else Meaning.PLAIN
    cells = (
        Part(place, Meaning.FAINT),
        Part(when),
        Part(entry.tag, meaning),
        Part(entry.actor),
        Part(_about(entry, wanted), Meaning.FAINT),
    )
    return Row(str(entry.id), cells)


def entry_lines(entry: EntryShown, proven: ProvenEntry | None) -> tuple[Line, ...]:
    """An entry in full; `proven` is None while its proof is being checked."""
    shown = [line(f"{entry.tag}  {entry.actor}", Meaning.STRONG), *_proof(entry, proven), Line()]
    shown += [line(_("leaf: exactly what is hashed"), Meaning.FAINT), *_json(entry.leaf), Line()]
    if entry.payload is None:
        shown.append(line(_("payload: none, or redacted"), Meaning.FAINT))
    else:
        shown += [line(_("payload: bound by the leaf's commitment"), Meaning.FAINT), *_json(entry.payload)]
    return tuple(shown)


def _proof(entry: EntryShown, proven: ProvenEntry | None) -> tuple[Line, ...]:
    if entry.index is None:
        return (line(_("not yet in the tree; open it again in a moment"), Meaning.WAIT),)
    if proven is None:
        return (line(_("its proof is being checked…"), Meaning.WAIT),)
    stands = _("entry {index} of {size}; proven to stand in the log").format(index=entry.index, size=proven.size)
    lines = [line(stands, Meaning.GOOD)]
    if proven.payload_proven:
        lines.append(line(_("its payload is the one it commits to"), Meaning.GOOD))
    lines.append(line(_("leaf hash {hash}").format(hash=proven.leaf_hash), Meaning.FAINT, indent=2))
    lines.append(line(_("root {root}").format(root=proven.root), Meaning.FAINT, indent=2))
    return tuple(lines)


def _about(entry: EntryShown, wanted: LogFilter) -> str:
    about = entry.about
    said = {name for name in ("run", "request") if getattr(wanted, name)} | ({"request"} if "run" in about else set())
    names = [name for name in _ABOUT if name in about and name not in said]
    return " ".join(str(about[name]) for name in names)


def _json(document: object) -> list[Line]:
    text = json.dumps(document, ensure_ascii=False, indent=2)
    return [line(row, indent=len(row) - len(row.lstrip()) + 2) for row in text.splitlines()]
