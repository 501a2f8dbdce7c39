"""How far a watch (soak) has come: looks one after another, until the span has passed or too many have failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from runner.model.run import Attempt, AttemptState, Choice
from runner.model.runbook import SoakWork, Step
from runner.rules.history import TRIES, History, Standing, trailing_inconclusive
from runner.rules.windows import watch_deadline


@dataclass(frozen=True, slots=True)
class Watch:
    """A watch at one instant."""

    standing: Standing
    due: datetime | None = None
    """When the next look is due, as long as one is needed."""
    since: datetime | None = None
    """When the first look was intended."""


def read_watch(history: History, looks: tuple[Attempt, ...], step: Step, work: SoakWork, now: datetime) -> Watch:
    """The watch that these looks make; it begins anew after a decision to repeat one.

    A look that never began, or whose end was not seen, is taken again at once; the third in a row counts as failed. The
    watch is done once a look that began after the whole span has passed is good; it fails with one failed look more
    than it tolerates, or when it is not done by its deadline.
    """
    counted = history.counted(looks)
    if not counted:
        return Watch(Standing.NEEDED, due=now)
    last, since = counted[-1], counted[0].intended_at
    end = since + timedelta(seconds=work.lasts)
    again = trailing_inconclusive(counted)
    if history.decided.get(last.key) is Choice.MARK_DONE:
        standing = Standing.DONE
    elif last.state is AttemptState.CANCELLED:
        standing = Standing.CANCELLED
    elif again >= TRIES or sum(_is_bad(history, look) for look in counted) > work.tolerate:
        standing = Standing.FAILED
    elif not again and last.intended_at >= end:
        standing = Standing.DONE
    elif now >= watch_deadline(step, since):
        standing = Standing.FAILED
    else:
        standing = Standing.NEEDED
    due = now if again else min(last.intended_at + timedelta(seconds=work.every), end)
    return Watch(standing, due, since)


def _is_bad(history: History, look: Attempt) -> bool:
    return look.state is AttemptState.FAILED or history.has_changed(look)
