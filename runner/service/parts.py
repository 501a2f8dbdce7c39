"""The running service as its routes see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from runner.audit.sequencer import Sequencer
from runner.engine.desk.desk import Desk
from runner.engine.desk.premises import Premises
from runner.engine.desk.state import StateDirectory
from runner.engine.secret_values import SecretGiver
from runner.model.time import Clock
from runner.proof.note import NoteKey
from runner.service.access.access import Access
from runner.service.stream import EventStream
from runner.store.store import Store


@dataclass(frozen=True, slots=True)
class Service:
    """Everything the routes need; they hold no rule of their own."""

    state: StateDirectory
    premises: Premises
    desk: Desk
    access: Access
    sequencer: Sequencer
    stream: EventStream
    log_key: NoteKey
    epoch: str
    """Changes with every start; first half of an event id."""
    started_at: datetime
    pid: int
    end: Callable[[], None]
    """Asks the service to end in order; from any thread."""
    secrets: SecretGiver

    @property
    def store(self) -> Store:
        return self.premises.store

    @property
    def clock(self) -> Clock:
        return self.premises.clock
