"""Asking a program of this machine for a secret: no shell, nothing on its standard input, bounded time and output."""

from __future__ import annotations

import os
import selectors
import signal
import stat
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from runner.errors import UsageError
from runner.words import N_

SECONDS: Final = 10.0
"""How long a program may take before it is killed with everything it started."""
LONGEST: Final = 64 * 1024
"""Bytes a secret may have."""
_HANDED_ON: Final = ("HOME", "PATH", "CREDENTIALS_DIRECTORY", "XDG_RUNTIME_DIR", "LANG", "LOGNAME", "USER")


def ask_program(argv: Sequence[str], environment: Mapping[str, str], seconds: float = SECONDS) -> bytes:
    """What a program prints; what it says on standard error is not kept, because it may hold the secret.

    Raises:
        UsageError: it cannot be started, anybody may change it, it takes too long, prints too much, or fails.
    """
    _require_guarded(argv[0])
    try:
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={name: environment[name] for name in _HANDED_ON if name in environment},
            start_new_session=True,
        )
    except OSError as error:
        raise UsageError(N_("its program cannot be started: {reason}"), reason=error.strerror or str(error)) from error
    with process:
        try:
            printed = _read(process, time.monotonic() + seconds)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return printed


def _require_guarded(program: str) -> None:
    try:
        found = os.stat(program)  # noqa: PTH116 - the text as it is started
    except OSError as error:
        raise UsageError(N_("its program cannot be started: {reason}"), reason=error.strerror or str(error)) from error
    if found.st_mode & stat.S_IWOTH:
        raise UsageError(N_("anybody may change its program"))


def _read(process: subprocess.Popen[bytes], until: float) -> bytes:
    pipe = process.stdout
    printed = b""
    with selectors.DefaultSelector() as selector:
        while pipe is not None:
            selector.register(pipe, selectors.EVENT_READ)
            ready = selector.select(max(0.0, until - time.monotonic()))
            selector.unregister(pipe)
            if not ready:
                raise UsageError(N_("its program takes too long"))
            piece = os.read(pipe.fileno(), LONGEST)
            printed += piece
            if len(printed) > LONGEST + 1:
                raise UsageError(N_("it is longer than {limit} bytes"), limit=LONGEST)
            if not piece:
                break
    try:
        status = process.wait(max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired as error:
        raise UsageError(N_("its program takes too long")) from error
    if status:
        raise UsageError(N_("its program ended with status {status}"), status=status)
    return printed
