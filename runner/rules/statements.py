"""What exactly a statement of each kind says.

The client builds the content to sign it, the service builds it again from its own records to compare: both call these
functions, so what people put their keys to is defined once. The subject of a statement is

    genesis                                             the log's origin
    publish                                             a content digest
    request, check                                      a plan digest
    approve, reject, withdraw, revoke, start            a request's number
    confirm, gate, sheet, pause, abort, decide, close   a run's number
    verify, accept, review, hand_over                   a run's number
    apply                                               the log's origin
    grant, deny, retract, inspect                       a grant's number
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from runner.errors import SignatureError
from runner.model.document import JsonObject, JsonValue
from runner.model.people import KeyHolder
from runner.model.plan import Digests, Role
from runner.model.request import Request, StandingTerms
from runner.model.result import Acceptance, Achievement, Findings
from runner.model.review import Verdict
from runner.model.run import AttemptKey, Choice, HandOver, Question, RunState
from runner.model.runbook import Risk
from runner.model.statement import Statement, StatementKind
from runner.model.time import Window, to_rfc3339
from runner.proof.canonical import canonical_bytes
from runner.words import N_

AUTHOR: Final = "author"
COUNTERSIGNER: Final = "countersigner"


@dataclass(frozen=True, slots=True)
class Founded:
    """What a site is as its founders sign it."""

    origin: str
    """Name of the log."""
    site: str
    environment: str
    production: bool
    log_key: str
    """Verifier key of the log (C2SP vkey)."""
    policy: str
    """Digest of the policy in force."""


def genesis_content(founded: Founded, people: Sequence[KeyHolder], posts: Mapping[str, tuple[str, ...]]) -> JsonObject:
    """What all founders sign before anything else works.

    Args:
        founded: what the site is.
        people: everyone who may sign.
        posts: the posts they hold, by name.
    """
    named = sorted(people, key=lambda person: person.name)
    keys: JsonValue = [
        {
            "name": person.name,
            "key": person.key,
            "fingerprint": person.fingerprint,
            "posts": list(posts.get(person.name, ())),
        }
        for person in named
    ]
    return {
        "origin": founded.origin,
        "site": founded.site,
        "environment": founded.environment,
        "production": founded.production,
        "people": keys,
        "log_key": founded.log_key,
        "policy": founded.policy,
    }


def publish_content(content: str, runbook: str, version: int, part: str) -> JsonObject:
    """What an author (`AUTHOR`) and a countersigner (`COUNTERSIGNER`) sign about content digest `content`."""
    return {"content": content, "runbook": runbook, "version": version, "part": part}


def request_content(  # noqa: PLR0913, PLR0917 - one argument for each thing a requester signs
    digests: Digests,
    runbook: str,
    version: int,
    risk: Risk,
    window: Window | None,
    reason: str,
    revises: str = "",
    attachments: Mapping[str, str] | None = None,
    trial: int = 0,
) -> JsonObject:
    """What a requester signs: the plan in full, when, and why.

    Args:
        digests: of the plan and its parts.
        runbook: id of the runbook.
        version: its version.
        risk: risk class of the plan.
        window: when it is to run.
        reason: why, in the requester's words.
        revises: number of the rejected request whose next revision this is; empty for a new request.
        attachments: documents the policy asks for, by kind: each its name and the digest of its bytes.
        trial: seconds the change is on trial before it is accepted; 0: it is not.
    """
    return {
        **_digests(digests),
        "runbook": runbook,
        "version": version,
        "risk": risk.value,
        "window": _window(window),
        "reason": reason,
        "revises": revises,
        "attachments": dict(attachments or {}),
        "trial": trial,
    }


def with_standing(content: JsonObject, standing: StandingTerms | None) -> JsonObject:
    """What a requester signs who asks for a standing approval: until when and how often as well; None: for none."""
    return {**content, **_standing(standing)}


def approve_content(request: Request, not_before: datetime, not_after: datetime, max_runs: int) -> JsonObject:
    """What an approver signs (L4)."""
    return {
        **_request(request),
        "content": request.content,
        "requester": request.requester,
        "risk": request.risk.value,
        "window": _window(request.window),
        "not_before": to_rfc3339(not_before),
        "not_after": to_rfc3339(not_after),
        "max_runs": max_runs,
        "trial": request.trial,
    }


def reject_content(request: Request, reason: str) -> JsonObject:
    """What somebody signs who rejects a request."""
    return {**_request(request), "reason": reason}


def withdraw_content(request: Request, reason: str) -> JsonObject:
    """What a requester signs to take a request back."""
    return {**_request(request), "reason": reason}


def revoke_content(request: Request, reason: str) -> JsonObject:
    """What somebody signs who takes a standing approval back."""
    return {**_request(request), "reason": reason}


def check_content(digests: Digests, runbook: str, version: int) -> JsonObject:
    """What somebody signs to have a plan carried out in check mode."""
    return {**_digests(digests), "runbook": runbook, "version": version}


def start_content(request: Request) -> JsonObject:
    """What an executor signs to start a run of an approved request."""
    return {**_request(request), "window": _window(request.window)}


def confirm_content(request: Request, run: str, start: str, executor: str) -> JsonObject:
    """What a confirmer signs: the same plan, and which start by whom.

    Args:
        request: the request being started.
        run: number of the run the start has made.
        start: id of the executor's signed statement.
        executor: who signed it.
    """
    return {**start_content(request), "run": run, "start": start, "executor": executor}


def gate_content(run: str, plan: str, batch: int, step: str, hosts: Sequence[str]) -> JsonObject:
    """What executor and confirmer both sign at a gate."""
    return {"run": run, "plan": plan, "batch": batch, "step": step, "hosts": list(hosts)}


def sheet_content(
    run: str, plan: str, batch: int, step: str, readings: Mapping[str, JsonValue], role: Role = Role.DO
) -> JsonObject:
    """What executor and confirmer both sign about a manual step (or, with role rollback, its undoing)."""
    return {"run": run, "plan": plan, "batch": batch, "step": step, "role": role.value, "readings": dict(readings)}


def decide_content(at: AttemptKey, question: Question, choice: Choice, reason: str) -> JsonObject:
    """What executor and confirmer both sign to decide a question.

    Args:
        at: what it is about; number 0 when no attempt is.
        question: as the run asks it.
        choice: one of those offered.
        reason: why, in their words.
    """
    return {
        "run": at.run,
        "question": question.value,
        "batch": at.batch,
        "step": at.step,
        "role": at.role.value,
        "number": at.number,
        "choice": choice.value,
        "reason": reason,
    }


def close_content(run: str, plan: str, state: RunState, said: Achievement) -> JsonObject:
    """What executor and confirmer both sign about a run's result (L13).

    Args:
        run: number of the run.
        plan: plan digest.
        state: how it ended, or that the business did not accept it.
        said: the result in their words.
    """
    return {
        "run": run,
        "plan": plan,
        "state": state.value,
        "achieved": said.achieved,
        "reason": said.reason,
        "configuration": said.configuration.value,
        "reference": said.reference,
        "follow_up": said.follow_up,
    }


def verify_content(run: str, plan: str, state: RunState, found: Findings) -> JsonObject:
    """What a business owner signs about a run's result; `state` is how it ended."""
    return {
        "run": run,
        "plan": plan,
        "state": state.value,
        "accepted": found.accepted,
        "verified": found.verified,
        "findings": list(found.findings),
    }


