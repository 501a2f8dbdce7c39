"""Times, spans and sentences as people at the site read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from runner.client.wording.present import (
    Present,
    clock,
    in_full,
    left_until,
    minute,
    said,
    span,
    time_of_day,
    window_span,
)
from runner.model.time import Window
from runner.wire.api import Words

NOON = datetime(2026, 11, 28, 4, 0, tzinfo=UTC)
PRESENT = Present(NOON, "Asia/Shanghai")
LASTING = Present(NOON, "Asia/Shanghai", lasts=True)


def test_what_is_kept_tells_every_time_with_its_date() -> None:
    assert clock(NOON, LASTING) == in_full(NOON, "Asia/Shanghai") == "2026-11-28 12:00:00"
    assert clock(None, LASTING) == in_full(None, "Asia/Shanghai") == ""
    assert time_of_day(NOON, LASTING) == "12:00:00"


def test_times_are_the_sites() -> None:
    assert clock(NOON, PRESENT) == "12:00:00"
    assert clock(NOON + timedelta(days=1), PRESENT) == "11-29 12:00:00"
    assert clock(None, PRESENT) == ""
    assert minute(NOON, PRESENT) == "12:00"
    assert window_span(Window(NOON, NOON + timedelta(hours=4)), PRESENT) == "12:00-16:00"
    tomorrow = NOON + timedelta(days=1)
    assert window_span(Window(tomorrow, tomorrow + timedelta(hours=4)), PRESENT) == "11-29 12:00-16:00"
    assert window_span(Window(tomorrow, tomorrow + timedelta(hours=13)), PRESENT) == "11-29 12:00-11-30 01:00"


@pytest.mark.parametrize("seconds, shown", [(-1, "0 s"), (59.9, "59 s"), (61, "1:01"), (3661, "1:01:01")])
def test_spans(seconds: float, shown: str) -> None:
    assert span(seconds) == shown


def test_what_is_left_counts_down() -> None:
    assert left_until(NOON + timedelta(seconds=290), PRESENT) == "4:50 left"
    assert left_until(NOON, PRESENT) == "over"


def test_sentences_of_the_service_are_told_in_local_time_and_words() -> None:
    sentence = Words(
        "the change is {state}; window to {closes}", {"state": "rolled_back", "closes": "2026-11-28T04:30:00Z"}
    )
    assert said(sentence, PRESENT) == "the change is rolled back; window to 12:30:00"


def test_facts_of_a_sentence_that_is_kept_are_dated_and_in_words() -> None:
    facts: dict[str, str | int | None] = {"run": "a", "state": "rolling_back", "until": "2026-11-28T06:00:00.5Z"}
    sentence = Words("{run} is {state} until {until}", facts)
    assert said(sentence, LASTING) == "a is rolling back until 2026-11-28 14:00:00"
