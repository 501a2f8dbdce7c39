"""How an Ansible process of ours lives: get ready, wait at the border, run the playbook, tell its end."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import socket
import sys
import traceback
from types import FrameType
from typing import NoReturn

from runner.engine.ansible_side import session
from runner.engine.ansible_side.border import SOCKET_NAME, Border, Channel, Exit
from runner.engine.ansible_side.talk import Talk, listen

_UMASK = 0o022
"""What plays run with, whoever started the service."""


def main(argv: list[str]) -> NoReturn:
    """Be `ansible-playbook` with these arguments, behind a border."""
    talk = listen()
    status = _run(argv, talk)
    # What the interpreter does at its end; the taking apart of every object after it is left out.
    gc.disable()
    atexit._run_exitfuncs()  # noqa: SLF001 - Python has no other name for it
    _show(talk.unheard())
    os._exit(status)


def _run(argv: list[str], talk: Talk) -> int:
    """Run the playbook and return the exit status of this process; the boundary for whatever goes wrong in it."""
    try:
        border = _reach_driver()
        _settle_process()
        _run_playbook(border, talk, argv)
    except SystemExit as end:
        status = _status(end)
    except Exception:  # noqa: BLE001 - the boundary of the process
        sys.stderr.write(traceback.format_exc())
        status = Exit.BROKEN
    return session.current().end(status) if session.has_begun() else status


def _run_playbook(border: Border, talk: Talk, argv: list[str]) -> NoReturn:
    from runner.engine.ansible_side.cli import run_playbook

    run_playbook(border, talk, argv)


def _reach_driver() -> Border:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(SOCKET_NAME)
    except OSError as error:
        raise SystemExit(Exit.NOT_BEGUN) from error
    return Border(Channel(connection))


def _settle_process() -> None:
    """Make the process independent of who started it.

    The terminal that ansible-runner gives it answers no question, so standard input is nothing. When the driver dies
    the terminal hangs up: that is no reason to break off in the middle of a task. A handler, unlike ignoring, is not
    handed down to the programs that tasks start.
    """
    os.umask(_UMASK)
    signal.signal(signal.SIGHUP, _stay)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def _stay(_number: int, _frame: FrameType | None) -> None:
    """Go on after a hang-up."""


def _status(end: SystemExit) -> int:
    """The exit status of an end; what it says is said as Python would."""
    if end.code is None or isinstance(end.code, int):
        return int(end.code or 0)
    sys.stderr.write(f"{end.code}\n")
    return 1


def _show(text: str) -> None:
    """Write to the terminal that ansible-runner keeps; that it is gone does not matter at the end."""
    try:
        os.write(2, text.encode("utf-8", "replace"))
    except OSError:
        return
