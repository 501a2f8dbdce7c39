"""The wire encoding of SSH (RFC 4251 section 5): strict reading and writing of its strings and numbers."""

from __future__ import annotations

import re

from runner.errors import UsageError
from runner.words import N_

_PRINTABLE = re.compile(rb"[!-~]*")


class WireReader:
    """Reads one SSH structure from beginning to end; every length is checked against what is left.

    Raises:
        UsageError: the class given to the constructor, when the structure is cut short, too long or misspelt.
    """

    def __init__(self, data: bytes, error: type[UsageError]) -> None:
        self._data = data
        self._at = 0
        self._error = error

    def raw(self, count: int) -> bytes:
        """The next bytes."""
        if count > len(self._data) - self._at:
            raise self._error(
                N_("SSH encoding: cut short at byte {position}: got {got} bytes, expected {expected}"),
                position=self._at,
                got=len(self._data) - self._at,
                expected=count,
            )
        self._at += count
        return self._data[self._at - count : self._at]

    def byte(self) -> int:
        """One byte as a number."""
        return self.raw(1)[0]

    def uint32(self) -> int:
        """Four bytes, big endian."""
        return int.from_bytes(self.raw(4), "big")

    def string(self) -> bytes:
        """Bytes with their length before them."""
        return self.raw(self.uint32())

    def text(self) -> str:
        """A string of printable ASCII."""
        data = self.string()
        if not _PRINTABLE.fullmatch(data):
            raise self._error(N_("SSH encoding: expected printable ASCII before byte {position}"), position=self._at)
        return data.decode("ascii")

    def positive(self) -> int:
        """A multiple precision integer above zero in its shortest form."""
        data = self.string()
        number = int.from_bytes(data, "big", signed=True)
        if number <= 0 or data != number.to_bytes(number.bit_length() // 8 + 1, "big"):
            raise self._error(
                N_("SSH encoding: expected a positive number in its shortest form before byte {position}"),
                position=self._at,
            )
        return number

    def end(self) -> None:
        """Refuse anything left over."""
        if self._at != len(self._data):
            raise self._error(
                N_("SSH encoding: {got} bytes too many after byte {position}"),
                got=len(self._data) - self._at,
                position=self._at,
            )


def wire_string(data: bytes) -> bytes:
    """Bytes with their length before them."""
    return len(data).to_bytes(4, "big") + data
