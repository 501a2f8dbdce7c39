"""A log entry in words: what it is about, and what its proof says."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Final

from runner.client.wording.line import Line, Meaning, line
from runner.wire.api_audit import EntryShown
from runner.words import _

_ABOUT: Final = ("run", "request", "step", "role", "attempt", "host", "event")
"""What an entry is about, in the order it is said; a step is said with its batch."""


def about_text(entry: EntryShown, left_out: Collection[str] = ()) -> str:
    """What an entry is about, without what is known where it is read; a run names its request."""
    about = entry.about
    names = [name for name in _ABOUT if name in about and name not in left_out]
    told = {**about, "step": f"{about.get('batch', '-')}/{about.get('step')}"}
    return " ".join(str(told[name]) for name in names if not (name == "request" and "run" in about))


def entry_lines(entry: EntryShown, proof: tuple[Line, ...]) -> tuple[Line, ...]:
    """An entry in full, between its name and its content what is known of its proof."""
    shown = [line(f"{entry.tag}  {entry.actor}", Meaning.STRONG), *proof, Line()]
    shown += [line(_("leaf: exactly what is hashed"), Meaning.FAINT), *_json(entry.leaf), Line()]
    if entry.payload is None:
        shown.append(line(_("payload: none, or redacted"), Meaning.FAINT))
    else:
        shown += [line(_("payload: bound by the leaf's commitment"), Meaning.FAINT), *_json(entry.payload)]
    return tuple(shown)


def proof_lines(index: int, size: int, leaf_hash: str, root: str, *, payload_proven: bool) -> tuple[Line, ...]:
    """What was proven of an entry: that it stands in the log, and that its payload is the one it commits to."""
    stands = _("entry {index} of {size}; proven to stand in the log").format(index=index, size=size)
    lines = [line(stands, Meaning.GOOD)]
    if payload_proven:
        lines.append(line(_("its payload is the one it commits to"), Meaning.GOOD))
    lines.append(line(_("leaf hash {hash}").format(hash=leaf_hash), Meaning.FAINT, indent=2))
    lines.append(line(_("root {root}").format(root=root), Meaning.FAINT, indent=2))
    return tuple(lines)


def _json(document: object) -> list[Line]:
    text = json.dumps(document, ensure_ascii=False, indent=2)
    return [line(row, indent=len(row) - len(row.lstrip()) + 2) for row in text.splitlines()]
