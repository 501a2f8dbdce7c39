"""Embedded mode: when no service answers, the first client starts one in the background, as tmux does.

The started process tells through a pipe that it answers, or why it cannot, as the error document the service would
send; nothing is polled. Only the owner of a state directory starts a service on it, and of several clients that come at
once only one.
"""

from __future__ import annotations

import fcntl
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from runner.client.service import Service
from runner.errors import RefusedError, UnreachableError, UsageError
from runner.proof.canonical import parse_strict
from runner.wire.documents import from_document
from runner.wire.errors import ErrorDocument, from_wire
from runner.words import N_

READY: Final = b"ready\n"
"""What a started service writes to the descriptor it was given once it answers."""
_LONGEST_WORD: Final = 64 * 1024
ONE_SERVICE: Final = "state:one-service"
"""Rule by which a service refuses to start beside another."""
_PATIENCE: Final = 60.0
"""Seconds a service has to answer; a large log is looked at first."""
_PATIENCE_WITH_OTHERS: Final = 10.0
"""Seconds another process may hold the state directory without answering."""
_MOMENT: Final = 0.2


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
        RunnerError: what kept the service from starting.
    """
    service = find_service(socket)
    if service is not None:
        return service
    if not start:
        raise UnreachableError(
            N_("service at {socket}: no answer"), hint=N_("start it with: twokey serve"), socket=str(socket)
        )
    _require_own(state)
    with _alone(state):
        service = find_service(socket)
        return service or _started(site, state, socket)


def _started(site: Path, state: Path, socket: Path) -> Service:
    """A service that was started, or that another process was starting; one that is about to end is outlasted."""
    give_up = time.monotonic() + _PATIENCE_WITH_OTHERS
    while True:
        try:
            _require_ready(_start(site, state), state)
        except RefusedError as error:
            if error.rule != ONE_SERVICE or time.monotonic() > give_up:
                raise
            time.sleep(_MOMENT)  # noqa: TID251 - another process holds the state; nothing tells when it answers or ends
        service = find_service(socket)
        if service is not None:
            return service
        if time.monotonic() > give_up:
            raise _not_started(state, "-")


def find_service(socket: Path) -> Service | None:
    """The service that answers at a socket, under the session kept for it; None when none does."""
    if not _is_there(socket):
        return None
    service = Service(socket)
    try:
        service.door.resume(service.status().origin)
    except UnreachableError:
        service.close()
        return None
    except BaseException:
        service.close()
        raise
    return service


def _is_there(socket: Path) -> bool:
    try:
        return socket.exists()
    except OSError:
        return False  # a folder of somebody else; whoever goes on finds out why


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
        raise _unusable(state, error) from error
    if owner != os.geteuid():
        raise UsageError(
            N_("state directory {state}: it belongs to another user"),
            hint=N_("only its owner starts a service on it; name your own with --state DIR"),
            state=str(state),
        )


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Be the one client that starts a service; others wait until it answers."""
    try:
        descriptor = os.open(state / "starting", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(state, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _start(site: Path, state: Path) -> bytes:
    """Start a service and wait until it answers or gives up; what it said."""
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "runner.cli.main", "--site", str(site), "--state", str(state)]
    command += ["serve", "--embedded", "--ready-fd", str(writing)]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=writing,
            pass_fds=(writing,),
            start_new_session=True,
            cwd="/",
        )
    except OSError as error:
        os.close(reading)
        raise _not_started(state, error.strerror or str(error)) from error
    finally:
        os.close(writing)
    threading.Thread(target=process.wait, name="service", daemon=True).start()
    with os.fdopen(reading, "rb") as pipe:
        return _said(pipe.fileno())


def _said(pipe: int) -> bytes:
    """What a starting service says until it is ready, ends, or takes too long."""
    said = b""
    give_up = time.monotonic() + _PATIENCE
    while not said.endswith(READY) and len(said) < _LONGEST_WORD:
        if not select.select([pipe], [], [], max(0.0, give_up - time.monotonic()))[0]:
            break
        part = os.read(pipe, 4096)
        if not part:
            break
        said += part
    return said


def _require_ready(said: bytes, state: Path) -> None:
    """Raise what kept a service from starting."""
    if said.endswith(READY):
        return
    lines = said.decode(errors="replace").strip().splitlines()
    try:
        document = parse_strict(lines[-1].encode()) if lines else None
        error = from_wire(from_document(ErrorDocument, document)) if isinstance(document, dict) else None
    except UsageError:
        error = None
    raise error or _not_started(state, lines[-1] if lines else "-")


def _not_started(state: Path, reason: str) -> UnreachableError:
    return UnreachableError(
        N_("service: it could not be started: {reason}"),
        hint=N_("its log is {log}"),
        reason=reason,
        log=str(state / "service.log"),
    )


def _unusable(state: Path, error: OSError) -> UsageError:
    return UsageError(N_("state directory {state}: {reason}"), state=str(state), reason=error.strerror or str(error))
