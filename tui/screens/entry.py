"""One log entry in full, with the proof that it stands in the log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message
from textual.widget import Widget

from runner.wire.api import ServiceStatus
from runner.wire.api_audit import EntryShown
from runner.words import N_, _
from tui.actions import Where
from tui.audit_text import entry_lines
from tui.backend import ProvenEntry
from tui.messages import AskFailed
from tui.screens.asking import bindings_of
from tui.screens.framed import Framed
from tui.sitting import Sitting
from tui.text import Meaning, Part, clock, error_lines, joined, line
from tui.top_text import Top, place_part
from tui.widgets.line_view import LineView


class EntryScreen(Framed):
    """The entry, its leaf and payload; the proof is checked here, by this client."""

    WHERE: ClassVar = Where.ENTRY
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Where.ENTRY)
    CSS_PATH: ClassVar = "entry.tcss"

    @dataclass
    class Proven(Message):
        """The entry stands in the log."""

        proven: ProvenEntry

    def __init__(self, sitting: Sitting, entry: EntryShown) -> None:
        super().__init__(sitting)
        self.entry = entry
        self._proven: ProvenEntry | None = None
        self._failed: AskFailed | None = None

    def body(self) -> Iterable[Widget]:
        yield LineView(
            name_id="entry",
            help_text=N_("The entry exactly as it is hashed, and what its proof against the log's signed head says."),
        )

    def top(self, status: ServiceStatus) -> Top:
        what = _("log entry {index}").format(index="-" if self.entry.index is None else self.entry.index)
        here = clock(datetime.fromisoformat(self.entry.occurred), self.sitting.present)
        by = _("by {actor}, {here} at the site ({at} UTC)")
        return (
            joined((place_part(status), Part(what, Meaning.STRONG), Part(self.entry.tag))),
            line(by.format(actor=self.entry.actor, here=here, at=self.entry.occurred[:19])),
            line(_("otherwise: nothing; the log only grows")),
        )

    def reload(self) -> None:
        if self.entry.index is not None:
            self.ask("proof", partial(self.sitting.backend.prove, self.entry), self.Proven)

    def retell(self) -> None:
        super().retell()
        lines = entry_lines(self.entry, self._proven)
        if self._failed is not None:
            lines = (
                line(_("NOT PROVEN"), Meaning.ALARM),
                *error_lines(self._failed.error, self.sitting.present),
                *lines[1:],
            )
        self.query_one("#entry", LineView).show(lines)

    def on_entry_screen_proven(self, message: Proven) -> None:
        self._proven, self._failed = message.proven, None
        self.retell()

    def on_ask_failed(self, message: AskFailed) -> None:
        self._failed = message
        self.retell()
