from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator

import pytest

from runner.engine.dispatch import LocalDispatcher
from tests.waiting import wait_until


class _Machine:
    """Notes what is advanced; holds whoever it is told to hold."""

    def __init__(self) -> None:
        self.advanced: list[str] = []
        self.most_at_once: dict[str, int] = {}
        self.at_once: dict[str, int] = {}
        self.lock = threading.Lock()
        self.doors: dict[str, threading.Event] = {}
        self.during: Callable[[str], None] = lambda _run: None

    def advance(self, run: str) -> None:
        with self.lock:
            self.at_once[run] = self.at_once.get(run, 0) + 1
            self.most_at_once[run] = max(self.most_at_once.get(run, 0), self.at_once[run])
        self.during(run)
        if run in self.doors:
            assert self.doors[run].wait(10)
        with self.lock:
            self.at_once[run] -= 1
            self.advanced.append(run)


@pytest.fixture
def machine() -> _Machine:
    return _Machine()


@pytest.fixture
def dispatcher(machine: _Machine) -> Iterator[LocalDispatcher]:
    made = LocalDispatcher(machine.advance, threads=3)
    made.start()
    yield made
    for door in machine.doors.values():
        door.set()
    made.stop()


def test_every_woken_run_is_advanced(machine: _Machine, dispatcher: LocalDispatcher) -> None:
    runs = {f"run-{number}" for number in range(50)}
    for run in sorted(runs):
        dispatcher.wake(run)
    wait_until(lambda: set(machine.advanced) == runs, 5, "every run to be advanced")


def test_a_wake_up_during_an_advance_is_not_lost(machine: _Machine, dispatcher: LocalDispatcher) -> None:
    machine.doors["run"] = threading.Event()
    dispatcher.wake("run")
    wait_until(lambda: machine.at_once.get("run"), 5, "the run to be advanced")
    dispatcher.wake("run")
    machine.doors["run"].set()
    wait_until(lambda: machine.advanced == ["run", "run"], 5, "the second advance")
    assert machine.most_at_once == {"run": 1}


def test_a_run_woken_by_its_own_advance_goes_again(machine: _Machine, dispatcher: LocalDispatcher) -> None:
    left = [3]

    def again(run: str) -> None:
        if left[0]:
            left[0] -= 1
            dispatcher.wake(run)

    machine.during = again
    dispatcher.wake("run")
    wait_until(lambda: len(machine.advanced) == 4, 5, "four advances")


def test_a_run_that_takes_long_holds_up_no_other(machine: _Machine, dispatcher: LocalDispatcher) -> None:
    machine.doors["slow"] = threading.Event()
    dispatcher.wake("slow")
    dispatcher.wake("quick")
    wait_until(lambda: machine.advanced == ["quick"], 5, "the quick run")


def test_what_goes_wrong_with_one_run_is_logged_and_stops_no_other(
    machine: _Machine, dispatcher: LocalDispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(run: str) -> None:
        if run == "bad":
            raise ZeroDivisionError

    machine.during = fail
    with caplog.at_level(logging.ERROR):
        for run in ("bad", "good", "bad", "better"):
            dispatcher.wake(run)
        wait_until(lambda: {"good", "better"} <= set(machine.advanced), 5, "the good runs")
        wait_until(lambda: "ZeroDivisionError" in caplog.text, 5, "the log")


def test_stopping_finishes_what_is_being_advanced(machine: _Machine) -> None:
    dispatcher = LocalDispatcher(machine.advance, threads=1)
    dispatcher.start()
    machine.doors["run"] = threading.Event()
    dispatcher.wake("run")
    wait_until(lambda: machine.at_once.get("run"), 5, "the run to be advanced")
    dispatcher.wake("never")
    stopping = threading.Thread(target=dispatcher.stop)
    stopping.start()
    machine.doors["run"].set()
    stopping.join(5)
    assert machine.advanced == ["run"]
