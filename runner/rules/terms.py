"""What a change needs, by its risk class, environment and unit: nothing below is ever laxer than what stands above it.

Terms are inherited from the whole policy by environments and units, and from unit to unit. Each may only tighten;
that a policy keeps to this is judged in `runner.rules.policy_findings`, and here a policy that does not is read as its
strictest words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from runner.errors import Fact
from runner.model.finding import Finding
from runner.model.people import PersonRole
from runner.model.policy import USUAL_CLASSES, ApprovalNeed, ClassTerms, Policy, SignedAt
from runner.model.runbook import Risk
from runner.model.units import format_duration
from runner.words import N_

WHOLE: Final = "classes"
"""How a document names the terms of the whole policy."""
_T = TypeVar("_T")
_Roles = tuple[PersonRole, ...]


def terms_of(policy: Policy, risk: Risk, environment: str, unit: str) -> ClassTerms:
    """What a change of a risk class needs in an environment, requested in a unit.

    Terms of the unit, or of the nearest unit above it that has any, brought together with those of the environment and
    of the whole policy, the stricter of each counting.

    Args:
        policy: the policy in force.
        risk: the change's risk class.
        environment: where it is made; one the policy does not know has the terms of the whole policy.
        unit: the requester's unit; one the policy does not know, or none, has the terms of the environment.

    Returns:
        The terms, with span and number of runs of an approval always given.
    """
    global _known  # noqa: PLW0603 - a memory of answers, one for the policy in force; what is answered never changes
    known = _known
    if known[0] is not policy:
        known = _known = (policy, {})
    asked = (risk, environment, unit)
    if asked not in known[1]:
        known[1][asked] = _terms_of(policy, risk, environment, unit)
    return known[1][asked]


_known: tuple[Policy | None, dict[tuple[Risk, str, str], ClassTerms]] = (None, {})


def _terms_of(policy: Policy, risk: Risk, environment: str, unit: str) -> ClassTerms:
    owners = (policy.unit_classes.get(each) for each in policy.lineage(unit))
    layers = [*owners, policy.environments.get(environment)]
    terms: ClassTerms | None = None
    for found in (classes[risk] for classes in layers if classes is not None and risk in classes):
        settled = settle(found, policy)
        terms = settled if terms is None else stricter(terms, settled)
    whole = settle(terms_of_class(policy, risk), policy)
    strictest = whole if terms is None else stricter(terms, whole)
    # L12: whatever a policy says, no emergency waits for an approval.
    return replace(strictest, approvals=()) if risk is Risk.EMERGENCY else strictest


def terms_of_class(policy: Policy, risk: Risk) -> ClassTerms:
    """Terms of a risk class in the whole policy."""
    return policy.classes.get(risk) or USUAL_CLASSES[risk]


def inherited_by_unit(policy: Policy, risk: Risk, unit: str) -> tuple[str, ClassTerms]:
    """Terms that a unit's own tighten, with their place in the document."""
    for above in policy.lineage(unit)[1:]:
        classes = policy.unit_classes.get(above, {})
        if risk in classes:
            return f"units.{above}.{WHOLE}.{risk.value}", classes[risk]
    return f"{WHOLE}.{risk.value}", terms_of_class(policy, risk)


def settle(terms: ClassTerms, policy: Policy) -> ClassTerms:
    """Terms with what they leave to the whole policy filled in."""
    valid_for = policy.approval_valid_for if terms.approval_valid_for is None else terms.approval_valid_for
    runs = policy.max_runs if terms.max_runs is None else terms.max_runs
    return replace(terms, approval_valid_for=valid_for, max_runs=runs)


def stricter(one: ClassTerms, other: ClassTerms) -> ClassTerms:
    """The stricter of both, field by field; never laxer than either.

    Roles that may act are those that both name; when they name none in common, nobody may.
    """
    return ClassTerms(
        approvals=_stricter_approvals(one.approvals, other.approvals),
        request=_common(one.request, other.request),
        execute=_common(one.execute, other.execute),
        confirm=_common(one.confirm, other.confirm),
        strength=max(one.strength, other.strength, key=lambda strength: strength.rank),
        attachments=tuple(dict.fromkeys((*one.attachments, *other.attachments))),
        business=one.business or other.business,
        terminals=SignedAt.OPERATIONS if SignedAt.OPERATIONS in (one.terminals, other.terminals) else one.terminals,
        approval_valid_for=_smaller(one.approval_valid_for, other.approval_valid_for),
        max_runs=_smaller(one.max_runs, other.max_runs),
    )


def laxer_than(terms: ClassTerms, inherited: ClassTerms, than: str = WHOLE) -> tuple[Finding, ...]:
    """Everything in which terms are laxer than those they inherit; nothing when they only tighten.

    Args:
        terms: the terms that are judged, settled if the span and number of runs are to be compared.
        inherited: what they must not be laxer than.
        than: how the findings name it.

    Returns:
        Findings whose path is the key of the terms they are about.
    """
    return tuple(
        replace(finding, facts={**finding.facts, "than": than})
        for judge in (_laxer_approvals, _laxer_roles, _laxer_proof, _laxer_limits)
        for finding in judge(terms, inherited)
    )


def unmet(needs: Sequence[ApprovalNeed], terms: Sequence[ApprovalNeed]) -> tuple[ApprovalNeed, ...]:
    """Approvals of `needs` that are missing when all those of `terms` were given, each person counting once.

    An approval meets another when whoever may give it could have given the other too.
    """
    wanted, offered = _slots(needs), _slots(terms)
    taken: dict[int, int] = {}
    missing = [slot for number, slot in enumerate(wanted) if not _place(number, wanted, offered, taken, set())]
    return _needs_of(missing)


