"""The policy in force, shared by everything that goes by it."""

from __future__ import annotations

from runner.model.policy import Policy


class InForce:
    """The policy in force; another one takes its place once a grant of it is committed."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def take(self, policy: Policy) -> None:
        """Go by another policy from now on."""
        self.policy = policy
