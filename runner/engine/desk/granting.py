"""Grants: what two people do to people, keys, posts, policy and terminals, and the look at what came of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from runner.engine.desk.case import Case
from runner.engine.desk.facts import grant_facts, site_facts
from runner.engine.desk.parting import part
from runner.engine.desk.policies import bring_into_force, is_for_later, require_next_version
from runner.engine.desk.reasons import require_reason
from runner.engine.desk.standing import lapse_with
from runner.engine.desk.turns import grant_acts
from runner.errors import UsageError
from runner.model.grant import (
    GRANTS,
    Enrol,
    Grant,
    GrantKind,
    GrantRecord,
    GrantState,
    Reinstate,
    SetPolicy,
    concerns,
    kind_of,
)
from runner.model.log import About
from runner.model.people import Register
from runner.model.policy import Policy
from runner.proof.canonical import digest
from runner.rules.grant_statements import apply_content, end_content, grant_content, inspect_content
from runner.rules.granting import AT_ONCE, require_lawful, require_stopped
from runner.rules.register import enter
from runner.rules.tags import Tag
from runner.runbook.settings import POLICY_FILE, parse_policy
from runner.wire.api import Words
from runner.wire.api_request import Outcome
from runner.wire.documents import from_document, to_document
from runner.words import N_


def apply(case: Case) -> Outcome:
    """Record an application for a grant; one that only takes away takes effect at once.

    Raises:
        RefusedError: this person may not apply for it, or it could not be granted.
        UsageError: it is no grant, or names what does not exist.
    """
    grant = _grant(case)
    kind = kind_of(grant)
    reason = require_reason(_text(case, "reason"))
    case.require_content(case.premises.site.origin, apply_content(kind, to_document(grant), reason))
    asked = GrantRecord(
        number="",
        grant=grant,
        reason=reason,
        state=GrantState.APPLIED,
        applicant=case.person.name,
        application=case.signed.id,
        applied_at=case.now,
    )
    case.require_policy(grant_facts(case.premises, case.transaction, asked))
    change = _change(case, grant)
    case.transaction.statements.put(case.signed, case.now)
    record = case.transaction.grants.add(asked)
    case.put_entry(Tag.GRANT_APPLIED, _about(record), {"number": record.number})
    if kind not in AT_ONCE:
        return _outcome(case, record, N_("grant {number} is applied for and waits for another person's approval"))
    record = replace(
        record, state=GrantState.GRANTED, decided_at=case.now, entered=case.transaction.grants.next_place()
    )
    _take_effect(case, record, change)
    return _outcome(case, record, N_("grant {number} is in effect at once; another person must inspect it"))


def approve(case: Case) -> Outcome:
    """Put a grant into effect with the other person's signature.

    Raises:
        RefusedError: this person may not approve it, or it can no longer be granted.
    """
    record = _get(case)
    case.require_content(record.number, grant_content(record, to_document(record.grant)))
    case.require_policy(grant_facts(case.premises, case.transaction, record))
    change = _change(case, record.grant)
    granted = replace(
        record,
        state=GrantState.GRANTED,
        approver=case.person.name,
        approval=case.signed.id,
        decided_at=case.now,
        entered=case.transaction.grants.next_place(),
    )
    case.record(Tag.GRANT_APPROVED, _about(granted), {"number": record.number})
    _take_effect(case, granted, change)
    if change.policy is not None and is_for_later(change.policy, case.premises, case.now):
        return _outcome(case, granted, N_("grant {number} is approved; its policy takes effect at its date"))
    return _outcome(case, granted, N_("grant {number} is in effect"))


def deny(case: Case) -> Outcome:
    """Turn an application down, with a reason."""
    return _end(case, GrantState.REJECTED, Tag.GRANT_DENIED, N_("grant {number} is turned down"))


def retract(case: Case) -> Outcome:
    """Take one's own application back, with a reason."""
    return _end(case, GrantState.WITHDRAWN, Tag.GRANT_RETRACTED, N_("grant {number} is taken back"))


