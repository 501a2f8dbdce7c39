"""The desk's world: from content to a run in progress, each in one call."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from runner.client import drafts
from runner.model.document import JsonObject, JsonValue
from runner.model.plan import Plan, PlanDocument
from runner.model.request import Request, StandingTerms
from runner.model.run import RunRecord
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.model.time import Window
from runner.proof.canonical import digest_of
from runner.rules import statements
from runner.runbook.closure import Reach, reach_of_file
from runner.wire.api_content import Proposal, UploadedFile
from runner.wire.api_request import Outcome, PlanAsked
from runner.wire.documents import to_document
from tests.desk_bureau import ALICE, BOB, CAROL, DAVE, NOW, STRANGER, WINDOW, Bureau, FixedClock, Signer, found
from tests.desk_site import write_site

__all__ = ["ALICE", "BOB", "CAROL", "DAVE", "NOW", "STRANGER", "WINDOW", "FixedClock", "Signer", "World", "found"]


RESTART = "runbooks/restart/web-restart.yml"


class World(Bureau):
    """The bureau with everything people do to get a change running."""

    def reach(self, runbook: str = RESTART) -> Reach:
        return reach_of_file(self.site.root, self.site.root / runbook)

    def proposal(self, person: Signer, reach: Reach) -> Proposal:
        digest = digest_of(to_document(reach.content))
        content = statements.publish_content(digest, reach.runbook.id, reach.runbook.version, statements.AUTHOR)
        signed = self.signed(person, self.statement(person, StatementKind.PUBLISH, digest, content))
        files = tuple(
            UploadedFile(path, blob.executable, base64.b64encode(blob.data).decode())
            for path, blob in reach.blobs.items()
        )
        return Proposal(reach.content.runbook, files, signed.statement, signed.signature)

    def publish(self, author: Signer = ALICE, other: Signer = BOB, runbook: str = RESTART) -> str:
        """Publish the runbook as it is on disk; its content digest."""
        reach = self.reach(runbook)
        outcome = self.desk.propose(self.proposal(author, reach))
        content = statements.publish_content(
            outcome.subject, reach.runbook.id, reach.runbook.version, statements.COUNTERSIGNER
        )
        self.submit(other, StatementKind.PUBLISH, outcome.subject, content)
        return outcome.subject

    def plan(
        self,
        content: str,
        window: Window | None = WINDOW,
        parameters: Mapping[str, JsonValue] | None = None,
        risk: Risk | None = None,
    ) -> PlanDocument:
        """Make and keep a plan."""
        with self.store.writing() as transaction:
            asked = PlanAsked(content=content, parameters=parameters or {}, window=window, risk=risk)
            document = self.premises.planner.make(transaction.publications.get(content), asked)
            transaction.plans.put(document)
        return document

    def open(self, digest: str) -> Plan:
        with self.store.reading() as transaction:
            return self.premises.plans.get(digest, transaction.plans).plan

    def request(
        self,
        person: Signer,
        document: PlanDocument,
        reason: str = "leak",
        revises: str = "",
        attachments: Mapping[str, str] | None = None,
        trial: int | None = None,
    ) -> Outcome:
        content = self.request_content(document, reason, revises, attachments, trial)
        return self.submit(person, StatementKind.REQUEST, document.digests.plan, content)

    def request_content(
        self,
        document: PlanDocument,
        reason: str = "leak",
        revises: str = "",
        attachments: Mapping[str, str] | None = None,
        trial: int | None = None,
    ) -> JsonObject:
        plan = self.open(document.digests.plan)
        return statements.request_content(
            plan.digests,
            plan.runbook.id,
            plan.runbook.version,
            plan.risk,
            plan.binding.window,
            reason,
            revises,
            attachments or {},
            plan.runbook.trial if trial is None else trial,
        )

    def standing(self, person: Signer, document: PlanDocument, days: float = 1, max_runs: int = 2) -> Outcome:
        """Ask for a standing approval of a plan."""
        terms = StandingTerms(self.clock.now() + timedelta(days=days), max_runs)
        draft = drafts.request(self.open(document.digests.plan), "nightly", standing=terms)
        return self.submit(person, draft.kind, draft.subject, draft.content)

    def standing_approved(self, max_runs: int = 2) -> Request:
        """A standing approval of alice's request by bob."""
        number = self.standing(ALICE, self.plan(self.publish(), window=None), max_runs=max_runs).request
        self.approve_standing(BOB, number, max_runs)
        return self.found_request(number)

    def approve_standing(self, person: Signer, number: str, max_runs: int | None = None) -> Outcome:
        draft = drafts.approve(self.found_request(number), self.clock.now(), timedelta(days=7), max_runs)
        return self.submit(person, draft.kind, draft.subject, draft.content)

    def revoke(self, person: Signer, number: str, reason: str = "no longer needed") -> Outcome:
        draft = drafts.revoke(self.found_request(number), reason)
        return self.submit(person, draft.kind, draft.subject, draft.content)

    def requested(self, person: Signer = ALICE) -> Request:
        """A submitted request over freshly published content."""
        return self.found_request(self.request(person, self.plan(self.publish())).request)

    def approve(self, person: Signer, number: str, max_runs: int = 1) -> Outcome:
        request = self.found_request(number)
        return self.submit(person, StatementKind.APPROVE, number, self.approval_content(request, max_runs))

    def approval_content(self, request: Request, max_runs: int = 1) -> JsonObject:
        window = request.window or Window(self.clock.now(), self.clock.now() + timedelta(days=1))
        return statements.approve_content(request, window.opens, window.closes, max_runs)

    def approved(self, max_runs: int = 1) -> Request:
        """A request of alice's that bob has approved."""
        number = self.requested().number
        self.approve(BOB, number, max_runs)
        return self.found_request(number)

    def start(self, person: Signer, number: str) -> Outcome:
        return self.submit(person, StatementKind.START, number, statements.start_content(self.found_request(number)))

    def confirm(self, person: Signer, started: Outcome, executor: str = "alice") -> Outcome:
        request = self.found_request(started.request)
        content = statements.confirm_content(request, started.run, started.statement, executor)
        return self.submit(person, StatementKind.CONFIRM, started.run, content)

    def running(self) -> RunRecord:
        """A run of alice's that bob has confirmed."""
        started = self.start(ALICE, self.approved().number)
        self.confirm(BOB, started)
        return self.run(started.run)


def make_world(folder: Path, people: Sequence[Signer] = (ALICE, BOB)) -> None:
    """Make a founded site, `site` and `state`, in a folder."""
    found(write_site(folder / "site"), folder / "state", people, FixedClock())


@contextmanager
def opened_world(folder: Path) -> Iterator[World]:
    """A world that is closed at the end."""
    world = World(folder)
    try:
        yield world
    finally:
        world.close()
