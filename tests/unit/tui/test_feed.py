"""The event feed: in batches, over lost connections, with a gap rather than without end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from textual.message import Message

import tui.feed
from runner.errors import UnreachableError
from runner.model.log import About
from runner.rules.tags import Tag
from runner.wire.api_audit import EntryShown, Gap
from tests.demo_change import NIGHT, DemoChange
from tests.waiting import wait_until
from tui.backend import StreamEvent
from tui.demo_backend import DemoBackend
from tui.feed import Feed, News


class Ear:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.heard: list[Message] = []

    def __call__(self, message: Message) -> None:
        self.heard.append(message)

    def count(self, kind: type[Message]) -> int:
        return sum(isinstance(message, kind) for message in self.heard)


def started(backend: DemoBackend) -> tuple[Feed, Ear]:
    ear = Ear()
    feed = Feed(backend, ear, retry=0.001)
    feed.start()
    wait_until(lambda: ear.count(Feed.Reached), 5, "the service to be reached")
    return feed, ear


def ended(feed: Feed, backend: DemoBackend) -> None:
    feed.stop()
    backend.close()
    wait_until(lambda: not any(thread.name == "event feed" for thread in threading.enumerate()), 5, "its thread to end")


def write(backend: DemoBackend, count: int) -> None:
    for _ in range(count):
        backend._log.put(Tag.LOCKS_TAKEN, NIGHT, About(run="r/1"))


def numbers(news: tuple[News, ...]) -> list[int]:
    return [each.id for each in news if isinstance(each, EntryShown)]


def test_many_entries_wake_the_app_once() -> None:
    backend = DemoChange().backend
    feed, ear = started(backend)
    first = len(backend._log)
    write(backend, 100)
    wait_until(lambda: len(feed._waiting) == 100, 5, "the entries")
    assert ear.count(Feed.Moved) == 1
    assert numbers(feed.take()) == list(range(first + 1, first + 101))
    write(backend, 1)
    wait_until(lambda: ear.count(Feed.Moved) == 2, 5, "to be woken again")
    ended(feed, backend)


def test_nothing_is_missed_or_told_twice_over_a_lost_connection() -> None:
    backend = DemoChange().backend
    feed, ear = started(backend)
    first = len(backend._log)
    write(backend, 2)
    wait_until(lambda: len(feed._waiting) == 2, 5, "the entries")
    backend.lose()
    wait_until(lambda: ear.count(Feed.Lost), 5, "the loss")
    write(backend, 3)
    backend.regain()
    wait_until(lambda: len(feed._waiting) == 5, 5, "what was missed")
    assert numbers(feed.take()) == list(range(first + 1, first + 6))
    assert ear.count(Feed.Reached) == 2
    ended(feed, backend)


def test_a_stalled_app_gets_a_gap() -> None:
    backend = DemoChange().backend
    feed = Feed(backend, Ear())
    for number in range(1, tui.feed.MOST_WAITING + 10):
        feed._put(EntryShown(number, None, {}, None, None))
    news = feed.take()
    assert len(news) == tui.feed.MOST_WAITING
    assert news[0] == Gap(0, 10)
    assert numbers(news)[0] == 11


class Refusing(DemoBackend):
    """Reached, but its stream ends at once."""

    asked = 0

    def events(self, after: int | None) -> Iterator[StreamEvent]:
        self.asked += 1
        raise UnreachableError("no answer")


def test_a_service_that_does_not_answer_is_asked_ever_more_rarely() -> None:
    backend = Refusing(DemoChange().clock)
    ear = Ear()
    feed = Feed(backend, ear, retry=0.001)
    feed.start()
    wait_until(lambda: backend.asked >= 4, 5, "several attempts")
    assert ear.count(Feed.Lost) >= 3
    ended(feed, backend)
