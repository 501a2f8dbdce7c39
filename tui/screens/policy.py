"""The policy in force: its name, digest and origin, who holds which post, whether there are enough people, its text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message
from textual.widget import Widget

from runner.client.wording.policy_in_force import policy_lines
from runner.model.policy import Policy
from runner.wire.api import ServiceStatus
from runner.wire.api_audit import EntryShown
from runner.wire.api_people import PolicyShown, RegisterShown, Staffing
from runner.words import N_, _
from tui.actions import Where
from tui.feed import News
from tui.messages import GrantChosen
from tui.people_text import top_of_policy
from tui.screens.asking import Deeds, bindings_of
from tui.screens.framed import Framed
from tui.screens.lists import MOVING, to_lists
from tui.top_text import Top, top_of_unread
from tui.widgets.line_view import LineView


@dataclass(frozen=True, slots=True)
class PolicyRead:
    """The policy with what becomes of it among the people there are."""

    shown: PolicyShown
    terms: Policy
    register: RegisterShown
    staffing: Staffing


class PolicyScreen(Framed):
    """A page to read; the policy is changed by a grant."""

    WHERE: ClassVar = Where.POLICY
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Where.POLICY)
    CSS_PATH: ClassVar = "policy.tcss"
    is_alone = True

    @dataclass
    class Read(Message):
        """The policy was read."""

        read: PolicyRead

    _read: PolicyRead | None = None

    def body(self) -> Iterable[Widget]:
        yield LineView(
            name_id="policy",
            help_text=N_(
                "The policy in force, who holds which post, and for every risk class whether enough people are there. "
                "It is changed by a grant that two people sign."
            ),
        )

    @property
    def page(self) -> LineView:
        """The text."""
        return self.query_one("#policy", LineView)

    def top(self, status: ServiceStatus) -> Top:
        if self._read is None:
            return top_of_unread(_("policy"), status)
        return top_of_policy(self._read.shown, self._read.staffing, status)

    def deeds(self) -> Deeds:
        deeds: dict[str, Callable[[], None]] = {**to_lists(self._post)}
        if self._read is not None and (number := self._read.shown.grant):
            deeds["open"] = lambda: self._post(GrantChosen(number))
        return deeds

    def reload(self) -> None:
        self.ask("policy", self._read_all, self.Read)

    def told(self, news: tuple[News, ...]) -> None:
        if any(not isinstance(each, EntryShown) or each.tag.startswith(MOVING) for each in news):
            self.reload()

    def retell(self) -> None:
        super().retell()
        read = self._read
        if read is not None:
            self.page.show(policy_lines(read.shown, read.terms, read.register, read.staffing, self.sitting.present))

    def on_policy_screen_read(self, message: Read) -> None:
        self._read = message.read
        self.retell()

    def _read_all(self) -> PolicyRead:
        """The policy, the people and whether they are enough; runs in a worker."""
        register = self.sitting.backend.register
        return PolicyRead(register.policy(), register.terms(), register.people(), register.staffing())