@dataclass(frozen=True, slots=True)
class _Slot:
    """One approval."""

    roles: _Roles
    other_unit: bool

    def meets(self, other: _Slot) -> bool:
        return set(self.roles) <= set(other.roles) and (self.other_unit or not other.other_unit)

    def with_(self, other: _Slot) -> _Slot:
        """The approval that meets both."""
        return _Slot(_common(self.roles, other.roles), self.other_unit or other.other_unit)


def _slots(needs: Sequence[ApprovalNeed]) -> list[_Slot]:
    return [_Slot(need.roles, need.other_unit) for need in needs for _ in range(need.count)]


def _needs_of(slots: Sequence[_Slot]) -> tuple[ApprovalNeed, ...]:
    counts: dict[_Slot, int] = {}
    for slot in slots:
        counts[slot] = counts.get(slot, 0) + 1
    return tuple(ApprovalNeed(slot.roles, count, slot.other_unit) for slot, count in counts.items())


def _place(number: int, wanted: list[_Slot], offered: list[_Slot], taken: dict[int, int], seen: set[int]) -> bool:
    """Find an offered approval for a wanted one, moving others where that helps (augmenting paths)."""
    for place, slot in enumerate(offered):
        if place in seen or not slot.meets(wanted[number]):
            continue
        seen.add(place)
        if place not in taken or _place(taken[place], wanted, offered, taken, seen):
            taken[place] = number
            return True
    return False


def _stricter_approvals(one: tuple[ApprovalNeed, ...], other: tuple[ApprovalNeed, ...]) -> tuple[ApprovalNeed, ...]:
    """Fewest approvals that meet both: one set if it meets the other, else approvals brought together in pairs."""
    if not unmet(other, one):
        return one
    if not unmet(one, other):
        return other
    slots, free = _slots(one), list(range(len(_slots(one))))
    added: list[_Slot] = []
    for slot in _slots(other):
        near = [(_lost(slots[place], slot), place) for place in free if _common(slots[place].roles, slot.roles)]
        if near:
            place = min(near)[1]
            free.remove(place)
            slots[place] = slots[place].with_(slot)
        else:
            added.append(slot)
    return _needs_of([*slots, *added])


def _lost(one: _Slot, other: _Slot) -> int:
    """How many roles may no longer give either approval when both are brought together."""
    return len(set(one.roles) ^ set(other.roles))


def _laxer_approvals(terms: ClassTerms, inherited: ClassTerms) -> Iterator[Finding]:
    for need in unmet(inherited.approvals, terms.approvals):
        roles = ", ".join(need.roles)
        facts: dict[str, Fact] = {"count": need.count, "roles": roles}
        if need.other_unit:
            message = N_(
                "laxer than {than}: approvals of another unit than the requester's are missing, {count} by {roles}"
            )
        else:
            message = N_("laxer than {than}: approvals are missing, {count} by {roles}")
        yield Finding(("approvals",), message, facts)


def _laxer_roles(terms: ClassTerms, inherited: ClassTerms) -> Iterator[Finding]:
    pairs: Mapping[str, tuple[_Roles, _Roles]] = {
        "request": (terms.request, inherited.request),
        "execute": (terms.execute, inherited.execute),
        "confirm": (terms.confirm, inherited.confirm),
    }
    for key, (got, expected) in pairs.items():
        added = [role.value for role in got if role not in expected]
        if added:
            facts: dict[str, Fact] = {"roles": ", ".join(added)}
            yield Finding((key,), N_("laxer than {than}: {roles} may not do so there"), facts)


def _laxer_proof(terms: ClassTerms, inherited: ClassTerms) -> Iterator[Finding]:
    if terms.strength.rank < inherited.strength.rank:
        message = N_("laxer than {than}: {got} is weaker than {expected}")
        facts: dict[str, Fact] = {"got": terms.strength.value, "expected": inherited.strength.value}
        yield Finding(("strength",), message, facts)
    dropped = [kind for kind in inherited.attachments if kind not in terms.attachments]
    if dropped:
        facts = {"kinds": ", ".join(dropped)}
        yield Finding(("attachments",), N_("laxer than {than}: {kinds} must be named there"), facts)
    if inherited.business and not terms.business:
        yield Finding(("business",), N_("laxer than {than}: a business owner verifies the result there"))
    if inherited.terminals is SignedAt.OPERATIONS and terms.terminals is not SignedAt.OPERATIONS:
        yield Finding(("terminals",), N_("laxer than {than}: it is signed at operations terminals there"))


def _laxer_limits(terms: ClassTerms, inherited: ClassTerms) -> Iterator[Finding]:
    message = N_("laxer than {than}: {got} is more than {expected}")
    if _is_more(terms.approval_valid_for, inherited.approval_valid_for):
        facts: dict[str, Fact] = {
            "got": _span(terms.approval_valid_for),
            "expected": _span(inherited.approval_valid_for),
        }
        yield Finding(("approval_valid_for",), message, facts)
    if _is_more(terms.max_runs, inherited.max_runs):
        facts = {"got": _number(terms.max_runs), "expected": _number(inherited.max_runs)}
        yield Finding(("max_runs",), message, facts)


_NO_LIMIT: Final = "∞"


def _is_more(got: int | None, expected: int | None) -> bool:
    return expected is not None and (got is None or got > expected)


def _span(seconds: int | None) -> str:
    return _NO_LIMIT if seconds is None else format_duration(seconds)


def _number(count: int | None) -> str:
    return _NO_LIMIT if count is None else str(count)


_Number = TypeVar("_Number", bound=int)


def _smaller(one: _Number | None, other: _Number | None) -> _Number | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def _common(one: tuple[_T, ...], other: tuple[_T, ...]) -> tuple[_T, ...]:
    return tuple(item for item in one if item in other)
