"""Step 2.10 of the procedure: a run under a standing approval has the two signatures and the use left that it needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from runner.audit.steps import StepError
from runner.model.document import JsonObject, JsonValue
from runner.model.people import Register, Standing
from runner.model.statement import Statement, StatementKind
from runner.words import N_

CLOCKS_APART: Final = timedelta(minutes=10)
"""How far the time a signer claims may lie from the service's, and so from the bounds of an approval."""
_ENDING: Final = frozenset({StatementKind.REVOKE, StatementKind.REJECT, StatementKind.WITHDRAW})

_Subject = tuple[str, str]
"""Number and revision of a request."""


@dataclass(slots=True)
class _Approved:
    """What was signed about one revision of a request so far."""

    approvals: list[Statement] = field(default_factory=list)
    starts: int = 0
    is_over: bool = False


class StandingBook:
    """Requests for standing approvals, their approvals, the starts under them and their ends, in the order recorded."""

    def __init__(self) -> None:
        self._requested: dict[str, list[Statement]] = {}
        """By plan digest."""
        self._approved: dict[_Subject, _Approved] = {}

    def look(self, id: str, statement: Statement, register: Register) -> None:
        """Take the next statement in.

        Args:
            id: of the statement.
            statement: a good one.
            register: everyone, as the statements before it have made it.

        Raises:
            StepError: it starts a run that no standing approval allows.
        """
        content = statement.content
        if statement.kind is StatementKind.REQUEST and "standing" in content:
            self._requested.setdefault(statement.subject, []).append(statement)
        elif statement.kind is StatementKind.APPROVE and "standing" in content:
            self._of(content).approvals.append(statement)
        elif statement.kind in _ENDING:
            self._of(content).is_over = True
        elif statement.kind is StatementKind.START and "standing" in content:
            reason = self._reason(statement, register)
            if reason:
                raise StepError(
                    N_("statement {statement}: it starts a run that no standing approval allows ({reason})"),
                    step="2.10",
                    statement=id,
                    reason=reason,
                )
            self._of(content).starts += 1

    def _of(self, content: JsonObject) -> _Approved:
        return self._approved.setdefault((str(content.get("request")), str(content.get("revision"))), _Approved())

    def _reason(self, start: Statement, register: Register) -> str:
        """Why a start is not allowed; empty when it is."""
        known = self._of(start.content)
        approvals = [each for each in known.approvals if _same(each.content, start.content, "plan", "standing")]
        if not approvals:
            return "not approved"
        if known.is_over:
            return "revoked"
        for approval in approvals:
            if reason := self._unsound(approval, start, register):
                return reason
        return "used up" if known.starts >= min(_runs(each.content.get("max_runs")) for each in approvals) else ""

    def _unsound(self, approval: Statement, start: Statement, register: Register) -> str:
        """What is wrong with one of the approvals."""
        content = approval.content
        requester = str(content.get("requester"))
        plan = str(content.get("plan"))
        asked = any(
            each.person == requester and each.key != approval.key and _same(each.content, content, "plan", "standing")
            for each in self._requested.get(plan, ())
        )
        if not asked or requester == approval.person:
            return "not two people"
        if start.person == approval.person:
            return "started by its approver"
        if not all(_is_active(register, name) for name in (requester, approval.person)):
            return "lapsed"
        begins, ends = _instant(content.get("not_before")), _instant(content.get("not_after"))
        if begins is None or ends is None or not begins - CLOCKS_APART <= start.at < ends + CLOCKS_APART:
            return "not valid then"
        return ""


def _same(one: JsonObject, other: JsonObject, *names: str) -> bool:
    return all(one.get(name) == other.get(name) for name in names)


def _is_active(register: Register, name: str) -> bool:
    person = register.people.get(name)
    return person is not None and person.standing is Standing.ACTIVE


def _runs(value: JsonValue) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _instant(value: JsonValue) -> datetime | None:
    try:
        instant = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else None
