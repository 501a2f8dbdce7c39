"""The log entries of one run as a screen needs them: in order, each once, the past before what came meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from runner.model.log import LogFilter
from runner.wire.api_audit import EntryPage, EntryShown
from tui.feed import News

PAGE: Final = 200
PAGES: Final = 5


@dataclass(frozen=True, slots=True)
class Past:
    """What the log holds of a run so far, oldest first."""

    entries: tuple[EntryShown, ...]
    complete: bool
    """Whether nothing older was left out."""


def read_past(entries: Callable[[LogFilter, str | None, int], EntryPage], run: str) -> Past:
    """The newest entries of a run, a few pages of them."""
    found: list[EntryShown] = []
    before: str | None = None
    for _page in range(PAGES):
        page = entries(LogFilter(run=run), before, PAGE)
        found += page.rows
        before = page.next
        if before is None:
            break
    return Past(tuple(reversed(found)), complete=before is None)


class RunNews:
    """Puts the past of a run and its live entries into one sequence."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._newest: int | None = None
        """Number of the newest entry given out; None until the past was taken in."""
        self._early: list[EntryShown] = []

    @property
    def has_past(self) -> bool:
        """Whether the past was taken in."""
        return self._newest is not None

    def forget(self) -> None:
        """Begin anew: entries were missed."""
        self._newest = None
        self._early = []

    def take_past(self, past: Past) -> tuple[EntryShown, ...]:
        """The past, and what came while it was read."""
        early, self._early = self._early, []
        self._newest = 0
        return (*self._fresh(past.entries), *self._fresh(early))

    def take(self, news: Iterable[News]) -> tuple[EntryShown, ...]:
        """Those of the new entries that are this run's and were not given out yet; none before the past is there."""
        mine = [each for each in news if isinstance(each, EntryShown) and each.about.get("run") == self._run]
        if self._newest is None:
            self._early += mine
            return ()
        return self._fresh(mine)

    def _fresh(self, entries: Iterable[EntryShown]) -> tuple[EntryShown, ...]:
        newest = self._newest or 0
        fresh = tuple(entry for entry in entries if entry.id > newest)
        if fresh:
            self._newest = fresh[-1].id
        return fresh
