"""The risk class of a plan, computed, and by which rules; people may raise it and nobody may lower it.

Raising is part of a plan's binding, so the plan digest covers it and everybody's terms follow from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from runner.errors import RefusedError
from runner.model.document import JsonValue
from runner.model.plan import Binding, Group, RiskRule
from runner.model.runbook import PlaybookWork, Risk, Runbook
from runner.words import N_

KEY_TARGET: Final = "twokey_key"
"""Host or group variable that marks a key target; a change of one is a major change."""
RANKED: Final = (Risk.STANDARD, Risk.ORDINARY, Risk.MAJOR)
"""Classes that can be raised to one another, lowest first. An emergency waits for no approver, so none is raised to it,
and none is raised from it: its second person and its after-review are its own."""

DECLARED: Final = "declared"
IRREVERSIBLE: Final = "irreversible"
KEY_HOST: Final = "key_host"
KEY_GROUP: Final = "key_group"
RAISED: Final = "raised"

_AS_DECLARED: Final = RiskRule(DECLARED, N_("as declared by the runbook"))
_RAISED: Final = RiskRule(RAISED, N_("raised by whoever requests it"))


def risk_of(runbook: Runbook, binding: Binding) -> tuple[Risk, tuple[RiskRule, ...]]:
    """The risk class of a plan, never lower than declared or computed, and every rule that asks for that class."""
    if runbook.risk not in RANKED:
        return runbook.risk, (_AS_DECLARED,)
    asked = list(_asked(runbook, binding))
    highest = max((risk for risk, _rule in asked), key=RANKED.index)
    return highest, tuple(rule for risk, rule in asked if risk is highest)


def require_raising(runbook: Runbook, binding: Binding, wanted: Risk) -> None:
    """Refuse a class that does not raise what the plan has by itself.

    Args:
        runbook: what would be requested.
        binding: what it is applied to, not raised yet.
        wanted: the class somebody wants.

    Raises:
        RefusedError: it would be lowered, or one of both is an emergency.
    """
    found, _rules = risk_of(runbook, binding)
    if wanted is found:
        return
    if wanted not in RANKED or found not in RANKED:
        raise RefusedError(
            N_("risk class: {found} is not raised to {wanted}; an emergency is a runbook of its own"),
            rule="risk:emergency",
            hint=N_("leave --risk away"),
            found=found.value,
            wanted=wanted.value,
        )
    if RANKED.index(wanted) < RANKED.index(found):
        raise RefusedError(
            N_("risk class: it is {found} and can only be raised, not lowered to {wanted}"),
            rule="risk:lowered",
            hint=N_("leave --risk away; twokey plan says by which rule it has its class"),
            found=found.value,
            wanted=wanted.value,
        )


def _asked(runbook: Runbook, binding: Binding) -> Iterator[tuple[Risk, RiskRule]]:
    """Every rule with the class it asks for."""
    yield runbook.risk, _AS_DECLARED
    for step in runbook.steps:
        if isinstance(step.work, PlaybookWork) and step.work.irreversible:
            yield Risk.MAJOR, RiskRule(IRREVERSIBLE, N_("step {step} destroys the way back"), {"step": step.id})
    if runbook.mutating:
        for rule in _key_marks(binding):
            yield Risk.MAJOR, rule
    if binding.raised_to in RANKED:
        yield binding.raised_to, _RAISED


def _key_marks(binding: Binding) -> Iterator[RiskRule]:
    """Hosts and groups that mark key targets; whatever is not plainly "no" marks one."""
    groups = {group.name: group for group in binding.groups}
    for host in binding.hosts:
        if _marks(host.variables.get(KEY_TARGET)):
            yield RiskRule(KEY_HOST, N_("host {host} is a key target"), {"host": host.name})
    for group in binding.groups:
        if _marks(group.variables.get(KEY_TARGET)) and _members(group, groups):
            yield RiskRule(KEY_GROUP, N_("the hosts of group {group} are key targets"), {"group": group.name})


def _marks(value: JsonValue) -> bool:
    return value is not None and value is not False


def _members(group: Group, groups: dict[str, Group]) -> set[str]:
    """Hosts of a group and of everything below it."""
    seen: set[str] = set()
    hosts: set[str] = set()
    waiting = [group.name]
    while waiting:
        name = waiting.pop()
        if name in seen or name not in groups:
            continue
        seen.add(name)
        hosts.update(groups[name].hosts)
        waiting.extend(groups[name].children)
    return hosts
