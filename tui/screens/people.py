"""The register of people: everyone with posts and state, one of them in full, and what is to be reported."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget

from runner.client.wording.grant import person_lines, remark_lines
from runner.client.wording.place import terminal_lines
from runner.model.policy import Policy
from runner.wire.api import ServiceStatus
from runner.wire.api_audit import EntryShown
from runner.wire.api_people import PersonShown, RegisterShown
from runner.words import N_, _
from tui.actions import Where
from tui.feed import News
from tui.grant_forms import enrol_form, forms_about, terminal_forms
from tui.messages import FormAsked
from tui.people_text import PEOPLE_COLUMNS, person_row, top_of_people
from tui.screens.asking import Deeds, bindings_of
from tui.screens.framed import Framed
from tui.screens.lists import MOVING, to_lists
from tui.sitting import Sitting
from tui.top_text import Top, top_of_unread
from tui.widgets.line_view import LineView
from tui.widgets.row_list import RowList


@dataclass(frozen=True, slots=True)
class PeopleRead:
    """The register with the policy that speaks of its posts and units."""

    shown: RegisterShown
    policy: Policy


class PeopleScreen(Framed):
    """Everyone with an account; grants about them are applied for here."""

    WHERE: ClassVar = Where.PEOPLE
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Where.PEOPLE)
    CSS_PATH: ClassVar = "people.tcss"
    AUTO_FOCUS: ClassVar = "#people"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - Textual declares it on the instance
    is_alone = True

    @dataclass
    class Read(Message):
        """The register was read."""

        read: PeopleRead

    def __init__(self, sitting: Sitting, person: str = "") -> None:
        """Make the screen.

        Args:
            sitting: the person's.
            person: whoever is selected first; empty: nobody in particular.
        """
        super().__init__(sitting)
        self.wanted = person
        """Whoever is to be selected next."""
        self._read: PeopleRead | None = None

    def body(self) -> Iterable[Widget]:
        yield LineView(
            name_id="remarks", help_text=N_("What is to be reported: vacant posts, inspections, deviations.")
        )
        with Container(id="panes"):
            yield RowList(
                PEOPLE_COLUMNS,
                name_id="people",
                help_text=N_(
                    "Everyone with an account: state and posts. What is done with the keys below is applied for about "
                    "the selected person; another person approves it. Enter goes to the details."
                ),
            )
            yield LineView(
                name_id="person", help_text=N_("The selected person: unit, roles, posts, keys, attestations.")
            )

    @property
    def people(self) -> RowList:
        """The list."""
        return self.query_one("#people", RowList)

    def top(self, status: ServiceStatus) -> Top:
        if self._read is None:
            return top_of_unread(_("register of people"), status)
        return top_of_people(self._read.shown, status)

    def deeds(self) -> Deeds:
        deeds: dict[str, Callable[[], None]] = {**to_lists(self._post)}
        read, selected = self._read, self._selected()
        if read is None:
            return deeds
        forms = {"enrol": enrol_form(read.policy), **terminal_forms(read.shown.terminals, read.policy)}
        if selected is not None:
            forms |= forms_about(selected.person, read.policy, self.sitting.present)
            deeds["open"] = self._to_details
        return deeds | {name: partial(self._post, FormAsked(form)) for name, form in forms.items()}

    def reload(self) -> None:
        self.ask("people", self._read_all, self.Read)

    def told(self, news: tuple[News, ...]) -> None:
        if any(not isinstance(each, EntryShown) or each.tag.startswith(MOVING) for each in news):
            self.reload()

    def take_over(self, other: Framed) -> None:
        if isinstance(other, PeopleScreen) and other.wanted:
            self.wanted = other.wanted
            self.retell()

    def retell(self) -> None:
        if self._read is not None:
            self._show(self._read)
        super().retell()

    def on_people_screen_read(self, message: Read) -> None:
        self._read = message.read
        self.retell()

    def on_row_list_moved(self, _message: RowList.Moved) -> None:
        super().retell()
        self._show_selected()

    def on_row_list_chosen(self, _message: RowList.Chosen) -> None:
        self._to_details()

    def _to_details(self) -> None:
        self.query_one("#person", LineView).focus()

    def _show(self, read: PeopleRead) -> None:
        remarks = self.query_one("#remarks", LineView)
        told = (*remark_lines(read.shown, self.sitting.present), *terminal_lines(read.shown.terminals))
        remarks.display = bool(told)
        remarks.show(told)
        self.people.show([person_row(each) for each in read.shown.people])
        if self.wanted:
            self.people.go_to(self.wanted)
            self.wanted = ""
        self._show_selected()

    def _show_selected(self) -> None:
        selected = self._selected()
        self.query_one("#person", LineView).show(person_lines(selected, self.sitting.present) if selected else ())

    def _selected(self) -> PersonShown | None:
        """Whoever the cursor is on."""
        people = self._read.shown.people if self._read is not None else ()
        return next((each for each in people if each.person.name == self.people.key), None)

    def _read_all(self) -> PeopleRead:
        """The register and the policy; runs in a worker."""
        register = self.sitting.backend.register
        return PeopleRead(register.people(), register.terms())
