"""Approvals over plans, and their use."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from runner.errors import RefusedError
from runner.model.request import Approval
from runner.store.tables import approvals
from runner.words import N_


class ApprovalStore:
    """Approvals, each good for a number of runs of one plan."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, approval: Approval) -> None:
        """Record an approval; it takes the place of one that the same person gave under another policy.

        Raises:
            RefusedError: this person has approved this plan for this request before.
        """
        values = {name: getattr(approval, name) for name in _COLUMNS}
        earlier = (
            approvals.c.request == approval.request,
            approvals.c.plan == approval.plan,
            approvals.c.approver == approval.approver,
            func.coalesce(approvals.c.policy, "") != approval.policy,
        )
        try:
            if self._connection.execute(update(approvals).where(*earlier).values(**values)).rowcount == 0:
                self._connection.execute(insert(approvals).values(**values))
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

    def consume(self, request: str, plan: str, now: datetime, policy: str) -> tuple[Approval, ...]:
        """Use every approval of this plan under this policy once more, or none of them (L4).

        Args:
            request: what is started.
            plan: its plan.
            now: the present.
            policy: digest of the policy in force; approvals under another are left alone.

        Returns:
            The approvals as they are after this use.

        Raises:
            RefusedError: there is none, or one of them is used up, not yet valid or no longer valid.
        """
        mine = (
            (approvals.c.request == request)
            & (approvals.c.plan == plan)
            & (func.coalesce(approvals.c.policy, "") == policy)
        )
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
            raise self._unusable(request, plan, now, policy)
        return self._of_plan(request, plan, policy)

    def _of_plan(self, request: str, plan: str, policy: str) -> tuple[Approval, ...]:
        return tuple(each for each in self.of(request) if each.plan == plan and each.policy == policy)

    def _unusable(self, request: str, plan: str, now: datetime, policy: str) -> RefusedError:
        """Why the approvals of a plan cannot be used; the caller's transaction is undone by this error."""
        found = self._of_plan(request, plan, policy)
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
        policy=row.policy or "",
    )


_COLUMNS = ("request", "plan", "approver", "statement", "not_before", "not_after", "max_runs", "used", "policy")
