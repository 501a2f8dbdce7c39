"""From what a spool tells to the result of an attempt; the rules are in `runner.rules.outcomes`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from runner.engine.shim.executor import Ending
from runner.engine.shim.folder import AttemptFolder
from runner.engine.shim.spool import SpoolReader
from runner.errors import VerificationError, fill
from runner.model.document import JsonObject, JsonValue
from runner.model.order import Order, PlayOrder, Result
from runner.model.run import HostOutcome
from runner.rules.event_fold import EventFold
from runner.rules.outcomes import conclude, judge
from runner.words import N_

_MOST_EVENTS = 5000


class Judge:
    """Follows the events of one attempt and says what it came to."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._fold = EventFold(order.hosts)
        self._figures: dict[str, JsonValue] = {}
        self._distrust = ""
        self._is_short = False

    def feed(self, events: Iterable[JsonObject]) -> None:
        """Take in the next events."""
        for event in events:
            self._fold.feed((event,))
            if event.get("event") == "probe":
                self._keep_figures(event)

    def distrust(self, reason: str, *, is_short: bool = False) -> None:
        """Conclude nothing from what the events do not tell.

        Args:
            reason: why, in English.
            is_short: whether events can only be missing at the end; then a stream that is complete still counts.
        """
        self._is_short = is_short and not self._distrust
        self._distrust = self._distrust or reason

    def result(self, ending: Ending, cut_off: str, events: int, at: datetime) -> Result:
        """What the attempt came to.

        Args:
            ending: how its work ended.
            cut_off: why the shim itself ended it, in English; empty when it did not.
            events: how many events its spool holds.
            at: when it ended.
        """
        order = self._order
        seen = ending.seen and not self._distrust
        found = judge(self._fold, ended=seen, mutating=order.mutating)
        if self._distrust and not (self._is_short and found.complete):
            found = replace(found, outcomes=dict.fromkeys(order.hosts, HostOutcome.UNKNOWN))
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

    def _keep_figures(self, event: JsonObject) -> None:
        figures = self._figures.setdefault(str(event.get("host")), [])
        if isinstance(figures, list):
            figures.append({name: event[name] for name in ("probe", "within", "figures") if name in event})


def unseen_result(folder: AttemptFolder, at: datetime, *, is_short: bool = False) -> Result:
    """The result of an attempt whose end nobody saw, from what its spool holds.

    Args:
        folder: where it was told.
        at: when that is found out.
        is_short: whether the last events may be missing, as after a power failure.

    Raises:
        StorageError: its order cannot be read.
    """
    judge_of = Judge(folder.read_order())
    if is_short:
        judge_of.distrust(fill(N_("its last events may be lost"), {}), is_short=True)
    reader = SpoolReader(folder.spool)
    try:
        while events := reader.read(_MOST_EVENTS):
            judge_of.feed(event.body for event in events if not _is_orphans_end(event.body))
    except VerificationError as error:
        judge_of.distrust(str(error))
    return judge_of.result(Ending(seen=False), "", reader.number, at)


def _is_orphans_end(event: JsonObject) -> bool:
    """Whether Ansible told that it ends because its shim is gone: of what came before, nobody has seen the end."""
    return event.get("event") == "stopped" and event.get("why") == "orphaned"
