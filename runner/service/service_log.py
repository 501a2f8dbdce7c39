"""What the service writes for whoever looks after it: English lines in `service.log` of the state directory."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from runner.errors import StorageError
from runner.words import N_

_MOST: Final = 5 * 1024 * 1024
_KEPT: Final = 3
_FORM: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@contextmanager
def writing_log(path: Path) -> Iterator[None]:
    """Send every log record of the program to the file for as long as the block lasts.

    Raises:
        StorageError: the file cannot be written.
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600))
        handler = RotatingFileHandler(path, maxBytes=_MOST, backupCount=_KEPT, encoding="utf-8")
    except OSError as error:
        raise StorageError(
            N_("{place}: cannot be written: {reason}"), place=str(path), reason=error.strerror or str(error)
        ) from error
    handler.setFormatter(logging.Formatter(_FORM))
    root = logging.getLogger()
    before, complains = root.level, logging.raiseExceptions
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.raiseExceptions = False  # a full disk must not stop the service for its log
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        yield
    finally:
        logging.raiseExceptions = complains
        root.setLevel(before)
        root.removeHandler(handler)
        handler.close()
