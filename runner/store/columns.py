"""Column types that keep model values out of database types, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import BigInteger, CursorResult, DateTime, Dialect, Integer, String
from sqlalchemy.types import TypeDecorator, TypeEngine

from runner.errors import UsageError
from runner.model.time import instant_from_text, instant_to_text, require_utc
from runner.words import N_

_SQLITE: Final = "sqlite"

BigId = BigInteger().with_variant(Integer(), _SQLITE)
"""Number given by the database; SQLite gives numbers to INTEGER columns only, which hold 64 bits there."""


def given_id(inserted: CursorResult[Any]) -> int:
    """The number the database gave to the row just inserted."""
    key = inserted.inserted_primary_key
    if key is None:
        raise RuntimeError("the statement inserted no row")
    return int(key[0])


class Instant(TypeDecorator[datetime]):
    """An aware instant in UTC; text on SQLite, which has no type for it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime] | TypeEngine[str]:
        return String(27) if dialect.name == _SQLITE else DateTime(timezone=True)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | datetime | None:
        if value is None:
            return None
        require_utc(value)
        return instant_to_text(value) if dialect.name == _SQLITE else value

    def process_result_value(self, value: str | datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's
        if value is None:
            return None
        return instant_from_text(value) if isinstance(value, str) else value.astimezone(UTC)


Word = TypeVar("Word", bound=StrEnum)


class Chosen(TypeDecorator[Word], Generic[Word]):
    """A member of an enum, stored as its value; a value the enum does not know is refused in both directions."""

    impl = String(32)
    cache_ok = True

    def __init__(self, kind: type[Word]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Word | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> Word | None:  # noqa: ARG002 - SQLAlchemy's
        if value is None:
            return None
        try:
            return self.kind(value)
        except ValueError as error:
            raise UsageError(
                N_('database: {kind}: unknown value "{value}"'),
                hint=N_("a newer version wrote it: use that version"),
                kind=self.kind.__name__,
                value=value,
            ) from error
