"""Query parameters that several routes share."""

from __future__ import annotations

from typing import Annotated, TypeVar

from fastapi import Query

from runner.wire.api import DEFAULT_PAGE, MAX_PAGE

Row = TypeVar("Row")
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]
"""Rows of a page."""
USUAL_LIMIT = DEFAULT_PAGE
Before = Annotated[str | None, Query(max_length=120)]
"""Where the page before ended."""
Name = Annotated[str, Query(max_length=120)]
"""A name that narrows a list; empty: it does not."""


def split_page(rows: tuple[Row, ...], limit: int) -> tuple[tuple[Row, ...], Row | None]:
    """A page out of one row more than it holds: its rows, and its last row if others follow it."""
    return rows[:limit], rows[limit - 1] if len(rows) > limit else None
