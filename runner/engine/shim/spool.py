"""Reading a spool: the events of one attempt as JSON lines, appended by the process that carries it out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from runner.errors import VerificationError
from runner.model.document import JsonObject
from runner.words import N_

_PIECE = 1024 * 1024
"""Bytes read at a time, so that a large output does not fill memory."""
_LONGEST_LINE = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SpoolEvent:
    """One event with its number and its size on disk."""

    number: int
    body: JsonObject
    size: int


class SpoolReader:
    """Reads events in order, from wherever the last read ended; a torn last line is left for the next read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._number = 0

    @property
    def number(self) -> int:
        """Number of the last event read."""
        return self._number

    def mark(self) -> tuple[int, int]:
        """Where it stands, for `return_to`."""
        return self._offset, self._number

    def return_to(self, mark: tuple[int, int]) -> None:
        """Read on from where it stood before."""
        self._offset, self._number = mark

    def skip_to(self, number: int) -> None:
        """Read on behind that event; where the spool does not reach that far, its end is as far as it goes."""
        for piece in self._pieces():
            for line in piece:
                if self._number >= number:
                    return
                self._pass_over(line)

    def read(self, most: int, most_bytes: int = _PIECE) -> list[SpoolEvent]:
        """The next events.

        Args:
            most: how many at most.
            most_bytes: stop behind the event that reaches this size on disk.

        Raises:
            VerificationError: a line is not the event that should follow.
        """
        events: list[SpoolEvent] = []
        size = 0
        for piece in self._pieces():
            for line in piece:
                if len(events) >= most or size >= most_bytes:
                    return events
                events.append(self._event(line))
                size += len(line)
                self._pass_over(line)
        return events

    def _pieces(self) -> Iterator[list[bytes]]:
        """Whole lines from the present offset on, a piece at a time."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        with os.fdopen(descriptor, "rb", buffering=0) as stream:
            stream.seek(self._offset)
            rest = b""
            while data := stream.read(_PIECE):
                *lines, rest = (rest + data).split(b"\n")
                if lines:
                    yield lines
                elif len(rest) > _LONGEST_LINE:
                    raise self._broken()

    def _pass_over(self, line: bytes) -> None:
        self._offset += len(line) + 1
        self._number += 1

    def _event(self, line: bytes) -> SpoolEvent:
        try:
            body = json.loads(line)
        except ValueError as error:
            raise self._broken() from error
        if not isinstance(body, dict) or body.get("seq") != self._number + 1:
            raise self._broken()
        return SpoolEvent(self._number + 1, cast("JsonObject", body), len(line) + 1)

    def _broken(self) -> VerificationError:
        return VerificationError(
            N_("{path}: event {number}: is not the event that should follow"),
            hint=N_("find out who touched the state folder; the attempt's end counts as not seen"),
            path=str(self._path),
            number=self._number + 1,
        )
