"""Windows and deadlines (law L8).

When something new may begin, until when going back is still sure, and how long one attempt may take. An emergency
passes its window, marked.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from runner.errors import RefusedError
from runner.model.plan import Role
from runner.model.run import RunRecord
from runner.model.runbook import Gate, PlaybookWork, Risk, SoakWork, Step
from runner.model.time import Seconds, Window, to_rfc3339
from runner.words import N_

HEALTH_TIMEOUT: Final = Seconds(1800)
"""Deadline of the health play after all rollback, which belongs to no step."""
LOOK_RESERVE: Final = Seconds(300)
"""Span a watch's last look may take beyond the watch."""


def binding_window(window: Window | None, risk: Risk) -> Window | None:
    """The window that bounds a change of that class; nothing administrative bounds an emergency (L8, L12)."""
    return None if risk is Risk.EMERGENCY else window


def is_marked(window: Window | None, risk: Risk, now: datetime) -> bool:
    """Whether a change may begin outside its window, marked, because it is an emergency."""
    return risk is Risk.EMERGENCY and not may_begin(window, now)


def may_begin(window: Window | None, now: datetime) -> bool:
    """Whether something new may begin; without a window it always may."""
    return window is None or window.holds(now)


def require_may_begin(window: Window | None, now: datetime) -> None:
    """Refuse to begin outside the window.

    Raises:
        RefusedError: it is not yet open, or closed already.
    """
    if window is None or window.holds(now):
        return
    if now < window.opens:
        raise RefusedError(
            N_("the window opens at {opens}; it is {now}"),
            rule="L8:window-not-open",
            opens=to_rfc3339(window.opens),
            now=to_rfc3339(now),
        )
    raise RefusedError(
        N_("the window closed at {closes}; it is {now}"),
        rule="L8:window-closed",
        hint=N_("request another window"),
        closes=to_rfc3339(window.closes),
        now=to_rfc3339(now),
    )


def is_closed(window: Window | None, now: datetime) -> bool:
    """Whether the window lies behind."""
    return window is not None and now >= window.closes


def latest_rollback_decision(window: Window | None, estimate: Seconds, reserve: Seconds) -> datetime | None:
    """Until when a rollback that is begun still ends inside the window; None without a window.

    It may lie before the window opens: then every forward step needs a decision.
    """
    return None if window is None else window.closes - timedelta(seconds=estimate + reserve)


def attempt_deadline(step: Step | None, role: Role, now: datetime, watch_since: datetime | None = None) -> datetime:
    """When an attempt that begins now is ended by its shim.

    Args:
        step: None for the health play after all rollback.
        role: what the attempt does.
        now: the present.
        watch_since: when the first look of a watch began, for a later one.
    """
    if step is None:
        return now + timedelta(seconds=HEALTH_TIMEOUT)
    if role is Role.SOAK:
        return watch_deadline(step, watch_since or now)
    undoing = step.work.rollback if isinstance(step.work, PlaybookWork) else None
    if undoing and role in _UNDOING:
        return now + timedelta(seconds=undoing.timeout)
    return now + timedelta(seconds=step.timeout)


def watch_deadline(step: Step, since: datetime) -> datetime:
    """When a watch whose first look began at `since` must have ended."""
    lasts = step.work.lasts if isinstance(step.work, SoakWork) else 0
    return since + timedelta(seconds=max(step.timeout, lasts + LOOK_RESERVE))


def gate_late_at(gate: Gate, waiting_since: datetime) -> datetime:
    """When a gate has waited too long."""
    return waiting_since + timedelta(seconds=gate.wait_at_most)


def overrun(record: RunRecord, now: datetime) -> Seconds:
    """How long a run has worked on after its window closed; 0 when it has not."""
    if record.window is None or record.started_at is None:
        return Seconds(0)
    beyond = (record.ended_at or now) - record.window.closes
    return Seconds(max(0, int(beyond.total_seconds())))


_UNDOING: Final = frozenset({Role.WRITES_OFF, Role.ROLLBACK, Role.ROLLBACK_VERIFY})
