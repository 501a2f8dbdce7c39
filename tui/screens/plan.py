"""One change: the request, the exact plan with the rollback of each step, and what may be signed about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message
from textual.widget import Widget

from runner.model.log import LogFilter
from runner.model.statement import StatementKind
from runner.wire.api import ServiceStatus
from runner.wire.api_audit import EntryShown
from runner.wire.api_request import Act
from runner.words import N_, _
from tui.actions import Where
from tui.backend import PlanShown
from tui.feed import News
from tui.forms import reject_form, revoke_form, withdraw_form
from tui.intents import Approve, intent_of
from tui.messages import FormAsked, LogChosen, RunChosen, SigningAsked
from tui.plan_text import change_lines
from tui.screens.asking import Deeds, bindings_of
from tui.screens.framed import Framed
from tui.sitting import Sitting
from tui.standing import Standing, standing_of
from tui.text import Meaning, line
from tui.top_text import Top, top_of_change, top_of_unread
from tui.widgets.line_view import LineView


@dataclass(frozen=True, slots=True)
class ChangeRead:
    """A change with its verified plan."""

    standing: Standing
    planned: PlanShown


class PlanScreen(Framed):
    """The page that requester, approver, executor and confirmer all read."""

    WHERE: ClassVar = Where.PLAN
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Where.PLAN)
    CSS_PATH: ClassVar = "plan.tcss"

    @dataclass
    class Read(Message):
        """The change was read."""

        read: ChangeRead

    def __init__(self, sitting: Sitting, number: str) -> None:
        super().__init__(sitting)
        self.number = number
        self._read: ChangeRead | None = None

    @property
    def about(self) -> str:
        return self.number

    def body(self) -> Iterable[Widget]:
        yield LineView(
            name_id="plan",
            help_text=N_(
                "The whole plan: hosts by batch, every step with its rollback, what is only known at run time, and the "
                "digests, recomputed here. What you sign is this."
            ),
        )

    @property
    def page(self) -> LineView:
        """The text."""
        return self.query_one("#plan", LineView)

    def top(self, status: ServiceStatus) -> Top:
        read = self._read
        if read is None:
            return top_of_unread(self.number, status)
        standing, by = read.standing, read.planned.rollback_decision_by
        return top_of_change(standing.change, standing.shown, status, self.sitting.present, by)

    def deeds(self) -> Deeds:
        deeds: dict[str, Callable[[], None]] = {"audit": lambda: self._post(LogChosen(LogFilter(request=self.number)))}
        read = self._read
        if read is None:
            return deeds
        run, act = read.standing.change.run, read.standing.change.act
        if run is not None:
            deeds["run"] = lambda: self._post(RunChosen(run.id))
        if act is not None:
            deeds["sign"] = lambda: self._sign(act)
        kinds = {each.kind for each in read.standing.shown.acts}
        if StatementKind.APPROVE in kinds:
            deeds["approve"] = lambda: self._post(SigningAsked(Approve(self.number)))
        if StatementKind.REJECT in kinds:
            deeds["reject"] = lambda: self._post(FormAsked(reject_form(self.number)))
        if StatementKind.WITHDRAW in kinds:
            deeds["withdraw"] = lambda: self._post(FormAsked(withdraw_form(self.number)))
        if StatementKind.REVOKE in kinds:
            deeds["revoke"] = lambda: self._post(FormAsked(revoke_form(self.number)))
        return deeds

    def reload(self) -> None:
        self.ask("change", self._read_all, self.Read)

    def told(self, news: tuple[News, ...]) -> None:
        if any(not isinstance(each, EntryShown) or each.about.get("request") == self.number for each in news):
            self.reload()

    def retell(self) -> None:
        super().retell()
        if self._read is not None:
            self.page.show(change_lines(self._read.standing.shown, self._read.planned, self.sitting.present))

    def on_plan_screen_read(self, message: Read) -> None:
        self._read = message.read
        self.retell()

    def _read_all(self) -> ChangeRead:
        """The change, how it stands, and its plan; runs in a worker."""
        standing = standing_of(self.sitting.backend, self.number)
        return ChangeRead(standing, self.sitting.backend.plan(standing.shown.request.plan))

    def _sign(self, act: Act) -> None:
        """Sign what is awaited; what belongs to a run at work is signed on the run's own screen."""
        about_plan = act.kind in (StatementKind.APPROVE, StatementKind.START, StatementKind.CONFIRM)
        intent = intent_of(act)
        if intent is not None and about_plan:
            self.post_message(SigningAsked(intent))
        elif act.run:
            self.post_message(RunChosen(act.run))
        else:
            self.say(line(_("nothing can be signed here now"), Meaning.WAIT))
