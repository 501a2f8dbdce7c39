"""The demonstration's change brought to where a test needs it, without any screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from runner.model.run import RunState
from runner.wire.api_request import Outcome
from runner.wire.api_run import RunShown
from tui.backend import Key
from tui.demo.stage import PEOPLE, READY
from tui.demo.story import Ending
from tui.demo_backend import DemoBackend, HeldClock
from tui.intents import Confirm, Intent, PassGate, SignSheet, Start

NIGHT = datetime(2026, 11, 28, 16, 31, tzinfo=UTC)
"""00:31 at the site, half an hour into the window."""
RUN = f"{READY}/1"
SHEET = SignSheet(RUN, {"announcement": "GG-12"})
OTHER_KEY = Path("/keys") / PEOPLE[1]


@dataclass
class DemoChange:
    """The demonstration and its two people."""

    ending: Ending = Ending.ROLLS_BACK
    older: int = 3
    clock: HeldClock = field(default_factory=lambda: HeldClock(NIGHT))
    backend: DemoBackend = field(init=False)

    def __post_init__(self) -> None:
        self.backend = DemoBackend(self.clock, self.ending, older=self.older)

    @property
    def executor(self) -> Key:
        return self.backend.keys()[0]

    @property
    def confirmer(self) -> Key:
        return self.backend.open_key(OTHER_KEY, None)

    def sign(self, intent: Intent, key: Key) -> Outcome:
        return self.backend.sign(self.backend.prepare(intent, key))

    def sign_both(self, intent: Intent) -> None:
        self.sign(intent, self.executor)
        self.sign(intent, self.confirmer)

    def started(self) -> Outcome:
        return self.sign(Start(READY), self.executor)

    def begun(self) -> RunShown:
        self.started()
        self.sign(Confirm(RUN), self.confirmer)
        return self.shown()

    def at(self, state: RunState) -> RunShown:
        """The run in a state it comes to by itself, or with what the two people sign on the way."""
        if (shown := self._find()) is None:
            shown = self.begun()
        while shown.row.state is not state:
            if shown.row.state is RunState.AT_SHEET:
                self.sign_both(SHEET)
            elif shown.row.state is RunState.AT_GATE:
                self.sign_both(PassGate(RUN))
            self.backend.advance()
            before, shown = shown.event, self.shown()
            assert shown.event > before, f"the story ends in {shown.row.state} and never comes to {state}"
        return shown

    def shown(self) -> RunShown:
        return self.backend.run(RUN)

    def _find(self) -> RunShown | None:
        return self.shown() if self.backend.change(READY).runs else None
