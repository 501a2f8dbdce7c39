"""The legal transitions of requests, runs and attempts: one table each, shown in `docs/states.md`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from runner.errors import RefusedError
from runner.model.request import RequestState
from runner.model.run import AttemptState, RunState
from runner.words import N_

REQUESTS: Final[Mapping[RequestState, frozenset[RequestState]]] = {
    RequestState.SUBMITTED: frozenset(
        {
            RequestState.APPROVED,
            RequestState.REJECTED,
            RequestState.WITHDRAWN,
            RequestState.EXPIRED,
            RequestState.REVOKED,
        }
    ),
    RequestState.APPROVED: frozenset(
        {
            RequestState.SUBMITTED,
            RequestState.REJECTED,
            RequestState.WITHDRAWN,
            RequestState.EXPIRED,
            RequestState.USED,
            RequestState.REVOKED,
        }
    ),
    RequestState.REJECTED: frozenset({RequestState.SUBMITTED}),
    RequestState.WITHDRAWN: frozenset(),
    RequestState.EXPIRED: frozenset(),
    RequestState.USED: frozenset(),
    RequestState.REVOKED: frozenset(),
}
"""An approval that is not used up can still be taken back by rejecting the request; the next revision of a rejected one
is submitted under the same number. One approved under a policy that is no longer in force waits for approval again."""

ATTEMPTS: Final[Mapping[AttemptState, frozenset[AttemptState]]] = {
    AttemptState.INTENDED: frozenset(
        {
            AttemptState.BEGUN,
            AttemptState.SUCCEEDED,
            AttemptState.FAILED,
            AttemptState.UNKNOWN,
            AttemptState.CANCELLED,
            AttemptState.NEVER_BEGUN,
        }
    ),
    AttemptState.BEGUN: frozenset(
        {AttemptState.SUCCEEDED, AttemptState.FAILED, AttemptState.UNKNOWN, AttemptState.CANCELLED}
    ),
    AttemptState.SUCCEEDED: frozenset(),
    AttemptState.FAILED: frozenset(),
    AttemptState.UNKNOWN: frozenset(),
    AttemptState.CANCELLED: frozenset(),
    AttemptState.NEVER_BEGUN: frozenset(),
}
"""A service that was away may learn of an attempt's beginning and end at once."""

_RESULTS: Final = frozenset({RunState.SUCCEEDED, RunState.ROLLED_BACK, RunState.FAILED, RunState.ABANDONED})
_NEXT_STEP: Final = frozenset({RunState.RUNNING, RunState.OBSERVING, RunState.AT_GATE, RunState.AT_SHEET})
_STOPS: Final = frozenset({RunState.PAUSED, RunState.AWAITING_DECISION, RunState.ROLLING_BACK})

RUNS: Final[Mapping[RunState, frozenset[RunState]]] = {
    RunState.CONFIRMING: frozenset({RunState.LAPSED, RunState.RUNNING}),
    RunState.LAPSED: frozenset(),
    RunState.RUNNING: (_NEXT_STEP - {RunState.RUNNING})
    | {RunState.VERIFYING, RunState.OUTCOME_UNKNOWN}
    | _STOPS
    | _RESULTS,
    RunState.VERIFYING: _NEXT_STEP | _STOPS | _RESULTS,
    RunState.OBSERVING: (_NEXT_STEP - {RunState.OBSERVING}) | _STOPS | _RESULTS,
    RunState.AT_GATE: (_NEXT_STEP - {RunState.AT_GATE}) | _STOPS | {RunState.ROLLED_BACK, RunState.FAILED},
    RunState.AT_SHEET: (_NEXT_STEP - {RunState.AT_SHEET})
    | _STOPS
    | {RunState.SUCCEEDED, RunState.ROLLED_BACK, RunState.FAILED},
    RunState.PAUSED: _NEXT_STEP
    | {
        RunState.VERIFYING,
        RunState.OUTCOME_UNKNOWN,
        RunState.AWAITING_DECISION,
        RunState.ROLLING_BACK,
        RunState.ROLLBACK_FAILED,
    }
    | _RESULTS,
    RunState.OUTCOME_UNKNOWN: _NEXT_STEP | {RunState.VERIFYING} | _STOPS | _RESULTS,
    RunState.AWAITING_DECISION: _NEXT_STEP | {RunState.VERIFYING, RunState.PAUSED, RunState.ROLLING_BACK} | _RESULTS,
    RunState.ROLLING_BACK: _NEXT_STEP
    | {
        RunState.PAUSED,
        RunState.OUTCOME_UNKNOWN,
        RunState.AWAITING_DECISION,
        RunState.ROLLBACK_FAILED,
        RunState.ROLLED_BACK,
        RunState.ABANDONED,
    },
    RunState.ROLLBACK_FAILED: _NEXT_STEP | _STOPS | {RunState.ROLLED_BACK, RunState.ABANDONED},
    RunState.SUCCEEDED: frozenset({RunState.AWAITING_BUSINESS, RunState.ON_TRIAL, RunState.CLOSED}),
    RunState.ROLLED_BACK: frozenset({RunState.AWAITING_BUSINESS, RunState.CLOSED}),
    RunState.FAILED: frozenset({RunState.AWAITING_BUSINESS, RunState.CLOSED}),
    RunState.ABANDONED: frozenset({RunState.AWAITING_BUSINESS, RunState.CLOSED}),
    RunState.AWAITING_BUSINESS: frozenset({RunState.DISPUTED, RunState.ON_TRIAL, RunState.CLOSED}),
    RunState.DISPUTED: frozenset({RunState.ON_TRIAL, RunState.CLOSED, RunState.NOT_ACCEPTED}),
    RunState.ON_TRIAL: frozenset({RunState.CLOSED, RunState.NOT_ACCEPTED}),
    RunState.NOT_ACCEPTED: frozenset(),
    RunState.CLOSED: frozenset(),
}
"""A rollback of one batch may be followed by the next batch; a run that waits goes on wherever it stands.
After the result the business may verify again what it did not accept at first."""


def require_request_transition(old: RequestState, new: RequestState) -> None:
    """Refuse a transition of a request that the table does not hold.

    Raises:
        RefusedError: it is not legal.
    """
    if new not in REQUESTS[old]:
        raise _illegal(N_("request: it is {old} and cannot become {new}"), old, new)


def require_run_transition(old: RunState, new: RunState) -> None:
    """Refuse a transition of a run that the table does not hold.

    Raises:
        RefusedError: it is not legal.
    """
    if new not in RUNS[old]:
        raise _illegal(N_("run: it is {old} and cannot become {new}"), old, new)


def require_attempt_transition(old: AttemptState, new: AttemptState) -> None:
    """Refuse a transition of an attempt that the table does not hold.

    Raises:
        RefusedError: it is not legal.
    """
    if new not in ATTEMPTS[old]:
        raise _illegal(N_("attempt: it is {old} and cannot become {new}"), old, new)


def _illegal(message: str, old: str, new: str) -> RefusedError:
    return RefusedError(message, rule="state:transition", old=str(old), new=str(new))
