"""Times, spans and sentences of the service as people at the site read them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from runner.errors import Fact, fill
from runner.model.time import Window
from runner.wire.api import Words
from runner.wire.spoken import WORDS, spoken
from runner.words import _

_MINUTE: Final = 60
_SPOKEN_FACTS: Final = frozenset(
    {"choice", "configuration", "grant", "kind", "part", "question", "risk", "role", "state"}
)
"""Facts that are words of ours, not of the site."""
_KNOWN: Final = frozenset(WORDS)
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")


@dataclass(frozen=True, slots=True)
class Present:
    """When and where something is read: what times are shown against."""

    now: datetime
    zone: str
    """Time zone of the site (IANA)."""
    lasts: bool = False
    """Whether what is said is kept, as a command's output may be: then every time is told with its date."""


def clock(instant: datetime | None, present: Present) -> str:
    """An instant as people at the site read it: the time, with the day when it is another one; empty for none."""
    if instant is None:
        return ""
    if present.lasts:
        return in_full(instant, present.zone)
    here = instant.astimezone(ZoneInfo(present.zone))
    today = present.now.astimezone(ZoneInfo(present.zone)).date()
    return here.strftime("%H:%M:%S" if here.date() == today else "%m-%d %H:%M:%S")


def in_full(instant: datetime | None, zone: str) -> str:
    """An instant with its date, to the second; empty for none."""
    return instant.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S") if instant else ""


def time_of_day(instant: datetime, present: Present) -> str:
    """An instant's time alone, where its day is known."""
    return instant.astimezone(ZoneInfo(present.zone)).strftime("%H:%M:%S")


def minute(instant: datetime, present: Present) -> str:
    """As `clock`, without seconds."""
    return clock(instant, present).rpartition(":")[0]


def window_span(window: Window, present: Present) -> str:
    """A window as people read it: `00:30-04:30`, with the day when it is not today, twice when it is two days."""
    opens, closes = minute(window.opens, present), minute(window.closes, present)
    day, separator, _time = opens.partition(" ")
    return f"{opens}-{closes.removeprefix(day + separator) if separator else closes}"


def span(seconds: float) -> str:
    """A span as people read it: `45 s`, `12:30`, `1:05:00`."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    hours, rest = divmod(whole, _MINUTE * _MINUTE)
    minutes, left = divmod(rest, _MINUTE)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def left_until(instant: datetime, present: Present) -> str:
    """How long it is until an instant, or that it has passed."""
    seconds = (instant - present.now).total_seconds()
    return _("{span} left").format(span=span(seconds)) if seconds > 0 else _("over")


def is_over(instant: datetime | None, present: Present) -> bool:
    """Whether an instant has passed."""
    return instant is not None and instant <= present.now


def said(sentence: Words, present: Present) -> str:
    """A sentence of the service in the current language, its times as people read them."""
    return fill(sentence.message, told_facts(sentence.facts, present))


def is_instant(fact: Fact) -> bool:
    """Whether a fact is an instant in UTC as documents write it."""
    return isinstance(fact, str) and _INSTANT.fullmatch(fact) is not None


def told_times(facts: Mapping[str, Fact], present: Present) -> dict[str, Fact]:
    """Facts with times as people read them."""
    return {name: _told_time(value, present) for name, value in facts.items()}


def told_facts(facts: Mapping[str, Fact], present: Present) -> dict[str, Fact]:
    """Facts as people read them: times at the site, states in words."""
    return {name: _told_fact(name, value, present) for name, value in facts.items()}


def _told_fact(name: str, value: Fact, present: Present) -> Fact:
    is_ours = isinstance(value, str) and name in _SPOKEN_FACTS and value in _KNOWN
    return spoken(str(value)) if is_ours else _told_time(value, present)


def _told_time(value: Fact, present: Present) -> Fact:
    return clock(datetime.fromisoformat(value), present) if isinstance(value, str) and is_instant(value) else value
