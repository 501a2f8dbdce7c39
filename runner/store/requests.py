"""Change requests."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, ScalarSelect, insert, or_, select, update

from runner.errors import NotFoundError, RefusedError
from runner.model.request import Request, RequestRevision, RequestState, StandingTerms
from runner.model.time import Seconds, Window
from runner.store.numbering import take_number
from runner.store.pages import newest_first
from runner.store.tables import request_revisions, requests
from runner.words import N_

SERIES = "BG"
"""First part of a request's number (变更)."""


class RequestStore:
    """Change requests."""

    def __init__(self, connection: Connection, zone: ZoneInfo) -> None:
        self._connection = connection
        self._zone = zone

    def add(self, request: Request) -> Request:
        """Record a new request and give it its number.

        Args:
            request: the request as signed; its number is empty.

        Returns:
            The request with the next number of the year in which it was recorded.
        """
        if request.number:
            raise ValueError("a new request has no number yet")
        numbered = replace(request, number=take_number(self._connection, SERIES, request.at, self._zone))
        self._connection.execute(insert(requests).values(number=numbered.number, **_columns(numbered)))
        return numbered

    def revise(self, request: Request) -> Request:
        """Put the next revision of a rejected request in its place; what was there before is kept.

        Args:
            request: the revision as signed, with the number of the request it revises.

        Returns:
            The request with its revision.

        Raises:
            RefusedError: the request is not one that was rejected.
        """
        old = self.get(request.number)
        if old.state is not RequestState.REJECTED:
            raise RefusedError(
                N_("request {number}: is {state}; only a rejected one is revised"),
                rule="state:not-rejected",
                number=old.number,
                state=old.state.value,
            )
        self._connection.execute(
            insert(request_revisions).values(
                number=old.number,
                revision=old.revision,
                plan=old.plan,
                requester=old.requester,
                reason=old.reason,
                state=old.state,
                at=old.at,
            )
        )
        revised = replace(request, revision=old.revision + 1)
        self._connection.execute(
            update(requests).where(requests.c.number == revised.number).values(**_columns(revised))
        )
        return revised

    def revisions(self, number: str) -> tuple[RequestRevision, ...]:
        """Earlier revisions of a request, newest first."""
        rows = self._connection.execute(
            select(request_revisions)
            .where(request_revisions.c.number == number)
            .order_by(request_revisions.c.revision.desc())
        )
        return tuple(
            RequestRevision(row.number, row.revision, row.plan, row.requester, row.reason, row.state, row.at)
            for row in rows
        )

    def find(self, number: str) -> Request | None:
        """The request of that number."""
        row = self._connection.execute(select(requests).where(requests.c.number == number)).one_or_none()
        return None if row is None else _request(row)

    def find_all(self, numbers: Iterable[str]) -> Mapping[str, Request]:
        """The requests of those numbers that exist, in one look; a page asks for no more than it shows."""
        wanted = sorted(set(numbers))
        rows = self._connection.execute(select(requests).where(requests.c.number.in_(wanted))) if wanted else ()
        return {row.number: _request(row) for row in rows}

    def get(self, number: str) -> Request:
        """The request of that number.

        Raises:
            NotFoundError: there is none.
        """
        if (request := self.find(number)) is None:
            raise no_request(number)
        return request

    def set_state(self, number: str, old: RequestState, new: RequestState) -> None:
        """Move a request on, if it still is where the caller saw it.

        Raises:
            RefusedError: its state has changed meanwhile.
        """
        changed = self._connection.execute(
            update(requests).where(requests.c.number == number, requests.c.state == old).values(state=new)
        ).rowcount
        if not changed:
            raise RefusedError(
                N_("request {number}: is no longer {state}"),
                hint=N_("look at it again before you decide"),
                rule="state:changed-meanwhile",
                number=number,
                state=old.value,
            )

    def page(
        self, limit: int, *, states: Collection[RequestState] = (), before: str | None = None
    ) -> tuple[Request, ...]:
        """Requests newest first.

        Args:
            limit: how many at most.
            states: only these; empty means all.
            before: number of the last row of the page before.
        """
        older = [] if before is None else [requests.c.id < _place(before)]
        rows = newest_first(self._connection, requests, requests.c.id, limit, states, *older)
        return tuple(_request(row) for row in rows)

    def overdue(self, states: Collection[RequestState], now: datetime) -> tuple[Request, ...]:
        """Requests in one of the states whose window has closed, or for which no approval may stand any more."""
        over = or_(requests.c.window_closes <= now, requests.c.standing_until <= now)
        rows = self._connection.execute(
            select(requests).where(requests.c.state.in_(states), over).order_by(requests.c.window_closes, requests.c.id)
        )
        return tuple(_request(row) for row in rows)

    def standing(self, states: Collection[RequestState] = ()) -> tuple[Request, ...]:
        """Requests for standing approvals, what ends first coming first.

        Args:
            states: only these; empty means all.
        """
        wanted = [requests.c.standing_until.is_not(None)]
        if states:
            wanted.append(requests.c.state.in_(states))
        rows = self._connection.execute(
            select(requests).where(*wanted).order_by(requests.c.standing_until, requests.c.id)
        )
        return tuple(_request(row) for row in rows)


def no_request(number: str) -> NotFoundError:
    """There is no request of that number."""
    return NotFoundError(
        N_("request {number}: does not exist"), hint=N_("`twokey change list` shows them all"), number=number
    )


def _place(number: str) -> ScalarSelect[int]:
    return select(requests.c.id).where(requests.c.number == number).scalar_subquery()


def _columns(request: Request) -> dict[str, object]:
    """Everything of a request but its number."""
    return {
        "revision": request.revision,
        "plan": request.plan,
        "content": request.content,
        "runbook": request.runbook_id,
        "title_en": request.title_en,
        "title_zh": request.title_zh,
        "requester": request.requester,
        "reason": request.reason,
        "risk": request.risk,
        "state": request.state,
        "window_opens": request.window.opens if request.window else None,
        "window_closes": request.window.closes if request.window else None,
        "at": request.at,
        "trial": request.trial or None,
        "standing_until": request.standing.until if request.standing else None,
        "standing_runs": request.standing.max_runs if request.standing else None,
    }


def _request(row: Row[*tuple[Any, ...]]) -> Request:
    return Request(
        number=row.number,
        revision=row.revision,
        plan=row.plan,
        content=row.content,
        runbook_id=row.runbook,
        title_en=row.title_en,
        title_zh=row.title_zh,
        requester=row.requester,
        reason=row.reason,
        risk=row.risk,
        state=row.state,
        window=Window(row.window_opens, row.window_closes) if row.window_opens else None,
        at=row.at,
        trial=Seconds(row.trial or 0),
        standing=StandingTerms(row.standing_until, row.standing_runs) if row.standing_until else None,
    )
