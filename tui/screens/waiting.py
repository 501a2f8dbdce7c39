"""Everything that waits for a signature: changes, runs and grants in one list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message
from textual.widget import Widget

from runner.wire.api import ServiceStatus
from runner.wire.api_audit import EntryShown
from runner.wire.api_request import Act, Waiting
from runner.words import N_, _
from tui.actions import Where
from tui.feed import News
from tui.people_text import WAITING_COLUMNS, act_row, top_of_waiting
from tui.screens.asking import Deeds, bindings_of
from tui.screens.framed import Framed
from tui.screens.lists import MOVING, place_of_act, to_lists
from tui.text import Meaning, line
from tui.top_text import Top, top_of_unread
from tui.widgets.row_list import RowList


class WaitingScreen(Framed):
    """Awaited signatures, the most urgent first; each leads to where it is given."""

    WHERE: ClassVar = Where.WAITING
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Where.WAITING)
    is_alone = True

    @dataclass
    class Read(Message):
        """What is awaited was read."""

        waiting: Waiting

    _acts: tuple[Act, ...] | None = None

    def body(self) -> Iterable[Widget]:
        yield RowList(
            WAITING_COLUMNS,
            name_id="acts",
            help_text=N_(
                "Every signature that is awaited, the most urgent first, and who may give it. "
                "Enter goes to where it is given; nothing is signed here."
            ),
            empty=N_("no signature is awaited"),
        )

    @property
    def acts(self) -> RowList:
        """The list."""
        return self.query_one("#acts", RowList)

    def top(self, status: ServiceStatus) -> Top:
        if self._acts is None:
            return top_of_unread(_("what is awaited"), status)
        return top_of_waiting(self._acts, self._selected(), status, self.sitting.present)

    def deeds(self) -> Deeds:
        deeds: dict[str, Callable[[], None]] = {**to_lists(self._post)}
        act = self._selected()
        if act is not None:
            deeds["open"] = lambda: self._open(act)
        return deeds

    def reload(self) -> None:
        self.ask("waiting", self.sitting.backend.waiting, self.Read)

    def told(self, news: tuple[News, ...]) -> None:
        if any(not isinstance(each, EntryShown) or each.tag.startswith(MOVING) for each in news):
            self.reload()

    def retell(self) -> None:
        self._show()
        super().retell()

    def tick(self) -> None:
        self._show()
        super().tick()

    def on_waiting_screen_read(self, message: Read) -> None:
        self._acts = message.waiting.acts
        self.retell()

    def on_row_list_moved(self, _message: RowList.Moved) -> None:
        super().retell()

    def on_row_list_chosen(self, _message: RowList.Chosen) -> None:
        self.action_act("open")

    def _show(self) -> None:
        if self._acts is not None:
            self.acts.show([act_row(act, self.sitting.present) for act in self._acts])

    def _selected(self) -> Act | None:
        place = self.acts.cursor
        return self._acts[place] if self._acts and 0 <= place < len(self._acts) else None

    def _open(self, act: Act) -> None:
        place = place_of_act(act)
        if place is not None:
            self.post_message(place)
        else:
            self.say(line(_("this is signed on the command line: twokey runbook publish"), Meaning.WAIT))
