"""What a statement says about a run that has ended, read from its content."""

from __future__ import annotations

from runner.engine.desk.case import Case
from runner.errors import NotFoundError, RefusedError, UsageError
from runner.model.request import RequestState
from runner.model.run import RunRecord
from runner.words import N_

_GONE = frozenset({RequestState.REJECTED, RequestState.WITHDRAWN, RequestState.EXPIRED})


def text_of(case: Case, name: str) -> str:
    """A text of the content; empty where it is none."""
    value = case.statement.content.get(name)
    return value if isinstance(value, str) else ""


def flag_of(case: Case, name: str) -> bool:
    """A flag of the content.

    Raises:
        UsageError: it is none.
    """
    value = case.statement.content.get(name)
    if not isinstance(value, bool):
        raise UsageError(N_('statement: "{name}" must be true or false'), name=name)
    return value


def follow_up_of(case: Case, record: RunRecord) -> str:
    """The change that mends or undoes what was not accepted; empty when none is named.

    Raises:
        NotFoundError: there is no such other change.
        RefusedError: it was turned down, taken back or is over.
    """
    number = text_of(case, "follow_up")
    if not number:
        return ""
    found = case.transaction.requests.find(number) if number != record.request else None
    if found is None:
        raise NotFoundError(
            N_("follow-up {number}: there is no such other change"),
            hint=N_("`twokey change list` shows them all"),
            number=number[:40],
        )
    if found.state in _GONE:
        raise RefusedError(
            N_("follow-up {number}: it is {state} and undoes nothing"),
            rule="L13:follow-up-gone",
            hint=N_("request the change that undoes or mends it: twokey request"),
            number=number,
            state=found.state.value,
        )
    return number
