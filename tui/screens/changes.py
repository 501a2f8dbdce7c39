"""The list of changes: the first screen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final

from textual.binding import BindingType
from textual.message import Message
from textual.widget import Widget

from runner.model.log import LogFilter
from runner.model.statement import StatementKind
from runner.wire.api import ServiceStatus
from runner.wire.api_audit import EntryShown
from runner.wire.api_request import Act
from runner.words import N_
from tui.actions import Where, key_of
from tui.backend import ChangePage, ChangeRow
from tui.change_text import COLUMNS, change_row
from tui.feed import News
from tui.messages import ChangeChosen, LogChosen, RunChosen, SeriesAsked, SigningAsked
from tui.people_text import others_line
from tui.rows import PageWanted, Row
from tui.screens.asking import Deeds, bindings_of
from tui.screens.framed import Framed
from tui.screens.lists import MOVING, to_lists
from tui.series import signings
from tui.standing import Standing, standing_of
from tui.top_text import Top, top_of_change, top_of_nothing
from tui.widgets.line_view import LineView
from tui.widgets.row_list import PagedList, RowList

PAGE: Final = 50


class ChangesScreen(Framed):
    """Every change, newest first, with its state and who is waited for."""

    WHERE: ClassVar = Where.CHANGES
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Where.CHANGES)
    CSS_PATH: ClassVar = "changes.tcss"

    @dataclass
    class PageRead(Message):
        """A page of the list is there."""

        page: PageWanted
        changes: ChangePage

    @dataclass
    class SelectedRead(Message):
        """The selected change was read in full."""

        standing: Standing

    @dataclass
    class MarkedRead(Message):
        """The marked changes were read in full."""

        signings: tuple[SigningAsked, ...]

    _selected: Standing | None = None
    _marked: tuple[str, ...] = ()
    _others: tuple[Act, ...] = ()

    def body(self) -> Iterable[Widget]:
        yield PagedList(
            COLUMNS,
            self._row,
            name_id="changes",
            help_text=N_(
                "Changes, newest first: number, state, title, window, and who is waited for. "
                "Enter opens the plan, r the run, s what is awaited."
            ),
            empty=N_("there is no change yet; ask for one with: twokey request"),
        )
        yield LineView(name_id="others")

    @property
    def changes(self) -> PagedList[ChangeRow]:
        """The list."""
        return self.query_one("#changes", PagedList)

    def top(self, status: ServiceStatus) -> Top:
        change = self.changes.value
        if change is None:
            return top_of_nothing(status)
        selected = self._selected
        full = selected.shown if selected and selected.change.request == change.request else None
        return top_of_change(change, full, status, self.sitting.present)

    def deeds(self) -> Deeds:
        deeds: dict[str, Callable[[], None]] = {
            "audit": lambda: self._post(LogChosen(LogFilter())),
            **to_lists(self._post),
        }
        change = self.changes.value
        if change is None:
            return deeds
        number = change.request.number
        deeds["open"] = lambda: self._post(ChangeChosen(number))
        deeds["audit"] = lambda: self._post(LogChosen(LogFilter(request=number)))
        if (run := change.run) is not None:
            deeds["run"] = lambda: self._post(RunChosen(run.id))
        if change.act is not None:
            deeds["awaited"] = lambda: self._post(place_of(change))
        if number in self._marked or (change.act is not None and change.act.kind is StatementKind.APPROVE):
            deeds["mark"] = lambda: self._mark(number)
        if self._marked:
            deeds["approve_marked"] = self._approve_marked
        return deeds

    def reload(self) -> None:
        self.changes.renew()

    def told(self, news: tuple[News, ...]) -> None:
        if any(not isinstance(each, EntryShown) or each.tag.startswith(MOVING) for each in news):
            self.reload()

    def retell(self) -> None:
        super().retell()
        self.changes.refresh()
        others = self.query_one("#others", LineView)
        others.can_focus = False
        others.display = bool(self._others)
        others.show([others_line(self._others, key_of("waiting", self.sitting.remapped))])

    def on_paged_list_wanted(self, message: PagedList.Wanted) -> None:
        page = message.page
        call = partial(self.sitting.backend.changes, page.before, PAGE)
        self.ask(f"changes {page.number}", call, lambda changes: self.PageRead(page, changes))

    def on_changes_screen_page_read(self, message: PageRead) -> None:
        self.changes.take(message.page, message.changes.rows, message.changes.next)
        if message.page.number == 0:
            self._others = message.changes.others
        self._read_selected()
        self.retell()

    def on_changes_screen_selected_read(self, message: SelectedRead) -> None:
        self._selected = message.standing
        self.retell()

    def on_changes_screen_marked_read(self, message: MarkedRead) -> None:
        self._marked = ()
        self.retell()
        self.post_message(SeriesAsked(message.signings))

    def on_row_list_moved(self, _message: RowList.Moved) -> None:
        self._read_selected()
        self.retell()

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        self.post_message(ChangeChosen(message.key))

    def _row(self, change: ChangeRow) -> Row:
        return change_row(change, self.sitting.present, marked=change.request.number in self._marked)

    def _mark(self, number: str) -> None:
        """Mark a change, or take its mark away."""
        kept = tuple(each for each in self._marked if each != number)
        self._marked = (*self._marked, number) if kept == self._marked else kept
        self.retell()

    def _approve_marked(self) -> None:
        self.ask("marked", partial(signings, self.sitting, self.sitting.backend, self._marked), self.MarkedRead)

    def _read_selected(self) -> None:
        if (number := self.changes.key) is not None:
            self.ask("selected change", partial(standing_of, self.sitting.backend, number), self.SelectedRead)


def place_of(change: ChangeRow) -> ChangeChosen | RunChosen:
    """Where the signature a change waits for is given: the plan is read before a request or a start is signed."""
    act = change.act
    if act is None or change.run is None or act.kind is StatementKind.CONFIRM:
        return ChangeChosen(change.request.number)
    return RunChosen(change.run.id)
