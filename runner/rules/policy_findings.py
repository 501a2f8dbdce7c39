"""What makes a well-formed policy a valid one; every rule answers with findings, none raises.

Posts are judged in `runner.rules.posts`; what terms tighten, in `runner.rules.terms`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from runner.errors import Fact
from runner.model.finding import DocumentPath, Finding
from runner.model.nearest import nearest
from runner.model.people import PersonRole
from runner.model.policy import USUAL_CLASSES, ClassTerms, Policy, Reading
from runner.model.runbook import Risk
from runner.model.time import Seconds
from runner.model.units import format_duration
from runner.rules.posts import post_findings, twice
from runner.rules.terms import WHOLE, inherited_by_unit, laxer_than, settle, terms_of_class
from runner.words import N_

_Roles = tuple[PersonRole, ...]

_ALL_POSTS: Final[DocumentPath] = ("posts", "*")
_FEWEST_UNITS: Final = 2
_ACTS_ON_NOTHING: Final = N_("an auditor acts on nothing")
_EXECUTES_ONLY: Final = N_("a vendor only executes")


def policy_findings(policy: Policy) -> tuple[Finding, ...]:
    """Everything wrong with a policy beyond its shape."""
    return (
        *post_findings(policy),
        *_unit_findings(policy),
        *(finding for scope in _scopes(policy) for finding in _scope_findings(policy, scope)),
        *_publish_findings(policy),
        *_grant_findings(policy),
        *_vacant_roles(policy),
        *_reading_findings(policy),
        *_session_findings(policy),
        *_upkeep_findings(policy),
        *_date_findings(policy),
    )


@dataclass(frozen=True, slots=True)
class _Scope:
    """Terms of a risk class where they are written, and what they tighten."""

    path: DocumentPath
    risk: Risk
    terms: ClassTerms
    inherited: ClassTerms
    than: str = ""
    """How a document names what is inherited; empty where nothing binds but the law."""
    needs: tuple[DocumentPath, ...] = ()

    def is_own(self, key: str) -> bool:
        """Whether it says something else than what it inherits, of which the same was already said there."""
        return bool(getattr(self.terms, key) != getattr(self.inherited, key))


def _scopes(policy: Policy) -> Iterator[_Scope]:
    for risk, terms in policy.classes.items():
        yield _Scope((WHOLE, risk.value), risk, terms, USUAL_CLASSES[risk])
    for name, classes in policy.environments.items():
        for risk, terms in classes.items():
            than = f"{WHOLE}.{risk.value}"
            needs: tuple[DocumentPath, ...] = ((WHOLE, risk.value, "*"),)
            path: DocumentPath = ("environments", name, WHOLE, risk.value)
            yield _Scope(path, risk, terms, terms_of_class(policy, risk), than, needs)
    for name, classes in policy.unit_classes.items():
        for risk, terms in classes.items():
            than, inherited = inherited_by_unit(policy, risk, name)
            above = tuple(("units", each, "*") for each in policy.lineage(name)[1:])
            needs = ((WHOLE, risk.value, "*"), *above)
            yield _Scope(("units", name, WHOLE, risk.value), risk, terms, inherited, than, needs)


def _scope_findings(policy: Policy, scope: _Scope) -> Iterator[Finding]:
    yield from _approval_findings(policy, scope)
    for key, terms in _acting(scope.terms).items():
        if scope.is_own(key):
            path = (*scope.path, key)
            yield from twice(terms, path)
            yield from _out_of_place(terms, path, executes=key == "execute")
    yield from _document_findings(scope)
    if scope.than:
        for finding in laxer_than(settle(scope.terms, policy), settle(scope.inherited, policy), scope.than):
            needs = (*scope.needs, *_whole_policy(scope.inherited, finding.path))
            yield replace(finding, path=(*scope.path, *finding.path), needs=needs)


def _whole_policy(inherited: ClassTerms, path: DocumentPath) -> tuple[DocumentPath, ...]:
    """What must have been read of the whole policy for its span or number to be compared with."""
    key = path[0]
    return ((key,),) if getattr(inherited, str(key)) is None else ()


def _acting(terms: ClassTerms) -> Mapping[str, _Roles]:
    return {"request": terms.request, "execute": terms.execute, "confirm": terms.confirm}


def _approval_findings(policy: Policy, scope: _Scope) -> Iterator[Finding]:
    here: DocumentPath = (*scope.path, "approvals")
    needs = scope.terms.approvals
    if not scope.is_own("approvals"):
        return
    if scope.risk is Risk.EMERGENCY and needs:
        yield Finding(here, N_("an emergency waits for no approval; its second person confirms (L12)"))
    if scope.risk is not Risk.EMERGENCY and not needs:
        yield Finding(here, N_("a change of class {risk} needs at least one approval"), {"risk": scope.risk.value})
    for position, need in enumerate(needs):
        path = (*here, position)
        yield from twice(need.roles, (*path, "roles"))
        yield from _out_of_place(need.roles, (*path, "roles"))
        if need.other_unit and len(policy.units) < _FEWEST_UNITS:
            message = N_("an approval of another unit needs two units, got {count}")
            yield Finding((*path, "other_unit"), message, {"count": len(policy.units)}, (("units", "*"),))


def _out_of_place(roles: _Roles, path: DocumentPath, *, executes: bool = False) -> Iterator[Finding]:
    """Roles that may not act so, whatever the policy."""
    for position, role in enumerate(roles):
        if role is PersonRole.AUDITOR:
            yield Finding((*path, position), _ACTS_ON_NOTHING)
        elif role is PersonRole.VENDOR and not executes:
            yield Finding((*path, position), _EXECUTES_ONLY)


def _document_findings(scope: _Scope) -> Iterator[Finding]:
    if scope.is_own("attachments"):
        here: DocumentPath = (*scope.path, "attachments")
        yield from twice(scope.terms.attachments, here)
        if scope.risk is Risk.EMERGENCY and scope.terms.attachments:
            yield Finding(here, N_("an emergency waits for no document (L12)"))


def _unit_findings(policy: Policy) -> Iterator[Finding]:
    told: set[str] = set()
    for name, unit in policy.units.items():
        here: DocumentPath = ("units", name, "parent")
        if unit.parent and unit.parent not in policy.units:
            near = nearest(unit.parent, policy.units)
            message = N_('unknown unit "{name}" (did you mean "{near}"?)') if near else N_('unknown unit "{name}"')
            yield Finding(here, message, {"name": unit.parent, "near": near}, (("units", "*"),))
        line = policy.lineage(name)
        if name not in told and policy.units[line[-1]].parent == name:
            told |= set(line)
            message = N_("the unit lies below itself: {line}")
            yield Finding(here, message, {"line": " → ".join((*line, name))})


def _publish_findings(policy: Policy) -> Iterator[Finding]:
    yield from twice(policy.publish, ("publish",))
    yield from _out_of_place(policy.publish, ("publish",))


def _grant_findings(policy: Policy) -> Iterator[Finding]:
    for area, terms in policy.grants.items():
        here: DocumentPath = ("grants", area.value)
        for key, roles in {"apply": terms.apply, "approve": terms.approve}.items():
            yield from twice(roles, (*here, key))
            yield from _out_of_place(roles, (*here, key))
        yield from twice(terms.check, (*here, "check"))


def _vacant_roles(policy: Policy) -> Iterator[Finding]:
    """Acts that no post would ever allow, each set of roles told once."""
    if not policy.posts:
        return
    given = {role for post in policy.posts.values() for role in post.roles}
    told: set[_Roles] = set()
    for path, roles in _wanted_roles(policy):
        if roles and given.isdisjoint(roles) and roles not in told:
            told.add(roles)
            facts: dict[str, Fact] = {"roles": ", ".join(roles)}
            yield Finding(path, N_("nobody could do so: no post has a role among {roles}"), facts, (_ALL_POSTS,))


def _reading_findings(policy: Policy) -> Iterator[Finding]:
    """A vendor sees what their grant lists, which binds nobody who reads without having signed in."""
    if policy.reading is Reading.SIGNED_IN:
        return
    for name, post in policy.posts.items():
        for position, role in enumerate(post.roles):
            if role is PersonRole.VENDOR:
                message = N_("a post with role vendor needs reading: signed_in, or its holders read what is not theirs")
                yield Finding(("posts", name, "roles", position), message, {}, (("reading",),))


def _wanted_roles(policy: Policy) -> Iterator[tuple[DocumentPath, _Roles]]:
    yield ("publish",), policy.publish
    for scope in _scopes(policy):
        for key, roles in _acting(scope.terms).items():
            yield (*scope.path, key), roles
        for position, need in enumerate(scope.terms.approvals):
            yield (*scope.path, "approvals", position), need.roles
        if scope.terms.business:
            yield (*scope.path, "business"), (PersonRole.BUSINESS_OWNER,)
    for area, terms in policy.grants.items():
        for key, roles in {"apply": terms.apply, "approve": terms.approve, "check": terms.check}.items():
            yield ("grants", area.value, key), roles
    if policy.upkeep.recertify_every is not None:
        yield ("upkeep", "recertify"), policy.upkeep.recertify


def _date_findings(policy: Policy) -> Iterator[Finding]:
    """A date of effect that no calendar knows."""
    if not policy.in_effect_from:
        return
    try:
        datetime.fromisoformat(policy.in_effect_from)
    except ValueError:
        message = N_('got "{got}", which is no day or time of any calendar')
        yield Finding(("in_effect_from",), message, {"got": policy.in_effect_from})


def _session_findings(policy: Policy) -> Iterator[Finding]:
    terms = policy.sessions
    if terms.idle > terms.longest:
        facts: dict[str, Fact] = {"idle": format_duration(terms.idle), "longest": format_duration(terms.longest)}
        message = N_("an idle session lasts {idle}, and every session ends after {longest}")
        yield Finding(("sessions", "idle"), message, facts, (("sessions", "longest"),))


def _upkeep_findings(policy: Policy) -> Iterator[Finding]:
    """An account is never stopped while its person is waited for in a run."""
    yield from twice(policy.upkeep.recertify, ("upkeep", "recertify"))
    yield from _out_of_place(policy.upkeep.recertify, ("upkeep", "recertify"))
    unused = policy.upkeep.unused_after
    if unused is not None and unused < SHORTEST_UNUSED:
        facts: dict[str, Fact] = {
            "got": format_duration(unused),
            "expected": format_duration(Seconds(SHORTEST_UNUSED)),
        }
        yield Finding(("upkeep", "unused_after"), N_("got {got}, expected at least {expected}"), facts)


SHORTEST_UNUSED: Final = 7 * 86400
"""Seconds before an account that nobody uses may be stopped."""
