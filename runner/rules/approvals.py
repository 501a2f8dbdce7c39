"""Which approvals count: those of the plan in question, given under the policy in force (PCIS-32)."""

from __future__ import annotations

from collections.abc import Iterable

from runner.model.request import Approval


def counting(approvals: Iterable[Approval], plan: str, policy: str) -> tuple[Approval, ...]:
    """The approvals of a plan that count.

    Args:
        approvals: all of a request.
        plan: digest of its plan.
        policy: digest of the policy in force.
    """
    return tuple(each for each in approvals if each.plan == plan and each.policy == policy)


def lapsed(approvals: Iterable[Approval], plan: str, policy: str) -> tuple[Approval, ...]:
    """The approvals of a plan that were given under another policy; the arguments are those of `counting`."""
    return tuple(each for each in approvals if each.plan == plan and each.policy != policy)
