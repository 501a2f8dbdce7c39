"""The steps of the procedure in `docs/audit-verification.md`, and how a step says that it failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Self

from runner.errors import Fact, RunnerError, VerificationError
from runner.words import N_

STEPS: Final[Mapping[str, str]] = {
    "1.2": N_("heads that others remember: signature, key and log"),
    "2": N_("statements: bytes, people, signatures"),
    "3": N_("entries: order, form, payload, statement, attempts"),
    "4.1": N_("tiles of the tree"),
    "4.3": N_("checkpoints: signature and root"),
    "4.4": N_("heads that others remember: root"),
    "4.5": N_("heads that signers had seen: root"),
    "5.1": N_("entries not yet in the tree: form and payload"),
    "B2": N_("the checkpoint of the bundle"),
    "B3": N_("statements of the bundle: bytes, people, signatures"),
    "B4": N_("entries of the bundle: form, payload, statement, attempts, proof"),
    "B6": N_("statements that an entry names"),
}
"""What the answer counts, in the order of the procedure."""


class StepError(VerificationError):
    """Something is not as a step of the procedure demands."""

    def __init__(self, message: str, *, step: str, entry: int | None = None, **facts: Fact) -> None:
        super().__init__(message)
        self.facts = facts
        self.step = step
        """Number of the step."""
        self.entry = entry
        """First entry that may be bad, where the check itself can tell better than who feeds it."""

    @classmethod
    def of(cls, step: str, error: RunnerError) -> Self:
        """The same as `error`, as the failure of a step."""
        failed = cls(error.message, step=step)
        failed.facts = dict(error.facts)
        return failed
