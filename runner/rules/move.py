"""What a run does next, as a value.

`runner.rules.moves` computes it; the run machine carries it out in one transaction: it writes the state the move names
(`runner.rules.transitions`), the log entries, and

* `Begin`: the attempt as intended; then the shim is told;
* `WaitAttempt`: nothing; if `cancel`, the shim is told to end the attempt at its next task border, otherwise to go on
  in case it holds;
* `WaitPeople`: `question`, `waiting_at` and, if these or the state differ from what is recorded, `waiting_since`; if
  `holding`, the shim is told to hold at its next task border; look again at `until`;
* `WaitUntil`: nothing; look again at `instant`;
* `TurnBack`: the turn;
* `Finish`: the end of the run.

`question`, `waiting_at` and `waiting_since` are cleared by every other move than `WaitPeople`; the recording of a
decision clears them too, and the wish. After `Begin` and `TurnBack` the machine computes the next move at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from runner.model.run import AttemptKey, Choice, Question, RunState, Turn
from runner.model.runbook import Output, PlayRef, Probe
from runner.model.text import Text


class Fallback(StrEnum):
    """What happens at `WaitPeople.until` if nobody signs anything."""

    WAIT = "wait"
    """Nothing: it waits on (what may be chosen can change)."""
    ASK = "ask"
    """It stops waiting for the gate or sheet and asks for a decision."""
    ROLL_BACK = "roll_back"
    """It turns back by itself."""
    LAPSE = "lapse"
    """The executor's signature lapses."""


@dataclass(frozen=True, slots=True)
class Begin:
    """Begin an attempt."""

    key: AttemptKey
    state: RunState
    hosts: tuple[str, ...]
    mutating: bool
    deadline: datetime
    work: PlayRef | tuple[Probe, ...]
    outputs: tuple[Output, ...] = ()
    """Typed values the attempt must report."""
    check: bool = False
    """Whether Ansible runs in check mode with diff."""


@dataclass(frozen=True, slots=True)
class WaitAttempt:
    """An attempt has no recorded end yet."""

    key: AttemptKey
    state: RunState
    cancel: bool = False
    """Whether it is to end at its next task border."""


@dataclass(frozen=True, slots=True)
class WaitPeople:
    """The run waits for executor and confirmer (or, while confirming, for the confirmer)."""

    state: RunState
    at: AttemptKey
    """What it is about: the attempt asked about, or the step with number 0."""
    question: Question | None = None
    """None at a gate, at a sheet and while confirming."""
    choices: tuple[Choice, ...] = ()
    until: datetime | None = None
    """When the move changes by itself; None: never."""
    fallback: Fallback = Fallback.WAIT
    holding: AttemptKey | None = None
    """An attempt to be held at its next task border meanwhile."""
    instruct: Text | None = None
    """What to do by hand (at a sheet)."""


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Nothing is to be done before an instant: a watch between two looks."""

    instant: datetime
    state: RunState


@dataclass(frozen=True, slots=True)
class TurnBack:
    """Stop going forward and undo."""

    turn: Turn
    state: RunState


@dataclass(frozen=True, slots=True)
class Finish:
    """The run is at an end; its result waits for its signatures. Of a run at an end already: nothing is to be done."""

    state: RunState
    reason: str = field(default="", compare=False)
    """Why, as a message id."""


Move = Begin | WaitAttempt | WaitPeople | WaitUntil | TurnBack | Finish
