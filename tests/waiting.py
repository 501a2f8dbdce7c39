"""Waiting in tests: for a condition with a deadline, and for what ports and processes come to.

This is the only place of the tests that lets time pass. A test says what it waits for, so that a wait in vain names
it. Anything that a test started is ended by the test; `conftest.py` fails a session that leaves a process behind.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

Answer = TypeVar("Answer")

_FIRST_PAUSE = 0.002
_LONGEST_PAUSE = 0.05
_PATIENCE = 4
"""How many times as long a machine may take that is busy with something else as the tests say for a quiet one."""


def wait_until(condition: Callable[[], Answer], seconds: float, what: str) -> Answer:
    """Ask `condition` until it answers something true, and return that answer.

    Args:
        condition: what is asked, at least once.
        seconds: how long to ask on a quiet machine.
        what: what is waited for, in the words of the failure.

    Raises:
        TimeoutError: `condition` stayed false.
    """
    never = threading.Event()
    for pause in _pauses(seconds):
        if answer := condition():
            return answer
        never.wait(pause)
    raise TimeoutError(_in_vain(seconds, what))


async def wait_until_async(condition: Callable[[], Answer], seconds: float, what: str) -> Answer:
    """`wait_until` for a test inside an event loop: the loop goes on between two questions."""
    for pause in _pauses(seconds):
        if answer := condition():
            return answer
        await asyncio.sleep(pause)
    raise TimeoutError(_in_vain(seconds, what))


def free_port() -> int:
    """A TCP port of the loopback address that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_listening(port: int) -> bool:
    """Whether something accepts connections on a TCP port of the loopback address."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_running(pid: int) -> bool:
    """Whether a process exists and has not ended; a zombie has ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def _pauses(seconds: float) -> Iterator[float]:
    """Growing pauses within a deadline, and one of nothing behind it for a last question."""
    deadline = time.monotonic() + seconds * _PATIENCE
    pause = _FIRST_PAUSE
    while (left := deadline - time.monotonic()) > 0:
        yield min(pause, left)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
    yield 0.0


def _in_vain(seconds: float, what: str) -> str:
    return f"waited {seconds * _PATIENCE:g} s in vain for {what}"
