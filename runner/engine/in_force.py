"""The policy in force, shared by everything that goes by it, and those that were granted for a later date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runner.model.policy import Policy


@dataclass(frozen=True, slots=True)
class Coming:
    """A policy that was granted and counts from a later instant."""

    number: str
    """Of its grant."""
    policy: Policy
    digest: str
    at: datetime


class InForce:
    """The policy in force; another one takes its place once its coming into force is committed."""

    def __init__(self, policy: Policy, digest: str = "", coming: tuple[Coming, ...] = ()) -> None:
        """Begin with a policy.

        Args:
            policy: the one in force.
            digest: of its file.
            coming: those granted for later, in the order of their instants.
        """
        self.policy = policy
        self.digest = digest
        self.coming = coming

    def take(self, policy: Policy, digest: str, coming: tuple[Coming, ...]) -> None:
        """Go by another policy from now on."""
        self.policy, self.digest, self.coming = policy, digest, coming

    def is_due(self, now: datetime) -> bool:
        """Whether a policy granted for later has its time now."""
        return any(each.at <= now for each in self.coming)
