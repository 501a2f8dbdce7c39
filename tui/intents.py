"""What a person wants to sign, as values: the screens make them, the backend makes statements of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from runner.model.document import JsonObject, JsonValue
from runner.model.grant import Grant
from runner.model.result import Acceptance, Achievement, Configuration, Findings
from runner.model.run import Choice
from runner.model.statement import StatementKind
from runner.wire.api_request import Act


@dataclass(frozen=True, slots=True)
class Approve:
    """Approve a request."""

    number: str


@dataclass(frozen=True, slots=True)
class Reject:
    """Send a request back."""

    number: str
    reason: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take one's own request back."""

    number: str
    reason: str


@dataclass(frozen=True, slots=True)
class Revoke:
    """End a standing approval at once."""

    number: str
    reason: str


@dataclass(frozen=True, slots=True)
class Start:
    """Start an approved change, as executor."""

    number: str


@dataclass(frozen=True, slots=True)
class Confirm:
    """Confirm a start, as the second person."""

    run: str


@dataclass(frozen=True, slots=True)
class PassGate:
    """Let a run go on behind its gate."""

    run: str


@dataclass(frozen=True, slots=True)
class SignSheet:
    """Vouch for what was done and read by hand."""

    run: str
    readings: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decide:
    """Decide the question a run waits with."""

    run: str
    choice: Choice
    reason: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Have a run pause before its next step."""

    run: str
    reason: str


@dataclass(frozen=True, slots=True)
class Abort:
    """Have a run stop at its next task border."""

    run: str
    reason: str


@dataclass(frozen=True, slots=True)
class Close:
    """Sign the result of a run."""

    run: str
    said: Achievement


@dataclass(frozen=True, slots=True)
class Verify:
    """Verify the result of a run for the business."""

    run: str
    found: Findings


@dataclass(frozen=True, slots=True)
class Accept:
    """End the trial of a change, for one's department."""

    run: str
    said: Acceptance


@dataclass(frozen=True, slots=True)
class HandOver:
    """Give a parked run, or another's part in it, to another person."""

    run: str
    giver: str
    taker: str
    reason: str


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Take a parked run over that was offered."""

    run: str


@dataclass(frozen=True, slots=True)
class Apply:
    """Apply for a grant."""

    grant: Grant
    reason: str


@dataclass(frozen=True, slots=True)
class ApproveGrant:
    """Put a grant into effect, as the second person."""

    number: str


@dataclass(frozen=True, slots=True)
class DenyGrant:
    """Turn an application down."""

    number: str
    reason: str


@dataclass(frozen=True, slots=True)
class RetractGrant:
    """Take one's own application back."""

    number: str
    reason: str


@dataclass(frozen=True, slots=True)
class InspectGrant:
    """Say that what came of a grant is what was approved."""

    number: str


AboutRequest = Approve | Reject | Withdraw | Revoke | Start
AboutRun = Confirm | PassGate | SignSheet | Decide | Pause | Abort | Close | Verify | Accept | HandOver | TakeOver
AboutGrant = ApproveGrant | DenyGrant | RetractGrant | InspectGrant
Intent = AboutRequest | AboutRun | Apply | AboutGrant

_KINDS: Final[Mapping[type, StatementKind]] = {
    Approve: StatementKind.APPROVE,
    Reject: StatementKind.REJECT,
    Withdraw: StatementKind.WITHDRAW,
    Revoke: StatementKind.REVOKE,
    Start: StatementKind.START,
    Confirm: StatementKind.CONFIRM,
    PassGate: StatementKind.GATE,
    SignSheet: StatementKind.SHEET,
    Decide: StatementKind.DECIDE,
    Pause: StatementKind.PAUSE,
    Abort: StatementKind.ABORT,
    Close: StatementKind.CLOSE,
    HandOver: StatementKind.HAND_OVER,
    TakeOver: StatementKind.HAND_OVER,
    Verify: StatementKind.VERIFY,
    Accept: StatementKind.ACCEPT,
    Apply: StatementKind.APPLY,
    ApproveGrant: StatementKind.GRANT,
    DenyGrant: StatementKind.DENY,
    RetractGrant: StatementKind.RETRACT,
    InspectGrant: StatementKind.INSPECT,
}


_SIMPLE: Final[Mapping[StatementKind, Callable[[str], Intent]]] = {
    StatementKind.APPROVE: Approve,
    StatementKind.START: Start,
    StatementKind.CONFIRM: Confirm,
    StatementKind.GATE: PassGate,
    StatementKind.HAND_OVER: TakeOver,
    StatementKind.GRANT: ApproveGrant,
    StatementKind.INSPECT: InspectGrant,
}
"""Intents with nothing to ask: all there is to say is what they are about."""


def kind_of(intent: Intent) -> StatementKind:
    """The kind of statement an intent becomes."""
    return _KINDS[type(intent)]


def subject_of(intent: Intent) -> str:
    """The request, run or grant it is about; of an application the person it concerns."""
    if isinstance(intent, Apply):
        from runner.model.grant import concerns

        return concerns(intent.grant)
    return intent.number if isinstance(intent, AboutRequest | AboutGrant) else intent.run


def intent_of(act: Act) -> Intent | None:
    """The intent that answers a waited-for signature; None while something must be asked of the person first.

    Once the first of two people has signed, nothing is left to ask: the second signs the same.
    """
    if (simple := _SIMPLE.get(act.kind)) is not None:
        return simple(act.subject)
    return _signed_by_first(act, act.content) if act.content is not None else None


def _signed_by_first(act: Act, content: JsonObject) -> Intent | None:
    match act.kind:
        case StatementKind.SHEET:
            readings = content.get("readings")
            return SignSheet(act.subject, readings if isinstance(readings, dict) else {})
        case StatementKind.DECIDE:
            return Decide(act.subject, Choice(_text(content, "choice")), _text(content, "reason"))
        case StatementKind.CLOSE:
            return Close(act.subject, _achievement(content))
        case StatementKind.ACCEPT:
            conclusion, follow_up = _text(content, "conclusion"), _text(content, "follow_up")
            return Accept(act.subject, Acceptance(content.get("accepted") is True, conclusion, follow_up))
    return None


def _achievement(content: JsonObject) -> Achievement:
    return Achievement(
        _text(content, "achieved"),
        _text(content, "reason"),
        Configuration(_text(content, "configuration")),
        _text(content, "reference"),
        _text(content, "follow_up"),
    )


def _text(content: JsonObject, name: str) -> str:
    return str(content.get(name) or "")
