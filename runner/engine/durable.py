"""Files that survive a power failure: written beside, synced, renamed; and room reserved for what must not be lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from runner.errors import StorageError
from runner.words import N_

_PRIVATE = 0o600


def write_durably(path: Path, data: bytes, mode: int = _PRIVATE) -> None:
    """Write a file beside, sync it, rename it into place, and sync the folder.

    Raises:
        StorageError: the file system does not take it; nothing of the file is left.
    """
    beside = path.with_name(f".{path.name}.new")
    with _told_as(path):
        try:
            with _created(beside, mode) as descriptor:
                write_all(descriptor, data)
                os.fsync(descriptor)
            beside.rename(path)
        except OSError:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def create_mark(path: Path) -> None:
    """Create an empty file that must not exist yet, durably.

    Raises:
        StorageError: it exists, or the file system does not take it.
    """
    with _told_as(path):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE))
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make what was created, renamed or removed in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte, however many calls the kernel makes of it."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


class Reserve:
    """Room on disk taken beforehand, so that a full disk cannot lose what will be written into it."""

    def __init__(self, path: Path, size: int) -> None:
        """Take `size` bytes for the file that will stand at `path`.

        Raises:
            StorageError: there is no room.
        """
        self._path = path
        self._beside = path.with_name(f".{path.name}.reserve")
        self.size = size
        """Bytes that are certain to fit."""
        with _told_as(path):
            try:
                with _created(self._beside, _PRIVATE) as descriptor:
                    os.posix_fallocate(descriptor, 0, size)
                    os.fsync(descriptor)
                sync_folder(path.parent)
            except OSError:
                self.release()
                raise

    def grow(self, size: int) -> None:
        """Take more room.

        Raises:
            StorageError: there is no more.
        """
        with _told_as(self._path):
            descriptor = os.open(self._beside, os.O_WRONLY | os.O_CLOEXEC)
            try:
                os.posix_fallocate(descriptor, 0, size)
            finally:
                os.close(descriptor)
        self.size = size

    def commit(self, data: bytes) -> None:
        """Write the file into its room and rename it into place, durably.

        Raises:
            StorageError: `data` is larger than the room and the disk has no more, or the disk fails.
        """
        with _told_as(self._path):
            descriptor = os.open(self._beside, os.O_WRONLY | os.O_CLOEXEC)
            try:
                write_all(descriptor, data)
                os.ftruncate(descriptor, len(data))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            self._beside.rename(self._path)
            sync_folder(self._path.parent)

    def release(self) -> None:
        """Give the room back."""
        with suppress(OSError):
            self._beside.unlink(missing_ok=True)


@contextmanager
def _created(path: Path, mode: int) -> Iterator[int]:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _told_as(path: Path) -> Iterator[None]:
    """Tell a failure of the file system in our words, once."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            N_("{path}: cannot be written: {reason}"),
            hint=N_("free some room or mend the file system that holds {path}"),
            path=str(path),
            reason=error.strerror or str(error),
        ) from error
