from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

from runner.engine.process import is_alive, mark_of, own_mark
from tests.waiting import wait_until


def test_this_process_is_alive() -> None:
    assert is_alive(own_mark())
    assert mark_of(os.getpid()) == own_mark()


def test_another_process_that_got_the_number_is_not_meant() -> None:
    assert not is_alive(replace(own_mark(), start=own_mark().start + 1))
    assert not is_alive(replace(own_mark(), boot="another boot"))


def test_a_process_that_ended_is_not_alive_even_before_it_is_reaped() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        mark = mark_of(process.pid)
        assert mark is not None
        assert is_alive(mark)
        process.kill()
        wait_until(lambda: not is_alive(mark), 5, "the zombie to count as dead")
    assert mark_of(process.pid) is None
