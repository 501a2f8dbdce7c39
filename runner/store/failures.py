"""Foreign errors of database and file system, turned once into `StorageError` with place and next step."""

from __future__ import annotations

import errno
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from runner.errors import StorageError
from runner.words import N_

_FULL: Final = (
    N_("{place}: no space left"),
    N_("make room on that file system, then try again; nothing was half recorded"),
)
_READ_ONLY: Final = (
    N_("{place}: cannot be written"),
    N_("check that the file system is not read-only and that the file belongs to you"),
)
_DAMAGED: Final = (
    N_("{place}: is damaged, or is not a database"),
    N_("stop the service, keep the file as it is, and bring back the last backup"),
)
_BUSY: Final = (N_("{place}: another process is holding it"), N_("see which process uses the state directory"))
_UNREADABLE: Final = (N_("{place}: cannot be opened"), N_("check that the folder exists and belongs to you"))
_DEVICE: Final = (N_("{place}: reading or writing failed"), N_("check the disk; the system's own log says more"))

_BY_NAME: Final = {
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_PERM": _READ_ONLY,
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_NOTADB": _DAMAGED,
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_CANTOPEN": _UNREADABLE,
    "SQLITE_IOERR": _DEVICE,
}
_BY_ERRNO: Final = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _UNREADABLE,
    errno.EPERM: _READ_ONLY,
    errno.ENOENT: _UNREADABLE,
    errno.ENOTDIR: _UNREADABLE,
}


@contextmanager
def database_errors(place: str) -> Iterator[None]:
    """Turn what the database raises inside into `StorageError`.

    Raises:
        StorageError: names the place and the next step.
    """
    try:
        yield
    except SQLAlchemyError as error:
        raise _of_database(error, place) from error


@contextmanager
def file_errors(place: Path) -> Iterator[None]:
    """Turn what the file system raises inside into `StorageError`.

    Raises:
        StorageError: names the place and the next step.
    """
    try:
        yield
    except OSError as error:
        message, hint = _BY_ERRNO.get(error.errno or 0, _DEVICE)
        raise StorageError(message, hint=hint, place=str(place), reason=str(error)) from error


def require_own(path: Path, user: int) -> None:
    """Refuse a file or folder that belongs to somebody else: writing there would lock its owner out.

    Raises:
        StorageError: it does not exist, or has another owner.
    """
    with file_errors(path):
        owner = path.stat().st_uid
    if owner != user:
        raise StorageError(
            N_("{place}: belongs to {owner}"),
            hint=N_("run this as {owner}, or choose another state directory with --state"),
            place=str(path),
            owner=_user_name(owner),
        )


def _of_database(error: SQLAlchemyError, place: str) -> StorageError:
    orig = error.orig if isinstance(error, DBAPIError) else None
    name = str(getattr(orig, "sqlite_errorname", ""))
    for known, (message, hint) in _BY_NAME.items():
        if name.startswith(known):
            return StorageError(message, hint=hint, place=place, reason=str(orig))
    return StorageError(N_("{place}: {reason}"), place=place, reason=str(orig or error))


def _user_name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
