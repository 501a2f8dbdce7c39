"""The desk: takes a signed statement in, and either gives it its effect in one transaction or refuses it on record.

The order is always the same: it is a statement; somebody who may sign has signed it; a policy whose date has come is
brought into force; the statement belongs to this log and this moment; it says exactly what the service would have
written; law and policy allow it; then statement, effect, transition and log entries are committed together, and whoever
has something to do is woken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from runner.engine.desk import (
    accepting,
    approving,
    closing,
    granting,
    handing,
    publishing,
    requesting,
    resolving,
    reviewing,
    standing,
    starting,
    stopping,
)
from runner.engine.desk.admission import Admitted, attested, authenticate, require_current, require_place
from runner.engine.desk.case import Case
from runner.engine.desk.genesis import require_active
from runner.engine.desk.policies import switch_policies
from runner.engine.desk.premises import Premises
from runner.engine.desk.recovering import Recovery, recovering
from runner.engine.desk.refusals import RefusalLog
from runner.engine.uploads import reach_of_upload
from runner.errors import RefusedError, UsageError
from runner.model.statement import StatementKind
from runner.proof.note import NoteSigner
from runner.rules.statements import AUTHOR
from runner.store.store import Transaction
from runner.wire.api_content import Proposal
from runner.wire.api_request import Outcome, Signed
from runner.words import N_

Handler = Callable[[Case], Outcome]

_HANDLERS: Final[Mapping[StatementKind, Handler]] = {
    StatementKind.PUBLISH: publishing.countersign,
    StatementKind.REQUEST: requesting.submit,
    StatementKind.APPROVE: approving.approve,
    StatementKind.REJECT: approving.reject,
    StatementKind.WITHDRAW: requesting.withdraw,
    StatementKind.REVOKE: standing.revoke,
    StatementKind.CHECK: starting.check,
    StatementKind.START: starting.start,
    StatementKind.CONFIRM: starting.confirm,
    StatementKind.GATE: resolving.gate,
    StatementKind.SHEET: resolving.sheet,
    StatementKind.PAUSE: stopping.pause,
    StatementKind.ABORT: stopping.abort,
    StatementKind.DECIDE: resolving.decide,
    StatementKind.HAND_OVER: handing.hand_over,
    StatementKind.CLOSE: closing.close,
    StatementKind.VERIFY: accepting.verify,
    StatementKind.ACCEPT: accepting.accept,
    StatementKind.REVIEW: reviewing.review,
    StatementKind.APPLY: granting.apply,
    StatementKind.GRANT: granting.approve,
    StatementKind.DENY: granting.deny,
    StatementKind.RETRACT: granting.retract,
    StatementKind.INSPECT: granting.inspect,
}
"""Every kind but genesis, which is signed before any service starts."""


class Desk:
    """Takes signed statements; safe to call from any thread."""

    def __init__(
        self, premises: Premises, recovery: Recovery | None = None, attester: NoteSigner | None = None
    ) -> None:
        """Open the desk.

        Args:
            premises: what it works with.
            recovery: sets credentials anew; without it nobody's can be.
            attester: the log's key, with which the service vouches for statements confirmed by password; without it
                none are taken.
        """
        self._premises = premises
        self._recovery = recovery
        self._attester = attester
        self._refusals = RefusalLog(premises)
        self._is_active = False
        """Whether everybody has signed the first entries; once true, it stays so."""

    def submit(self, signed: Signed, source: str = "") -> Outcome:
        """Deal with a statement of any kind.

        Args:
            signed: what was handed in.
            source: from where, as the operating system says; empty when it does not.

        Raises:
            RefusedError: it is refused; the refusal is on record.
            UsageError: it is not a statement, or asks for what does not exist.
            StorageError: nothing can be recorded at present; nothing took effect.
        """
        admitted = self._authenticate(signed)
        return self._deal(admitted, self._handler(admitted), source)

    def attest(self, text: str, person: str, source: str = "") -> Outcome:
        """Deal with a statement that a person has just confirmed by password and code; raises as `submit`."""
        if self._attester is None:
            raise UsageError(N_("this service vouches for no statements; sign with a key"))
        try:
            admitted = attested(self._premises, text, person, self._attester)
        except (RefusedError, UsageError):
            self._refusals.nobody_known()
            raise
        return self._deal(admitted, self._handler(admitted), source)

    def propose(self, proposal: Proposal, source: str = "") -> Outcome:
        """Deal with content proposed for publication, its bytes included; raises as `submit`."""
        admitted = self._authenticate(Signed(proposal.statement, proposal.signature))
        if admitted.signed.statement.kind is not StatementKind.PUBLISH:
            raise UsageError(N_("content is proposed with a statement of kind publish"))
        reach = reach_of_upload(proposal.runbook, proposal.files)
        for blob in reach.blobs.values():
            self._premises.contents.put(blob.data)
        return self._deal(admitted, lambda case: publishing.propose(case, reach), source)

    def stop(self) -> None:
        """Write what is still only counted."""
        self._refusals.flush()

    def _handler(self, admitted: Admitted) -> Handler:
        """What is done about a statement; what takes long is done here, before its transaction."""
        statement = admitted.signed.statement
        if statement.content.get("part") == AUTHOR:
            return _without_bytes
        return recovering(admitted.signed, self._recovery) or _HANDLERS.get(statement.kind, _not_here)

    def _authenticate(self, signed: Signed) -> Admitted:
        try:
            return authenticate(self._premises, signed.statement, signed.signature)
        except (RefusedError, UsageError):
            self._refusals.nobody_known()
            raise

    def _require_active(self, transaction: Transaction) -> None:
        if not self._is_active:
            require_active(transaction)
            self._is_active = True

    def _deal(self, admitted: Admitted, handler: Handler, source: str) -> Outcome:
        switch_policies(self._premises)
        try:
            with self._premises.store.writing() as transaction:
                self._require_active(transaction)
                require_current(self._premises, transaction, admitted.signed.statement)
                require_place(self._premises, transaction, admitted.signed.statement, source)
                now = self._premises.clock.now()
                return handler(Case(self._premises, transaction, admitted.signed, admitted.person, now))
        except RefusedError as refusal:
            self._refusals.refused(admitted, refusal)
            raise


def _not_here(case: Case) -> Outcome:
    raise UsageError(N_("a statement of kind {kind} is not taken here"), kind=case.statement.kind.value)


def _without_bytes(case: Case) -> Outcome:
    raise UsageError(
        N_("content {digest}: an author proposes it together with its files"),
        hint=N_("use: twokey runbook publish"),
        digest=case.statement.subject[:80],
    )
