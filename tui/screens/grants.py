"""Grants, newest first: what was applied for, how far it came, and whose turn it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final

from textual.binding import BindingType
from textual.message import Message
from textual.widget import Widget

from runner.model.log import LogFilter
from runner.wire.api import ServiceStatus
from runner.wire.api_audit import EntryShown
from runner.words import N_, _
from tui.actions import Where
from tui.feed import News
from tui.messages import GrantChosen, LogChosen
from tui.people_text import GRANT_COLUMNS, GrantAtHand, grant_row, is_about_grant, top_of_grants
from tui.rows import PageWanted, Row
from tui.screens.asking import Deeds, bindings_of
from tui.screens.framed import Framed
from tui.screens.lists import MOVING, to_lists
from tui.sitting import Sitting
from tui.top_text import Top
from tui.widgets.row_list import PagedList, RowList

PAGE: Final = 50


class GrantsScreen(Framed):
    """Every grant, or those about one person."""

    WHERE: ClassVar = Where.GRANTS
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Where.GRANTS)
    is_alone = True

    @dataclass
    class PageRead(Message):
        """A page of the list is there."""

        page: PageWanted
        grants: tuple[GrantAtHand, ...]
        next: str | None
        waiting: int
        """Grants of the whole site that wait for a signature."""

    def __init__(self, sitting: Sitting) -> None:
        super().__init__(sitting)
        self._person = ""
        """Only grants about this person; empty: all."""
        self._waiting = 0

    def body(self) -> Iterable[Widget]:
        yield PagedList(
            GRANT_COLUMNS,
            self._row,
            name_id="grants",
            help_text=N_(
                "Grants, newest first: number, state, what is granted, and who is waited for. "
                "Enter opens one; f shows those about the selected one's person only, and all again."
            ),
            empty=N_("there is no grant yet; apply for one where the people are: press p"),
        )

    @property
    def grants(self) -> PagedList[GrantAtHand]:
        """The list."""
        return self.query_one("#grants", PagedList)

    def top(self, status: ServiceStatus) -> Top:
        more = "" if self.grants.complete else "+"
        known = _("grants: {count}").format(count=f"{self.grants.count}{more}")
        return top_of_grants(self._person, known, self._waiting, status)

    def deeds(self) -> Deeds:
        deeds: dict[str, Callable[[], None]] = {**to_lists(self._post)}
        grant = self.grants.value
        if grant is not None:
            number = grant.row.number
            deeds["open"] = lambda: self._post(GrantChosen(number))
            deeds["audit"] = lambda: self._post(LogChosen(LogFilter(request=number)))
        if self._person:
            deeds["one_person"] = lambda: self._narrow("")
        elif grant is not None and (person := grant.row.terms.get("person")):
            deeds["one_person"] = lambda: self._narrow(str(person))
        return deeds

    def reload(self) -> None:
        self.grants.renew()

    def told(self, news: tuple[News, ...]) -> None:
        if any(not isinstance(each, EntryShown) or each.tag.startswith(MOVING) for each in news):
            self.reload()

    def retell(self) -> None:
        super().retell()
        self.grants.refresh()

    def on_paged_list_wanted(self, message: PagedList.Wanted) -> None:
        page = message.page
        self.ask(f"grants {page.number}", partial(self._read, page, self._person), lambda read: read)

    def on_grants_screen_page_read(self, message: PageRead) -> None:
        self._waiting = message.waiting
        self.grants.take(message.page, message.grants, message.next)
        self.retell()

    def on_row_list_moved(self, _message: RowList.Moved) -> None:
        self.retell()

    def on_row_list_chosen(self, _message: RowList.Chosen) -> None:
        self.action_act("open")

    def _narrow(self, person: str) -> None:
        self._person = person
        self.reload()

    def _read(self, page: PageWanted, person: str) -> PageRead:
        """A page with whose turn each grant is; runs in a worker."""
        backend = self.sitting.backend
        found = backend.register.grants(person, page.before, PAGE)
        acts = {act.subject: act for act in backend.waiting().acts if is_about_grant(act)}
        rows = tuple(GrantAtHand(row, acts.get(row.number)) for row in found.rows)
        return self.PageRead(page, rows, found.next, len(acts))

    def _row(self, grant: GrantAtHand) -> Row:
        return grant_row(grant, self.sitting.present)
