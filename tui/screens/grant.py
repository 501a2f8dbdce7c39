"""One grant: what it says, who has signed, whose turn it is, and what may be signed about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message
from textual.widget import Widget

from runner.client.wording.grant import grant_lines
from runner.model.grant import GrantState
from runner.model.log import LogFilter
from runner.model.statement import StatementKind
from runner.wire.api import ServiceStatus
from runner.wire.api_audit import EntryShown
from runner.words import N_
from tui.actions import Where
from tui.feed import News
from tui.grant_forms import deny_form, retract_form
from tui.intents import ApproveGrant, InspectGrant, Intent
from tui.messages import FormAsked, LogChosen, PeopleChosen, SigningAsked
from tui.people_text import GrantStanding, top_of_grant
from tui.screens.asking import Deeds, bindings_of
from tui.screens.framed import Framed
from tui.sitting import Sitting
from tui.top_text import Top, top_of_unread
from tui.widgets.line_view import LineView


class GrantScreen(Framed):
    """The page that applicant, approver and inspector all read."""

    WHERE: ClassVar = Where.GRANT
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Where.GRANT)
    CSS_PATH: ClassVar = "grant.tcss"

    @dataclass
    class Read(Message):
        """The grant was read."""

        standing: GrantStanding

    def __init__(self, sitting: Sitting, number: str) -> None:
        super().__init__(sitting)
        self.number = number
        self._standing: GrantStanding | None = None

    @property
    def about(self) -> str:
        return self.number

    def body(self) -> Iterable[Widget]:
        yield LineView(
            name_id="grant",
            help_text=N_(
                "What exactly is granted, who applied for it, who approved and who inspected it. "
                "Another person than the applicant approves; whoever approved does not inspect."
            ),
        )

    @property
    def page(self) -> LineView:
        """The text."""
        return self.query_one("#grant", LineView)

    def top(self, status: ServiceStatus) -> Top:
        if self._standing is None:
            return top_of_unread(self.number, status)
        return top_of_grant(self._standing, status, self.sitting.present)

    def deeds(self) -> Deeds:
        number = self.number
        deeds: dict[str, Callable[[], None]] = {"audit": lambda: self._post(LogChosen(LogFilter(request=number)))}
        if self._standing is None:
            return deeds
        shown = self._standing.shown
        if person := shown.row.terms.get("person"):
            deeds["concerned"] = lambda: self._post(PeopleChosen(str(person)))
        kinds = [act.kind for act in shown.acts]
        if StatementKind.GRANT in kinds:
            deeds["sign_grant"] = deeds["approve_grant"] = lambda: self._sign(ApproveGrant(number))
        if StatementKind.INSPECT in kinds:
            deeds["sign_grant"] = deeds["inspect"] = lambda: self._sign(InspectGrant(number))
        if StatementKind.DENY in kinds:
            deeds["deny"] = lambda: self._post(FormAsked(deny_form(number)))
        if StatementKind.RETRACT in kinds:
            deeds["retract"] = lambda: self._post(FormAsked(retract_form(number)))
        return deeds

    def reload(self) -> None:
        self.ask("grant", self._read, self.Read)

    def told(self, news: tuple[News, ...]) -> None:
        if any(not isinstance(each, EntryShown) or each.about.get("request") == self.number for each in news):
            self.reload()

    def retell(self) -> None:
        super().retell()
        if self._standing is not None:
            self.page.show(grant_lines(self._standing.shown, self.sitting.present))

    def on_grant_screen_read(self, message: Read) -> None:
        self._standing = message.standing
        self.retell()

    def _sign(self, intent: Intent) -> None:
        self.post_message(SigningAsked(intent))

    def _read(self) -> GrantStanding:
        """The grant, and when its inspection is due; runs in a worker."""
        from runner.rules.oversight import inspection_due

        register = self.sitting.backend.register
        shown = register.grant(self.number)
        decided = shown.row.decided_at
        if shown.row.state is not GrantState.GRANTED or decided is None:
            return GrantStanding(shown, None)
        return GrantStanding(shown, inspection_due(shown.row.grant, decided, register.terms()))
