"""Embedded mode: when no service answers, the first client starts one in the background, as tmux does.

The started process tells through a pipe that it answers, or why it cannot; nothing is polled. Only the owner of a
state directory starts a service on it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from runner.client.service import Service
from runner.errors import UnreachableError, UsageError
from runner.words import N_

READY: Final = b"ready\n"
"""What a started service writes to the descriptor it was given once it answers."""
_LONGEST_WORD: Final = 64 * 1024


def connect(site: Path, state: Path, socket: Path, *, start: bool = True) -> Service:
    """A service that answers; one is started when none does.

    Args:
        site: folder of the site.
        state: its state directory.
        socket: where its service listens.
        start: whether to start one.

    Raises:
        UnreachableError: none answers, and none could be started.
        UsageError: the state directory is missing or belongs to somebody else.
    """
    service = find_service(socket)
    if service is not None:
        return service
    if not start:
        raise UnreachableError(
            N_("service at {socket}: no answer"), hint=N_("start it with: twokey serve"), socket=str(socket)
        )
    _require_own(state)
    said = _start(site, state)
    service = find_service(socket)
    if service is None:
        raise UnreachableError(
            N_("service: it could not be started: {reason}"),
            hint=N_("its log is {log}"),
            reason=said or "-",
            log=str(state / "service.log"),
        )
    return service


def find_service(socket: Path) -> Service | None:
    """The service that answers at a socket; None when none does."""
    if not socket.exists():
        return None
    service = Service(socket)
    try:
        service.status()
    except UnreachableError:
        service.close()
        return None
    return service


def _require_own(state: Path) -> None:
    try:
        owner = state.stat().st_uid
    except FileNotFoundError:
        raise UsageError(
            N_("state directory {state}: there is none"),
            hint=N_("found the site first: twokey init DIR --admin NAME=KEY.pub --admin NAME=KEY.pub"),
            state=str(state),
        ) from None
    except OSError as error:
        raise UsageError(
            N_("state directory {state}: {reason}"), state=str(state), reason=error.strerror or str(error)
        ) from error
    if owner != os.geteuid():
        raise UsageError(
            N_("state directory {state}: it belongs to another user"),
            hint=N_("only its owner starts a service on it; name your own with --state DIR"),
            state=str(state),
        )


def _start(site: Path, state: Path) -> str:
    """Start a service and wait until it answers or gives up; what it said last."""
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "runner.cli.main", "--site", str(site), "--state", str(state)]
    command += ["serve", "--embedded", "--ready-fd", str(writing)]
    try:
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=writing,
            pass_fds=(writing,),
            start_new_session=True,
            cwd="/",
        )
    finally:
        os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = b""
        while not said.endswith(READY) and len(said) < _LONGEST_WORD:
            part = os.read(pipe.fileno(), 4096)
            if not part:
                break
            said += part
    lines = said.decode(errors="replace").removesuffix(READY.decode()).strip().splitlines()
    return lines[0].removeprefix("twokey: ") if lines else ""
