"""What the desk works with: the parts it is given by whoever composes the service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from runner.audit.leaves import LeafMaker
from runner.audit.ports import SignatureVerifier
from runner.engine.desk.register import RegisterShelf
from runner.engine.in_force import InForce
from runner.engine.notifier import Notice
from runner.engine.planning import Planner
from runner.engine.plans import PlanShelf
from runner.model.plan import Plan
from runner.model.policy import Policy
from runner.model.run import RunRecord
from runner.model.site import Site
from runner.model.time import Clock
from runner.store.content import ContentStore
from runner.store.store import Store, Transaction


class RunPort(Protocol):
    """What the desk asks of the run machine."""

    def begin_run(self, transaction: Transaction, record: RunRecord, plan: Plan, now: datetime) -> None:
        """Take the run's hosts, all or none, and record the run as begun; part of the caller's transaction.

        Raises:
            RefusedError: another run holds one of the hosts; names it and since when.
        """
        ...

    def warm(self, run: str) -> None:
        """Get ready to begin this run soon: its snapshot, its shim, its first Ansible process."""
        ...

    def wake(self, run: str) -> None:
        """Hint that the run may have something to do."""
        ...

    def tell(self, notice: Notice) -> None:
        """Tell people outside, soon."""
        ...


@dataclass(frozen=True, slots=True)
class Premises:
    """Everything a statement is dealt with by."""

    store: Store
    leaves: LeafMaker
    verifier: SignatureVerifier
    clock: Clock
    planner: Planner
    plans: PlanShelf
    contents: ContentStore
    runs: RunPort
    site: Site
    in_force: InForce
    register: RegisterShelf
    embedded: bool
    """Whether the service was started by a person's client."""

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self.in_force.policy

    @property
    def policy_digest(self) -> str:
        """Digest of its file."""
        return self.in_force.digest
