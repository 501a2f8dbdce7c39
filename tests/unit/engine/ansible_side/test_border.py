from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from runner.engine.ansible_side.border import Border, Channel, ChannelClosedError, Exit, Go, HeldBy, Say
from tests.waiting import wait_until

_GO = Go(spool="/s", root="/r", masks=("a", "b"), event_limit=1000, hold_seconds=1.5)


class _Told:
    """A teller that remembers, and that can be unable to write."""

    def __init__(self, *, fails: int = 0) -> None:
        self.events: list[tuple[str, dict[str, object]]] = []
        self.fails = fails

    def tell(self, event: str, /, **fields: object) -> None:
        self.events.append((event, fields))

    def try_to_write(self) -> bool:
        self.fails -= 1
        return self.fails < 0


@pytest.fixture
def ends() -> Iterator[tuple[Channel, Channel]]:
    """The driver's end and the process's end."""
    one, other = socket.socketpair()
    with one, other:
        yield Channel(one), Channel(other)


@contextmanager
def _at_border(border: Border, told: _Told) -> Iterator[list[object]]:
    """Pass a task border in a thread; gives its exit status once it has ended."""
    ended: list[object] = []

    def pass_border() -> None:
        try:
            border.pass_task_border(told)
        except SystemExit as end:
            ended.append(end.code)

    thread = threading.Thread(target=pass_border)
    thread.start()
    yield ended
    thread.join(10)
    assert not thread.is_alive()


def test_a_play_is_let_go_with_everything_it_needs(ends: tuple[Channel, Channel]) -> None:
    driver, process = ends
    border = Border(process)
    assert not border.is_wanted()
    driver.send(Say.GO, **_GO.to_message())
    assert border.is_wanted()
    assert border.wait_for_go(["x"]) == _GO
    assert driver.receive(1) == {"say": Say.READY, "argv": ["x"]}
    border.say_begun()
    assert driver.receive(1) == {"say": Say.BEGUN}


@pytest.mark.parametrize("wish", [Say.STOP, Say.HOLD, None])
def test_anything_else_than_go_lets_nothing_begin(ends: tuple[Channel, Channel], wish: Say | None) -> None:
    driver, process = ends
    if wish:
        driver.send(wish)
    else:
        driver.close()
    with pytest.raises(SystemExit) as end:
        Border(process).wait_for_go([])
    assert end.value.code == Exit.NOT_BEGUN


def test_without_wishes_a_border_is_passed_at_once(ends: tuple[Channel, Channel]) -> None:
    told = _Told()
    Border(ends[1]).pass_task_border(told)
    assert told.events == []


def test_a_play_is_held_until_it_is_released(ends: tuple[Channel, Channel]) -> None:
    driver, process = ends
    told = _Told()
    driver.send(Say.HOLD)
    with _at_border(Border(process), told) as ended:
        assert driver.receive(10) == {"say": Say.HELD, "by": HeldBy.DRIVER}
        driver.send(Say.HOLD)
        driver.send(Say.RELEASE)
        assert driver.receive(10) == {"say": Say.RELEASED}
    assert ended == []
    assert [event for event, _fields in told.events] == ["held", "released"]


@pytest.mark.parametrize("held,stopped", [(True, True), (False, True), (True, False), (False, False)])
def test_a_play_ends_at_a_border_when_asked_or_orphaned(
    ends: tuple[Channel, Channel], *, held: bool, stopped: bool
) -> None:
    driver, process = ends
    told = _Told()
    if held:
        driver.send(Say.HOLD)
    if stopped:
        driver.send(Say.STOP)
    else:
        driver.close()
    with _at_border(Border(process), told) as ended:
        pass
    assert ended == [Exit.STOPPED if stopped else Exit.ORPHANED]
    assert told.events[-1] == ("stopped", {"why": "asked" if stopped else "orphaned"})


def test_a_play_waits_until_its_events_are_written(ends: tuple[Channel, Channel]) -> None:
    driver, process = ends
    Border(process).wait_for_spool(_Told(fails=3), seconds=1, pause=0.001)
    assert driver.receive(1) == {"say": Say.HELD, "by": HeldBy.SPOOL}
    assert driver.receive(1) == {"say": Say.RELEASED}


def test_a_play_whose_events_are_never_written_ends(ends: tuple[Channel, Channel]) -> None:
    with pytest.raises(SystemExit) as end:
        Border(ends[1]).wait_for_spool(_Told(fails=1000), seconds=0.01, pause=0.001)
    assert end.value.code == Exit.SPOOL


def test_a_wait_for_the_disk_can_be_stopped(ends: tuple[Channel, Channel]) -> None:
    ends[0].send(Say.STOP)
    with pytest.raises(SystemExit) as end:
        Border(ends[1]).wait_for_spool(_Told(fails=1000), seconds=10, pause=0.001)
    assert end.value.code == Exit.STOPPED


def test_a_channel_keeps_messages_whole_and_in_order() -> None:
    one, other = socket.socketpair()
    with one, other:
        channel = Channel(one)
        other.sendall(b'{"say":"a"}\n{"say"')
        assert channel.receive(1) == {"say": "a"}
        assert channel.receive(0) is None
        other.sendall(b':"b"}\n')
        other.close()
        assert channel.receive(1) == {"say": "b"}
        with pytest.raises(ChannelClosedError):
            channel.receive(1)


def test_hanging_up_wakes_a_receiver(ends: tuple[Channel, Channel]) -> None:
    driver, _process = ends
    woken = threading.Event()

    def receive() -> None:
        try:
            driver.receive()
        except ChannelClosedError:
            woken.set()

    thread = threading.Thread(target=receive)
    thread.start()
    driver.hang_up()
    wait_until(woken.is_set, 10, "the receiver to wake")
    thread.join()
