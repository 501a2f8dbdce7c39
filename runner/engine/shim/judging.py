"""From what a spool tells to the result of an attempt; the rules are in `runner.rules.outcomes`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from itertools import takewhile

from runner.engine.shim.executor import Ending
from runner.engine.shim.folder import AttemptFolder
from runner.engine.shim.spool import SpoolReader
from runner.errors import VerificationError
from runner.model.document import JsonObject, JsonValue
from runner.model.order import Order, PlayOrder, Result
from runner.model.run import HostOutcome
from runner.rules.event_fold import EventFold
from runner.rules.outcomes import Outcomes, conclude, judge

_MOST_EVENTS = 5000


class Loss(StrEnum):
    """What was lost before the end of an attempt was told."""

    NOTHING = "nothing"
    SHIM = "shim"
    """Everything told is there, but nobody saw where it ended."""
    POWER = "power"
    """The last events may be missing too."""


class Judge:
    """Follows the events of one attempt and says what it came to."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._fold = EventFold(order.hosts)
        self._figures: dict[str, JsonValue] = {}
        self._distrust = ""

    def feed(self, events: Iterable[JsonObject]) -> None:
        """Take in the next events."""
        for event in events:
            self._fold.feed((event,))
            if event.get("event") == "probe":
                self._keep_figures(event)

    def distrust(self, reason: str) -> None:
        """Conclude nothing from what was told, because it is not what was written (reason in English)."""
        self._distrust = self._distrust or reason

    def result(self, ending: Ending, cut_off: str, events: int, at: datetime, loss: Loss = Loss.NOTHING) -> Result:
        """What the attempt came to.

        Args:
            ending: how its work ended.
            cut_off: why the shim itself ended it, in English; empty when it did not.
            events: how many events its spool holds.
            at: when it ended.
            loss: what was lost.
        """
        order = self._order
        found = self._found(ending, loss)
        play = order.work if isinstance(order.work, PlayOrder) else None
        concluded = conclude(
            found,
            may_change=order.mutating or (play is not None and play.check),
            stopped=ending.stopped and not cut_off,
            declared=play.outputs if play else (),
            reason=self._distrust or cut_off or ending.reason,
        )
        return Result(
            key=order.key,
            state=concluded.state,
            ended_at=at,
            outcomes=found.outcomes,
            events=events,
            outputs=concluded.outputs,
            settled=found.settled,
            changed=found.changed,
            reason=concluded.reason,
            facts={**ending.facts, **({"probes": self._figures} if self._figures else {}), "masked": found.masked},
        )

    def _found(self, ending: Ending, loss: Loss) -> Outcomes:
        found = judge(self._fold, ended=ending.seen and not self._distrust, mutating=self._order.mutating)
        if self._distrust or (loss is Loss.POWER and not found.complete):
            return replace(found, outcomes=dict.fromkeys(self._order.hosts, HostOutcome.UNKNOWN))
        if loss is Loss.SHIM and not found.complete:
            return replace(found, outcomes={host: _lost(outcome) for host, outcome in found.outcomes.items()})
        return found

    def _keep_figures(self, event: JsonObject) -> None:
        figures = self._figures.setdefault(str(event.get("host")), [])
        if isinstance(figures, list):
            figures.append({name: event[name] for name in ("probe", "within", "figures") if name in event})


def unseen_result(folder: AttemptFolder, at: datetime, loss: Loss = Loss.SHIM) -> Result:
    """The result of an attempt whose shim is gone, from what its spool holds.

    Args:
        folder: where it was told.
        at: when that is found out.
        loss: what was lost.

    Raises:
        StorageError: its order cannot be read.
    """
    judge_of = Judge(folder.read_order())
    reader = SpoolReader(folder.spool)
    try:
        judge_of.feed(takewhile(lambda event: not _is_orphans_end(event), _events_of(reader)))
    except VerificationError as error:
        judge_of.distrust(str(error))
    return judge_of.result(Ending(seen=False), "", reader.number, at, loss)


def _events_of(reader: SpoolReader) -> Iterator[JsonObject]:
    while events := reader.read(_MOST_EVENTS):
        yield from (event.body for event in events)


def _lost(outcome: HostOutcome) -> HostOutcome:
    """A host on which tasks had begun and not all of them ended is unknown when nobody saw where it ended."""
    return HostOutcome.UNKNOWN if outcome is HostOutcome.STOPPED else outcome


def _is_orphans_end(event: JsonObject) -> bool:
    """Whether Ansible told that it ends because its shim is gone: of what came before, nobody has seen the end."""
    return event.get("event") == "stopped" and event.get("why") == "orphaned"
