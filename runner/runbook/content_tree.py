"""Where content is read from: the folders of a site, or bytes that were sent.

Paths are relative to the site, with forward slashes. What leads out of the site, and what is no plain file, does not
exist; asking for it says why.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, Protocol

from runner.errors import UsageError
from runner.words import N_

MOST_BYTES: Final = 64 * 1024 * 1024
"""Largest file that is bound."""
_NOT_CONTENT: Final = frozenset({"__pycache__", ".git"})


@dataclass(frozen=True, slots=True)
class Blob:
    """The bytes of a file, and whether it may be executed."""

    data: bytes
    executable: bool = False


class ContentTree(Protocol):
    """Files of a site."""

    def read(self, path: str) -> Blob | None:
        """A file, or None when there is none.

        Raises:
            UsageError: it lies outside the site, is too large or cannot be read.
        """
        ...

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder."""
        ...

    def files(self, folder: str) -> tuple[str, ...]:
        """Every file below a folder, sorted; what Python and git leave behind is not content.

        Raises:
            UsageError: a link below it leads outside the site.
        """
        ...


@dataclass(frozen=True, slots=True)
class FolderTree:
    """Files on disk."""

    root: Path

    def read(self, path: str) -> Blob | None:
        file = self._inside(path)
        try:
            status = file.stat()
            if not stat.S_ISREG(status.st_mode):
                return None
            if status.st_size > MOST_BYTES:
                raise UsageError(
                    N_("{path}: {size} bytes, expected at most {limit}"),
                    path=path,
                    size=status.st_size,
                    limit=MOST_BYTES,
                )
            return Blob(file.read_bytes(), executable=bool(status.st_mode & stat.S_IXUSR))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise UsageError(
                N_("{path}: cannot be read: {why}"), path=path, why=error.strerror or str(error)
            ) from error

    def is_folder(self, path: str) -> bool:
        try:
            return self._inside(path).is_dir()
        except OSError:
            return False

    def files(self, folder: str) -> tuple[str, ...]:
        return tuple(sorted(self._below(folder, frozenset()))) if self.is_folder(folder) else ()

    def _below(self, folder: str, above: frozenset[Path]) -> Iterator[str]:
        real = self._inside(folder).resolve()
        if real in above:
            raise UsageError(N_("{path}: a link that leads back into itself"), path=folder)
        try:
            names = sorted(entry.name for entry in real.iterdir())
        except OSError as error:
            raise UsageError(
                N_("{path}: cannot be read: {why}"), path=folder, why=error.strerror or str(error)
            ) from error
        for name in names:
            path = f"{folder}/{name}"
            if name in _NOT_CONTENT or name.endswith(".pyc"):
                continue
            if self._inside(path).is_dir():
                yield from self._below(path, above | {real})
            else:
                yield path

    def _inside(self, path: str) -> Path:
        file = self.root / path
        try:
            real = file.resolve()
        except (OSError, RuntimeError) as error:
            raise UsageError(N_("{path}: a link that leads nowhere"), path=path) from error
        if not real.is_relative_to(self.root.resolve()):
            raise UsageError(N_("{path}: leads out of the site"), path=path)
        return file


@dataclass(frozen=True, slots=True)
class BlobTree:
    """Files that were sent."""

    blobs: Mapping[str, Blob]

    def read(self, path: str) -> Blob | None:
        return self.blobs.get(path)

    def is_folder(self, path: str) -> bool:
        return any(name.startswith(f"{path}/") for name in self.blobs)

    def files(self, folder: str) -> tuple[str, ...]:
        return tuple(sorted(name for name in self.blobs if name.startswith(f"{folder}/")))


def is_content_path(path: str) -> bool:
    """Whether a path can name content: relative, in its one spelling, without a way out."""
    pure = PurePosixPath(path)
    return str(pure) == path and not pure.is_absolute() and ".." not in pure.parts and path != "."
