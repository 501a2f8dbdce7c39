"""The archive an evidence bundle is: a plain tar file with exactly one spelling.

The names, their order, and every byte between their contents follow from the contents; so a reader needs no tolerance,
and nothing can be hidden in what a tolerant one would skip. Nothing is compressed: an archive is never larger than it
looks.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from runner.audit.steps import StepError
from runner.words import N_

BLOCK: Final = 512
RECORD: Final = 20 * BLOCK
"""A tar file is padded to whole records."""
_CHUNK: Final = 1024 * 1024
_NAME: Final = slice(0, 100)
_SIZE: Final = slice(124, 136)


class ArchiveWriter:
    """Writes members one after the other."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._written = 0

    def add(self, name: str, data: bytes) -> None:
        """Write a member whole."""
        self.add_from(name, io.BytesIO(data), len(data))

    def add_from(self, name: str, source: IO[bytes], size: int) -> None:
        """Write a member of `size` bytes from where `source` stands."""
        self._write(header(name, size))
        left = size
        while left:
            chunk = source.read(min(left, _CHUNK))
            if not chunk:
                raise EOFError(name)
            self._write(chunk)
            left -= len(chunk)
        self._write(b"\0" * (-size % BLOCK))

    def finish(self) -> None:
        """Write the end of the archive."""
        self._write(b"\0" * (2 * BLOCK))
        self._write(b"\0" * (-self._written % RECORD))

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self._written += len(data)


@dataclass(frozen=True, slots=True)
class Member:
    """Where the contents of a member lie."""

    name: str
    offset: int
    size: int


class ArchiveReader:
    """Reads members one after the other; what is not spelt as `ArchiveWriter` spells it fails step B1."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._place = 0

    def member(self, name: str) -> Member:
        """The next member, which must have this name.

        Raises:
            StepError: it has another name, or another form.
        """
        self._source.seek(self._place)
        found = self._source.read(BLOCK)
        size = _octal(found[_SIZE])
        if len(found) != BLOCK or size is None or found != header(name, size):
            got = found[_NAME].rstrip(b"\0").decode(errors="replace")
            raise StepError(N_("archive: got {got}, expected {expected}"), step="B1", got=got or "-", expected=name)
        member = Member(name, self._place + BLOCK, size)
        self._place = member.offset + size + -size % BLOCK
        self._source.seek(member.offset + size)
        padding = self._source.read(-size % BLOCK)
        if len(padding) != -size % BLOCK or any(padding):
            raise StepError(N_("archive: {name} is cut short, or something lies behind it"), step="B1", name=name)
        return member

    def read(self, member: Member, limit: int) -> bytes:
        """The contents of a member.

        Raises:
            StepError: they are longer than `limit`.
        """
        if member.size > limit:
            raise StepError(N_("archive: {name} is too long"), step="B1", name=member.name)
        self._source.seek(member.offset)
        return self._source.read(member.size)

    def lines(self, member: Member, limit: int) -> Iterator[bytes]:
        """The lines of a member without their newlines; several members may be read side by side.

        Raises:
            StepError: a line is longer than `limit`, or the last has no newline.
        """
        place, end = member.offset, member.offset + member.size
        while place < end:
            self._source.seek(place)
            line = self._source.readline(min(limit + 1, end - place))
            if not line.endswith(b"\n"):
                raise StepError(
                    N_("archive: {name} has a line that is too long or not ended"), step="B1", name=member.name
                )
            place += len(line)
            yield line[:-1]

    def finish(self) -> None:
        """Read the end of the archive.

        Raises:
            StepError: there is more, or less.
        """
        self._source.seek(self._place)
        ending = 2 * BLOCK + -(self._place + 2 * BLOCK) % RECORD
        found = self._source.read(ending + 1)
        if len(found) != ending or any(found):
            got = found[_NAME].rstrip(b"\0").decode(errors="replace")
            raise StepError(N_("archive: got {got}, expected its end"), step="B1", got=got or "-")


def header(name: str, size: int) -> bytes:
    """The one header of a member of that name and size."""
    member = tarfile.TarInfo(name)
    member.size = size
    member.mode = 0o644
    return member.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict")


def _octal(digits: bytes) -> int | None:
    try:
        return int(digits.rstrip(b"\0 "), 8)
    except ValueError:
        return None