def accept_content(run: str, plan: str, ends: datetime, said: Acceptance) -> JsonObject:
    """What information and using department both sign about a change on trial; `ends` is when its days are over."""
    return {
        "run": run,
        "plan": plan,
        "trial_ends": to_rfc3339(ends),
        "accepted": said.accepted,
        "conclusion": said.conclusion,
        "follow_up": said.follow_up,
    }


def hand_over_content(run: str, plan: str, wanted: HandOver) -> JsonObject:
    """What both sign by whom a parked run passes from one of its people to another.

    Args:
        run: number of the run.
        plan: plan digest.
        wanted: which part, from whom to whom, and why.
    """
    return {
        "run": run,
        "plan": plan,
        "part": wanted.part.value,
        "giver": wanted.giver,
        "taker": wanted.taker,
        "reason": wanted.reason,
    }


def review_content(run: str, plan: str, verdict: Verdict) -> JsonObject:
    """What those sign who review an emergency afterwards (L12)."""
    return {
        "run": run,
        "plan": plan,
        "findings": list(verdict.findings),
        "conclusion": verdict.conclusion,
        "permanent_fix": verdict.permanent_fix,
    }


def pause_content(run: str, reason: str) -> JsonObject:
    """What either person of a run signs to pause it."""
    return {"run": run, "reason": reason}


def abort_content(run: str, reason: str) -> JsonObject:
    """What either person of a run signs to end the attempt in progress at its next task border."""
    return {"run": run, "reason": reason}


def require_content(statement: Statement, kind: StatementKind, subject: str, expected: JsonObject) -> None:
    """Refuse a statement that is not exactly the one expected.

    Raises:
        SignatureError: naming the first field that differs.
    """
    _require_same("kind", statement.kind.value, kind.value)
    _require_same("subject", statement.subject, subject)
    for name in sorted(expected.keys() | statement.content.keys()):
        if name not in statement.content:
            raise SignatureError(N_('statement: "{field}" is missing'), rule=_RULE, field=name)
        if name not in expected:
            raise SignatureError(N_('statement: "{field}" does not belong in it'), rule=_RULE, field=name)
        _require_same(name, statement.content[name], expected[name])


def _request(request: Request) -> JsonObject:
    return {
        "request": request.number,
        "revision": request.revision,
        "plan": request.plan,
        **_standing(request.standing),
    }


def _standing(standing: StandingTerms | None) -> JsonObject:
    """Whoever signs anything about a standing approval signs its bounds; where none is meant, nothing says so."""
    if standing is None:
        return {}
    return {"standing": {"until": to_rfc3339(standing.until), "max_runs": standing.max_runs}}


def _digests(digests: Digests) -> JsonObject:
    return {
        "plan": digests.plan,
        "content": digests.content,
        "binding": digests.binding,
        "runtime": digests.runtime,
    }


def _window(window: Window | None) -> JsonValue:
    if window is None:
        return None
    return {"opens": to_rfc3339(window.opens), "closes": to_rfc3339(window.closes)}


def _require_same(field: str, got: JsonValue, expected: JsonValue) -> None:
    if canonical_bytes(got) != canonical_bytes(expected):
        raise SignatureError(
            N_('statement: "{field}" differs (got {got}, expected {expected})'),
            rule=_RULE,
            field=field,
            got=_shown(got),
            expected=_shown(expected),
        )


def _shown(value: JsonValue) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


_RULE: Final = "L1:statement-differs"
_LONGEST_SHOWN: Final = 100
