"""Named points at which a test kills the process, to prove that nothing is lost or done twice."""

from __future__ import annotations

import os
import signal

_ENVIRONMENT = "TWOKEY_CRASH_AT"
"""`NAME` or `NAME:COUNT`: die at the point of that name, or when it is passed for the COUNTth time."""

_name, _, _count = os.environ.get(_ENVIRONMENT, "").partition(":")
_passes_left = int(_count) if _count.isdigit() else 1

POINTS = (
    "intent_committed",
    "order_written",
    "shim_started",
    "begin_sent",
    "begun_recorded",
    "first_event",
    "mid_import",
    "last_event",
    "result_seen",
    "result_committed",
    "transition_committed",
    "before_lock_release",
)
"""Every point between the record that an attempt begins and the end of its run."""


def crash_point(name: str) -> None:
    """Die here, as by `kill -9`, when the environment asks for it; else do nothing."""
    global _passes_left  # noqa: PLW0603 - how often one process passed the point it is to die at
    if name != _name:
        return
    _passes_left -= 1
    if _passes_left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
