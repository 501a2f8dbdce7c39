"""The terms a change comes under: those of its class, narrowed by environment and unit."""

from __future__ import annotations

from runner.model.policy import ClassTerms, Policy
from runner.model.runbook import Risk


def terms_of(policy: Policy, risk: Risk, environment: str, unit: str) -> ClassTerms:
    """What a change of that class, environment and unit needs."""
    del unit
    return policy.environments.get(environment, {}).get(risk, policy.classes[risk])
