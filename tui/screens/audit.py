"""The audit log, newest first, as a list; one entry in full is a screen of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Final

from textual.binding import BindingType
from textual.message import Message
from textual.widget import Widget

from runner.model.log import LogFilter
from runner.wire.api import ServiceStatus
from runner.wire.api_audit import EntryPage, EntryShown
from runner.words import N_, _
from tui.actions import Where
from tui.audit_text import COLUMNS, entry_row
from tui.feed import News
from tui.messages import EntryChosen
from tui.rows import PageWanted, Row
from tui.screens.asking import Deeds, bindings_of
from tui.screens.framed import Framed
from tui.sitting import Sitting
from tui.text import Meaning, Part, joined, line
from tui.top_text import Top, place_part
from tui.widgets.row_list import PagedList, RowList

PAGE: Final = 100


class AuditScreen(Framed):
    """Entries of the log, all or those of one run or change."""

    WHERE: ClassVar = Where.AUDIT
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Where.AUDIT)
    CSS_PATH: ClassVar = "audit.tcss"

    @dataclass
    class PageRead(Message):
        """A page of the list is there."""

        page: PageWanted
        entries: EntryPage

    def __init__(self, sitting: Sitting, wanted: LogFilter) -> None:
        super().__init__(sitting)
        self.wanted = wanted
        self._widest = wanted
        """What was asked for when the screen was opened; the filter is put back to it."""
        self._missed = 0

    def body(self) -> Iterable[Widget]:
        yield PagedList(
            COLUMNS,
            self._row,
            name_id="entries",
            help_text=N_(
                "The audit log, newest first. Enter shows an entry in full and proves that it stands in the log. "
                "f shows the entries of the selected entry's run only, and all again."
            ),
            empty=N_("there is no such entry"),
        )

    @property
    def entries(self) -> PagedList[EntryShown]:
        """The list."""
        return self.query_one("#entries", PagedList)

    def top(self, status: ServiceStatus) -> Top:
        about = self.wanted.run or self.wanted.request
        what = _("audit log of {about}").format(about=about) if about else _("audit log of the whole site")
        known = _("{count} entries").format(count=self.entries.count)
        more = "" if self.entries.complete else "+"
        newer = _("{count} newer ones have come: ^R").format(count=self._missed) if self._missed else ""
        return (
            joined((place_part(status), Part(what, Meaning.STRONG))),
            joined((Part(known + more), Part(newer, Meaning.WAIT))),
            line(_("otherwise: nothing; the log only grows")),
        )

    def deeds(self) -> Deeds:
        deeds: dict[str, Callable[[], None]] = {}
        entry = self.entries.value
        if entry is not None:
            deeds["open"] = lambda: self._post(EntryChosen(entry))
        if self.wanted.run and not self._widest.run:
            deeds["filter"] = lambda: self._narrow("")
        elif entry is not None and (run := entry.about.get("run")) and not self.wanted.run:
            deeds["filter"] = lambda: self._narrow(str(run))
        return deeds

    def reload(self) -> None:
        self._missed = 0
        self.entries.renew()

    def told(self, news: tuple[News, ...]) -> None:
        self._missed += sum(1 for each in news if isinstance(each, EntryShown) and self._fits(each))
        self.retell()

    def retell(self) -> None:
        super().retell()
        self.entries.refresh()

    def on_paged_list_wanted(self, message: PagedList.Wanted) -> None:
        page = message.page
        call = partial(self.sitting.backend.entries, self.wanted, page.before, PAGE)
        self.ask(f"entries {page.number}", call, lambda entries: self.PageRead(page, entries))

    def on_audit_screen_page_read(self, message: PageRead) -> None:
        self.entries.take(message.page, message.entries.rows, message.entries.next)
        self.retell()

    def on_row_list_moved(self, _message: RowList.Moved) -> None:
        self.retell()

    def on_row_list_chosen(self, _message: RowList.Chosen) -> None:
        self.action_act("open")

    def _narrow(self, run: str) -> None:
        self.wanted = replace(self._widest, run=run)
        self.reload()

    def _fits(self, entry: EntryShown) -> bool:
        about = entry.about
        wanted = self.wanted
        return (not wanted.run or about.get("run") == wanted.run) and (
            not wanted.request or about.get("request") == wanted.request
        )

    def _row(self, entry: EntryShown) -> Row:
        return entry_row(entry, self.wanted, self.sitting.present)
