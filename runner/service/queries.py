"""Query parameters that several routes share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from runner.wire.api import DEFAULT_PAGE, MAX_PAGE

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]
"""Rows of a page."""
USUAL_LIMIT = DEFAULT_PAGE
Before = Annotated[str | None, Query(max_length=120)]
"""Where the page before ended."""
Name = Annotated[str, Query(max_length=120)]
"""A name that narrows a list; empty: it does not."""
