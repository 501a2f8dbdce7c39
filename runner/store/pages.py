"""Pages of rows, newest first, each read by an index whatever states are asked for."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, Table, select


def newest_first(
    connection: Connection,
    table: Table,
    place: Column[Any],
    limit: int,
    states: Collection[StrEnum],
    *conditions: ColumnElement[bool],
) -> list[Row[*tuple[Any, ...]]]:
    """The newest rows of a table in any of the states.

    Args:
        connection: where to read.
        table: a table with a column `state`.
        place: column by which rows are newer or older, indexed together with the state.
        limit: how many rows at most.
        states: only these; empty means all.
        conditions: what else must hold.

    NOTE: one query for each state, since a database sorts all rows of several states before it takes the first.
    """
    query = select(table).where(*conditions).order_by(place.desc()).limit(limit)
    if not states:
        return list(connection.execute(query))
    rows = [row for state in states for row in connection.execute(query.where(table.c.state == state))]
    return sorted(rows, key=lambda row: getattr(row, place.name), reverse=True)[:limit]
