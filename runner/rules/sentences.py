"""What a statement says in one sentence, shown before anyone signs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from runner.errors import Fact
from runner.model.document import JsonValue
from runner.model.statement import Statement, StatementKind
from runner.proof.public_key import PublicKeyError, parse_public_key
from runner.words import N_


def describe(statement: Statement) -> tuple[str, dict[str, Fact]]:
    """What is signed, in one sentence: a message id and its facts; shown before anyone signs."""
    content = statement.content
    facts: dict[str, Fact] = {
        name: value for name, value in content.items() if value is None or isinstance(value, str | int)
    }
    facts |= {"person": statement.person, "subject": statement.subject, "plan": _short(content.get("plan"))}
    if "content" in content:
        facts["content"] = _short(content["content"])
    window = content.get("window")
    if isinstance(window, dict):
        facts |= {"opens": str(window.get("opens")), "closes": str(window.get("closes"))}
    if "grant" in content:
        facts["grant"] = _in_short(content.get("grant"), content.get("terms"))
    if isinstance(readings := content.get("readings"), dict):
        facts["readings"] = len(readings)
    if isinstance(findings := content.get("findings"), list):
        facts["findings"] = len(findings)
    if content.get("accepted") is False:
        return _NOT_ACCEPTED[statement.kind], facts
    if content.get("reference"):
        return _UPDATED, facts
    standing = content.get("standing")
    if isinstance(standing, dict) and statement.kind in _STANDING:
        facts |= {"until": str(standing.get("until")), "most": str(standing.get("max_runs"))}
        return _STANDING[statement.kind], facts
    return _SENTENCES[statement.kind], facts


def fingerprint_of(line: str) -> str:
    """What people compare a public key line by; the line itself where it is no key."""
    try:
        return parse_public_key(line).fingerprint
    except PublicKeyError:
        return line


def _in_short(kind: JsonValue, terms: JsonValue) -> str:
    """A grant on one line: its kind and its terms; a key by its fingerprint, the text of a policy by its digest."""
    shown = {name: value for name, value in terms.items() if name not in _LEFT_OUT} if isinstance(terms, dict) else {}
    if isinstance(key := shown.get("key"), str) and key:
        shown["key"] = fingerprint_of(key)
    parts = [f"{name} {value}" for name, value in shown.items() if isinstance(value, str) and value]
    return " ".join([str(kind), *(part[:_LONGEST_SHOWN] for part in parts)])


def _short(digest: JsonValue) -> str:
    """The beginning of a digest, enough for people to compare."""
    return str(digest).removeprefix("sha256:")[:_DIGITS_SHOWN] if digest else ""


_LONGEST_SHOWN: Final = 100
_LEFT_OUT: Final = frozenset({"text", "reason"})  # terms a grant's sentence leaves out, or has anyway
_DIGITS_SHOWN: Final = 16

_SENTENCES: Final[Mapping[StatementKind, str]] = {
    StatementKind.GENESIS: N_("{person} opens the log {origin} of site {site} and vouches for its people and keys"),
    StatementKind.PUBLISH: N_("{person} publishes runbook {runbook} version {version}, content {content}, as {part}"),
    StatementKind.REQUEST: N_("{person} requests runbook {runbook} version {version}, plan {plan}: {reason}"),
    StatementKind.APPROVE: N_(
        "{person} approves change {request}, plan {plan}, to be run {max_runs} times at most, "
        "from {not_before} to {not_after}"
    ),
    StatementKind.REJECT: N_("{person} rejects change {request}, plan {plan}: {reason}"),
    StatementKind.WITHDRAW: N_("{person} withdraws change {request}, plan {plan}: {reason}"),
    StatementKind.REVOKE: N_("{person} revokes the standing approval of change {request}, plan {plan}: {reason}"),
    StatementKind.CHECK: N_("{person} has plan {plan} of runbook {runbook} carried out in check mode"),
    StatementKind.START: N_("{person} starts change {request}, plan {plan}, as executor"),
    StatementKind.CONFIRM: N_("{person} confirms the start of run {run}, plan {plan}, by {executor}"),
    StatementKind.GATE: N_("{person} lets run {run} go on to step {step} of batch {batch}, plan {plan}"),
    StatementKind.SHEET: N_("{person} vouches for the sheet of step {step}, batch {batch}, of run {run}"),
    StatementKind.PAUSE: N_("{person} asks run {run} to pause: {reason}"),
    StatementKind.ABORT: N_("{person} asks run {run} to stop at the next task border: {reason}"),
    StatementKind.DECIDE: N_(
        "{person} decides about run {run}, step {step}, batch {batch} ({question}): {choice}; {reason}"
    ),
    StatementKind.APPLY: N_("{person} applies for a grant, {grant}: {reason}"),
    StatementKind.GRANT: N_("{person} approves grant {number} that {applicant} applied for: {grant}"),
    StatementKind.DENY: N_("{person} turns grant {number} of {applicant} down, {grant}: {reason}"),
    StatementKind.RETRACT: N_("{person} takes grant {number} back, {grant}: {reason}"),
    StatementKind.INSPECT: N_("{person} has compared grant {number} with the register, {grant}: it is as approved"),
    StatementKind.REVIEW: N_("{person} has reviewed emergency run {run}, findings: {findings}; {conclusion}"),
    StatementKind.HAND_OVER: N_("{person} signs that run {run} passes from {giver} to {taker} as {part}: {reason}"),
    StatementKind.CLOSE: N_(
        "{person} signs the result of run {run}, {state}: {achieved}; configuration record: {configuration}"
    ),
    StatementKind.VERIFY: N_(
        "{person} has verified run {run} ({state}) for the business and ACCEPTS its result: {verified}"
    ),
    StatementKind.ACCEPT: N_("{person} ACCEPTS run {run}, which was on trial until {trial_ends}: {conclusion}"),
}

_UPDATED: Final = N_(
    "{person} signs the result of run {run}, {state}: {achieved}; configuration record: {configuration}, {reference}"
)
"""What is said of a result that names where the configuration record was updated."""
_NOT_ACCEPTED: Final[Mapping[StatementKind, str]] = {
    StatementKind.VERIFY: N_(
        "{person} has verified run {run} ({state}) for the business and does NOT accept its result, "
        "findings: {findings}; {verified}"
    ),
    StatementKind.ACCEPT: N_(
        "{person} does NOT accept run {run}, on trial until {trial_ends}; change {follow_up} follows: {conclusion}"
    ),
}
"""What is said instead where `accepted` is false."""
_STANDING: Final[Mapping[StatementKind, str]] = {
    StatementKind.REQUEST: N_(
        "{person} requests a standing approval of runbook {runbook} version {version}, plan {plan}, "
        "for {most} runs at most until {until}: {reason}"
    ),
    StatementKind.APPROVE: N_(
        "{person} gives change {request}, plan {plan}, a standing approval: one person may start it {max_runs} times "
        "at most, from {not_before} to {not_after}"
    ),
    StatementKind.START: N_(
        "{person} starts a run of change {request}, plan {plan}, at once under its standing approval"
    ),
}
"""What is said instead where a standing approval is meant."""
