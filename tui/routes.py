"""Which screen shows what was chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tui import messages
from tui.screens.audit import AuditScreen
from tui.screens.entry import EntryScreen
from tui.screens.framed import Framed
from tui.screens.grant import GrantScreen
from tui.screens.grants import GrantsScreen
from tui.screens.people import PeopleScreen
from tui.screens.plan import PlanScreen
from tui.screens.policy import PolicyScreen
from tui.screens.run import RunScreen
from tui.screens.waiting import WaitingScreen
from tui.sitting import Sitting

_LISTS: Final[Mapping[type[messages.PlaceChosen], Callable[[Sitting], Framed]]] = {
    messages.WaitingChosen: WaitingScreen,
    messages.GrantsChosen: GrantsScreen,
    messages.PolicyChosen: PolicyScreen,
}


def screen_for(sitting: Sitting, chosen: messages.PlaceChosen) -> Framed:
    """The screen of what was chosen."""
    match chosen:
        case messages.ChangeChosen(number=number):
            screen: Framed = PlanScreen(sitting, number)
        case messages.RunChosen(run=run):
            screen = RunScreen(sitting, run)
        case messages.GrantChosen(number=number):
            screen = GrantScreen(sitting, number)
        case messages.LogChosen(wanted=wanted):
            screen = AuditScreen(sitting, wanted)
        case messages.EntryChosen(entry=entry):
            screen = EntryScreen(sitting, entry)
        case messages.PeopleChosen(person=person):
            screen = PeopleScreen(sitting, person)
        case _:
            screen = _LISTS[type(chosen)](sitting)
    return screen
