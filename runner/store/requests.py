"""Change requests, and the approvals over their plans."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, ScalarSelect, insert, select, update
from sqlalchemy.exc import IntegrityError

from runner.errors import NotFoundError, RefusedError
from runner.model.request import Approval, Request, RequestState
from runner.model.time import Window
from runner.store.numbering import take_number
from runner.store.tables import approvals, requests
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
        self._connection.execute(
            insert(requests).values(
                number=numbered.number,
                revision=numbered.revision,
                plan=numbered.plan,
                content=numbered.content,
                runbook=numbered.runbook_id,
                title_en=numbered.title_en,
                title_zh=numbered.title_zh,
                requester=numbered.requester,
                reason=numbered.reason,
                risk=numbered.risk,
                state=numbered.state,
                window_opens=numbered.window.opens if numbered.window else None,
                window_closes=numbered.window.closes if numbered.window else None,
                at=numbered.at,
            )
        )
        return numbered

    def find(self, number: str) -> Request | None:
        """The request of that number."""
        row = self._connection.execute(select(requests).where(requests.c.number == number)).one_or_none()
        return None if row is None else _request(row)

    def get(self, number: str) -> Request:
        """The request of that number.

        Raises:
            NotFoundError: there is none.
        """
        if (request := self.find(number)) is None:
            raise NotFoundError(N_("request {number}: does not exist"), number=number)
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
        query = select(requests)
        if states:
            query = query.where(requests.c.state.in_(states))
        if before is not None:
            query = query.where(requests.c.id < _place(before))
        rows = self._connection.execute(query.order_by(requests.c.id.desc()).limit(limit))
        return tuple(_request(row) for row in rows)

    def overdue(self, states: Collection[RequestState], now: datetime) -> tuple[Request, ...]:
        """Requests in one of the states whose window has closed."""
        rows = self._connection.execute(
            select(requests)
            .where(requests.c.state.in_(states), requests.c.window_closes <= now)
            .order_by(requests.c.window_closes)
        )
        return tuple(_request(row) for row in rows)


class ApprovalStore:
    """Approvals, each good for a number of runs of one plan."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, approval: Approval) -> None:
        """Record an approval.

        Raises:
            RefusedError: this person has approved this plan for this request before.
        """
        try:
            self._connection.execute(
                insert(approvals).values(
                    request=approval.request,
                    plan=approval.plan,
                    approver=approval.approver,
                    statement=approval.statement,
                    not_before=approval.not_before,
                    not_after=approval.not_after,
                    max_runs=approval.max_runs,
                    used=approval.used,
                )
            )
        except IntegrityError as error:
            raise RefusedError(
                N_("request {request}: {approver} has approved it before"),
                rule="L2:approved-before",
                request=approval.request,
                approver=approval.approver,
            ) from error

    def of(self, request: str) -> tuple[Approval, ...]:
        """The approvals of a request, oldest first."""
        rows = self._connection.execute(
            select(approvals).where(approvals.c.request == request).order_by(approvals.c.id)
        )
        return tuple(_approval(row) for row in rows)

    def consume(self, request: str, plan: str, now: datetime) -> tuple[Approval, ...]:
        """Use every approval of this plan once more, or none of them (L4).

        Returns:
            The approvals as they are after this use.

        Raises:
            RefusedError: there is none, or one of them is used up, not yet valid or no longer valid.
        """
        mine = (approvals.c.request == request) & (approvals.c.plan == plan)
        held = self._connection.execute(select(approvals.c.id).where(mine)).scalars().all()
        used = self._connection.execute(
            update(approvals)
            .where(
                mine,
                approvals.c.used < approvals.c.max_runs,
                approvals.c.not_before <= now,
                approvals.c.not_after > now,
            )
            .values(used=approvals.c.used + 1)
        ).rowcount
        if not held or used != len(held):
            raise self._unusable(request, plan, now)
        return tuple(approval for approval in self.of(request) if approval.plan == plan)

    def _unusable(self, request: str, plan: str, now: datetime) -> RefusedError:
        """Why the approvals of a plan cannot be used; the caller's transaction is undone by this error."""
        found = [approval for approval in self.of(request) if approval.plan == plan]
        if not found:
            return RefusedError(
                N_("request {request}: nobody has approved this plan"),
                rule="L4:not-approved",
                request=request,
                plan=plan,
            )
        early = next((approval for approval in found if now < approval.not_before), None)
        if early is not None:
            return RefusedError(
                N_("request {request}: the approval of {approver} is valid from {not_before}"),
                rule="L4:not-yet-valid",
                request=request,
                approver=early.approver,
                not_before=early.not_before.isoformat(),
            )
        late = next((approval for approval in found if now >= approval.not_after), None)
        if late is not None:
            return RefusedError(
                N_("request {request}: the approval of {approver} was valid until {not_after}"),
                rule="L4:no-longer-valid",
                request=request,
                approver=late.approver,
                not_after=late.not_after.isoformat(),
            )
        return RefusedError(
            N_("request {request}: every run the approval of {approver} allows has been used"),
            rule="L4:used-up",
            request=request,
            approver=found[0].approver,
        )


def _place(number: str) -> ScalarSelect[int]:
    return select(requests.c.id).where(requests.c.number == number).scalar_subquery()


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
    )


def _approval(row: Row[*tuple[Any, ...]]) -> Approval:
    return Approval(
        request=row.request,
        plan=row.plan,
        approver=row.approver,
        statement=row.statement,
        not_before=row.not_before,
        not_after=row.not_after,
        max_runs=row.max_runs,
        used=row.used,
    )