def inspect(case: Case) -> Outcome:
    """Close a grant: somebody has compared what came of it with what was approved.

    Raises:
        RefusedError: this person may not, or it has not taken effect.
    """
    record = _get(case)
    case.require_content(record.number, inspect_content(record, to_document(record.grant)))
    case.require_policy(grant_facts(case.premises, case.transaction, record))
    inspected = replace(
        record,
        state=GrantState.CHECKED,
        inspector=case.person.name,
        inspection=case.signed.id,
        inspected_at=case.now,
    )
    case.record(Tag.GRANT_INSPECTED, _about(inspected), {"number": record.number})
    case.transaction.grants.put(inspected)
    return _outcome(case, inspected, N_("grant {number} is inspected and closed"))


@dataclass(frozen=True, slots=True)
class _Change:
    """What a grant makes of the register and the policy."""

    register: Register
    policy: Policy | None
    """The new policy; None: it stays as it is."""


def _change(case: Case, grant: Grant) -> _Change:
    """What a grant would make, or why it must not.

    Raises:
        RefusedError: it contradicts the register, the policy or the law.
        UsageError: it names what does not exist.
        InvalidContentError: it is a policy with problems.
    """
    before = site_facts(case.premises, case.transaction).register
    require_stopped(before, grant)
    after = enter(before, grant, case.now)
    policy = _policy(grant) if isinstance(grant, SetPolicy) else None
    if policy is not None:
        require_next_version(policy, case.premises)
    require_lawful(after, grant, policy or case.premises.policy, case.now, case.premises.site.environment)
    return _Change(after, policy)


def _policy(grant: SetPolicy) -> Policy:
    source = grant.text.encode()
    if digest(source) != grant.digest:
        raise UsageError(N_("policy: the digest is not that of the text"))
    return parse_policy(source, POLICY_FILE)


def _take_effect(case: Case, record: GrantRecord, change: _Change) -> None:
    case.transaction.grants.put(record)
    if isinstance(record.grant, Enrol | Reinstate):
        case.transaction.uses.note(concerns(record.grant), case.now)
    case.note(
        Tag.GRANT_ENTERED,
        _about(record),
        {"number": record.number, "grant": kind_of(record.grant).value, "place": record.entered},
    )
    part(case, record.grant)
    lapse_with(case, record)
    if change.policy is not None:
        bring_into_force(case.premises, case.transaction, record, case.now)


def _end(case: Case, state: GrantState, tag: Tag, message: str) -> Outcome:
    record = _get(case)
    reason = require_reason(_text(case, "reason"))
    case.require_content(record.number, end_content(record, to_document(record.grant), reason))
    case.require_policy(grant_facts(case.premises, case.transaction, record))
    ended = replace(record, state=state, approver=case.person.name, approval=case.signed.id, decided_at=case.now)
    case.record(tag, _about(ended), {"number": record.number})
    case.transaction.grants.put(ended)
    return _outcome(case, ended, message)


def _grant(case: Case) -> Grant:
    content = case.statement.content
    terms = content.get("terms")
    try:
        kind = GrantKind(_text(case, "grant"))
    except ValueError as error:
        raise UsageError(N_('statement: "{name}" is unknown'), name="grant") from error
    if not isinstance(terms, dict):
        raise UsageError(N_('statement: "{name}" must be an object'), name="terms")
    grant: Grant = from_document(GRANTS[kind], terms)
    return grant


def _get(case: Case) -> GrantRecord:
    return case.transaction.grants.get(case.statement.subject)


def _text(case: Case, name: str) -> str:
    value = case.statement.content.get(name)
    return value if isinstance(value, str) else ""


def _about(record: GrantRecord) -> About:
    return About(request=record.number)


def _outcome(case: Case, record: GrantRecord, message: str) -> Outcome:
    acts = grant_acts(case.premises, case.transaction, record)
    return Outcome(
        statement=case.signed.id,
        kind=case.statement.kind,
        subject=record.number,
        state=record.state.value,
        complete=record.state is not GrantState.APPLIED,
        message=Words(message, {"number": record.number}),
        next=acts[0] if acts else None,
    )
