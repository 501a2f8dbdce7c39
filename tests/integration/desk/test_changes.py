"""From content to an approved request: every signature, and what is refused on the way."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta

import pytest

from runner.engine.desk.expiry import expire_requests
from runner.errors import InvalidContentError, NotFoundError, RefusedError, SignatureError, UsageError
from runner.model.request import PublicationState, RequestState
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.model.time import Window
from runner.rules import statements
from runner.service.request_view import request_shown
from runner.wire.api_content import UploadedFile
from tests.desk_world import ALICE, BOB, CAROL, NOW, WINDOW, World


class TestPublication:
    def test_needs_two_people(self, world: World) -> None:
        outcome = world.desk.propose(world.proposal(ALICE, world.reach()))
        assert (outcome.state, outcome.complete) == ("proposed", False)
        assert outcome.next is not None
        assert outcome.next.people == ("bob",)
        content = statements.publish_content(outcome.subject, "web-restart", 1, statements.COUNTERSIGNER)
        with pytest.raises(RefusedError) as caught:
            world.submit(ALICE, StatementKind.PUBLISH, outcome.subject, content)
        assert caught.value.rule == "L1:author-countersigns"
        published = world.submit(BOB, StatementKind.PUBLISH, outcome.subject, content)
        assert (published.state, published.complete, published.next) == ("published", True, None)
        assert world.tags()[-3:] == [
            "service:statement:refused",
            "person:publication:countersigned",
            "service:publication:published",
        ]

    def test_is_not_countersigned_twice(self, world: World) -> None:
        digest = world.publish()
        content = statements.publish_content(digest, "web-restart", 1, statements.COUNTERSIGNER)
        with pytest.raises(RefusedError) as caught:
            world.submit(BOB, StatementKind.PUBLISH, digest, content)
        assert caught.value.rule == "L1:published"

    def test_is_proposed_once(self, world: World) -> None:
        world.publish()
        with pytest.raises(RefusedError) as caught:
            world.desk.propose(world.proposal(BOB, world.reach()))
        assert caught.value.rule == "L1:proposed-before"

    def test_an_author_brings_the_files(self, world: World) -> None:
        proposal = world.proposal(ALICE, world.reach())
        digest = world.desk.propose(proposal).subject
        content = statements.publish_content(digest, "web-restart", 1, statements.AUTHOR)
        with pytest.raises(UsageError):
            world.submit(BOB, StatementKind.PUBLISH, digest, content)

    def test_signed_digest_and_uploaded_bytes_must_agree(self, world: World) -> None:
        proposal = world.proposal(ALICE, world.reach())
        path = "playbooks/web/restart.yml"
        changed = tuple(
            replace(file, data=base64.b64encode(base64.b64decode(file.data) + b"# more\n").decode())
            if file.path == path
            else file
            for file in proposal.files
        )
        with pytest.raises(SignatureError) as caught:
            world.desk.propose(replace(proposal, files=changed))
        assert caught.value.rule == "L1:statement-differs"
        bits = tuple(replace(file, executable=not file.executable) for file in proposal.files)
        with pytest.raises(SignatureError):
            world.desk.propose(replace(proposal, files=bits))

    def test_what_is_not_reached_is_not_taken(self, world: World) -> None:
        proposal = world.proposal(ALICE, world.reach())
        more = UploadedFile("playbooks/web/other.yml", executable=False, data="")
        with pytest.raises(UsageError, match=r"other\.yml"):
            world.desk.propose(replace(proposal, files=(*proposal.files, more)))

    def test_what_is_reached_must_be_there(self, world: World) -> None:
        proposal = world.proposal(ALICE, world.reach())
        fewer = tuple(file for file in proposal.files if not file.path.endswith("health.yml"))
        with pytest.raises(InvalidContentError):
            world.desk.propose(replace(proposal, files=fewer))

    @pytest.mark.parametrize(
        "path", ["/etc/passwd", "../x.yml", "playbooks/../../x", "playbooks//x.yml", "a\nb", "x" * 400, ""]
    )
    def test_a_path_that_leads_out_is_refused(self, world: World, path: str) -> None:
        proposal = world.proposal(ALICE, world.reach())
        bad = UploadedFile(path, executable=False, data="")
        with pytest.raises(UsageError):
            world.desk.propose(replace(proposal, files=(*proposal.files, bad)))

    def test_a_file_given_twice_or_not_in_base64_is_refused(self, world: World) -> None:
        proposal = world.proposal(ALICE, world.reach())
        with pytest.raises(UsageError, match="twice"):
            world.desk.propose(replace(proposal, files=(*proposal.files, proposal.files[0])))
        broken = replace(proposal.files[0], data="###")
        with pytest.raises(UsageError, match="base64"):
            world.desk.propose(replace(proposal, files=(broken, *proposal.files[1:])))


class TestRequest:
    def test_is_numbered_without_gaps(self, world: World) -> None:
        content = world.publish()
        first = world.request(ALICE, world.plan(content))
        with pytest.raises(UsageError):
            world.request(ALICE, world.plan(content), reason=" ")
        second = world.request(BOB, world.plan(content, replace(WINDOW, closes=WINDOW.closes + timedelta(hours=1))))
        assert (first.request, second.request) == ("BG-2026-0001", "BG-2026-0002")

    def test_needs_published_content(self, world: World) -> None:
        digest = world.desk.propose(world.proposal(ALICE, world.reach())).subject
        with pytest.raises(RefusedError) as caught:
            world.request(ALICE, world.plan(digest))
        assert caught.value.rule == "L1:not-published"

    def test_needs_a_window_that_is_not_over(self, world: World) -> None:
        content = world.publish()
        with pytest.raises(RefusedError) as caught:
            world.request(ALICE, world.plan(content, None))
        assert caught.value.rule == "L8:no-window"
        with pytest.raises(RefusedError) as caught:
            world.request(ALICE, world.plan(content, Window(NOW - timedelta(hours=2), NOW)))
        assert caught.value.rule == "L8:window-closed"

    def test_needs_a_plan_that_was_made_here(self, world: World) -> None:
        document = world.plan(world.publish())
        content = world.request_content(document)
        with pytest.raises(NotFoundError):
            world.submit(ALICE, StatementKind.REQUEST, "sha256:" + "0" * 64, content)

    @pytest.mark.parametrize(
        "name, value",
        [
            ("plan", "sha256:" + "0" * 64),
            ("binding", "sha256:" + "0" * 64),
            ("risk", "standard"),
            ("version", 2),
            ("version", True),
            ("window", None),
            ("extra", 1),
        ],
    )
    def test_must_say_what_the_plan_says(self, world: World, name: str, value: str | int | None) -> None:
        document = world.plan(world.publish())
        content = {**world.request_content(document), name: value}
        with pytest.raises(SignatureError) as caught:
            world.submit(ALICE, StatementKind.REQUEST, document.digests.plan, content)
        assert caught.value.rule == "L1:statement-differs"

    def test_names_the_documents_its_class_asks_for(self, world: World) -> None:
        terms = replace(world.premises.policy.classes[Risk.ORDINARY], attachments=("risk_analysis",))
        world.use_policy(
            replace(world.premises.policy, classes={**world.premises.policy.classes, Risk.ORDINARY: terms})
        )
        document = world.plan(world.publish())
        with pytest.raises(RefusedError) as caught:
            world.request(ALICE, document)
        assert (caught.value.rule, caught.value.facts["kinds"]) == ("policy:attachment", "risk_analysis")
        named = {"risk_analysis": "risks.pdf sha256:" + "5" * 64}
        number = world.request(ALICE, document, attachments=named).request
        with world.store.reading() as transaction:
            shown = request_shown(world.premises, transaction, number, world.clock.now())
        assert shown.attachments == named

    @pytest.mark.parametrize("attachments", [{"risk_analysis": " "}, {"risk_analysis": "x" * 401}, {"k" * 65: "x"}])
    def test_a_document_without_a_name_is_none(self, world: World, attachments: dict[str, str]) -> None:
        with pytest.raises(SignatureError) as caught:
            world.request(ALICE, world.plan(world.publish()), attachments=attachments)
        assert caught.value.facts["field"] == "attachments"

    def test_is_withdrawn_by_its_requester_only(self, world: World) -> None:
        request = world.requested()
        content = statements.withdraw_content(request, "not needed")
        with pytest.raises(RefusedError) as caught:
            world.submit(BOB, StatementKind.WITHDRAW, request.number, content)
        assert caught.value.rule == "L2:withdrawer-is-not-requester"
        assert world.submit(ALICE, StatementKind.WITHDRAW, request.number, content).state == "withdrawn"
        with pytest.raises(RefusedError):
            world.approve(BOB, request.number)

    def test_expires_with_its_window(self, world: World) -> None:
        request = world.requested()
        assert expire_requests(world.premises) == 0
        world.clock.pass_by(hours=7)
        assert expire_requests(world.premises) == 1
        assert world.found_request(request.number).state is RequestState.EXPIRED
        assert world.tags()[-1] == "service:request:moved"
        assert expire_requests(world.premises) == 0


class TestRevision:
    def rejected(self, world: World) -> str:
        request = world.requested()
        world.submit(BOB, StatementKind.REJECT, request.number, statements.reject_content(request, "too early"))
        return request.number

    def test_keeps_its_number(self, world: World) -> None:
        number = self.rejected(world)
        content = world.found_request(number).content
        later = world.plan(content, replace(WINDOW, closes=WINDOW.closes + timedelta(hours=1)))
        outcome = world.request(ALICE, later, revises=number)
        request = world.found_request(number)
        assert (outcome.request, request.revision, request.state) == (number, 2, RequestState.SUBMITTED)
        assert world.approve(BOB, number).state == "approved"

    def test_is_its_requesters(self, world: World) -> None:
        number = self.rejected(world)
        with pytest.raises(RefusedError) as caught:
            world.request(BOB, world.plan(world.found_request(number).content), revises=number)
        assert caught.value.rule == "L2:reviser-is-not-requester"

    def test_needs_a_rejection_first(self, world: World) -> None:
        request = world.requested()
        with pytest.raises(RefusedError) as caught:
            world.request(ALICE, world.plan(request.content), revises=request.number)
        assert caught.value.rule == "state:not-rejected"

    def test_does_not_inherit_an_approval(self, world: World) -> None:
        request = world.approved()
        world.submit(BOB, StatementKind.REJECT, request.number, statements.reject_content(request, "changed my mind"))
        with pytest.raises(RefusedError) as caught:
            world.request(ALICE, world.plan(request.content), revises=request.number)
        assert caught.value.rule == "L4:same-plan"


class TestApproval:
    def test_is_another_persons(self, world: World) -> None:
        request = world.requested()
        with pytest.raises(RefusedError) as caught:
            world.approve(ALICE, request.number)
        assert caught.value.rule == "L2:approver-is-requester"
        assert caught.value.exit_code == 4

    def test_is_given_once(self, world: World) -> None:
        request = world.approved()
        with pytest.raises(RefusedError) as caught:
            world.approve(BOB, request.number)
        assert caught.value.rule == "L4:approved-already"

    def test_the_author_is_never_the_only_approver(self, wider_world: World) -> None:
        world = wider_world
        content = world.publish(author=BOB, other=ALICE)
        number = world.request(ALICE, world.plan(content)).request
        with pytest.raises(RefusedError) as caught:
            world.approve(BOB, number)
        assert caught.value.rule == "L2:author-is-only-approver"
        assert world.approve(CAROL, number).state == "approved"
        assert world.approve(BOB, number).state == "approved"

    def test_is_of_the_exact_plan(self, world: World) -> None:
        request = world.requested()
        other = replace(request, plan="sha256:" + "0" * 64)
        with pytest.raises(SignatureError) as caught:
            world.submit(BOB, StatementKind.APPROVE, request.number, world.approval_content(other))
        assert (caught.value.rule, caught.value.facts["field"]) == ("L1:statement-differs", "plan")
        assert world.found_request(request.number).state is RequestState.SUBMITTED

    def test_is_of_this_revision(self, world: World) -> None:
        request = world.requested()
        other = replace(request, revision=2)
        with pytest.raises(SignatureError):
            world.submit(BOB, StatementKind.APPROVE, request.number, world.approval_content(other))

    @pytest.mark.parametrize(
        "opens, closes, runs, rule",
        [
            (NOW, WINDOW.closes + timedelta(seconds=1), 1, "L4:validity"),
            (NOW, NOW, 1, "L4:validity"),
            (WINDOW.closes, WINDOW.closes, 1, "L4:validity"),
            (NOW, WINDOW.closes, 0, "L4:max-runs"),
            (NOW, WINDOW.closes, 3, "L4:max-runs"),
        ],
    )
    def test_stays_within_window_and_policy(
        self, world: World, opens: object, closes: object, runs: int, rule: str
    ) -> None:
        request = world.requested()
        assert isinstance(opens, type(NOW))
        assert isinstance(closes, type(NOW))
        content = statements.approve_content(request, opens, closes, runs)
        with pytest.raises(RefusedError) as caught:
            world.submit(BOB, StatementKind.APPROVE, request.number, content)
        assert caught.value.rule == rule

    @pytest.mark.parametrize("value", ["soon", "2026-11-23T10:00:00+08:00", "2026-11-23 02:00:00Z", 5, None])
    def test_needs_times_in_utc(self, world: World, value: str | int | None) -> None:
        request = world.requested()
        content = {**world.approval_content(request), "not_before": value}
        with pytest.raises(UsageError):
            world.submit(BOB, StatementKind.APPROVE, request.number, content)

    def test_may_be_taken_back_until_it_is_used(self, world: World) -> None:
        request = world.approved()
        rejected = world.submit(BOB, StatementKind.REJECT, request.number, statements.reject_content(request, "no"))
        assert rejected.state == "rejected"
        with pytest.raises(RefusedError) as caught:
            world.start(ALICE, request.number)
        assert caught.value.rule == "state:not-approved"

    def test_a_requester_withdraws_instead_of_rejecting(self, world: World) -> None:
        request = world.requested()
        with pytest.raises(RefusedError) as caught:
            world.submit(ALICE, StatementKind.REJECT, request.number, statements.reject_content(request, "no"))
        assert caught.value.rule == "L2:rejecter-is-requester"


def test_publication_is_on_record(world: World) -> None:
    digest = world.publish()
    with world.store.reading() as transaction:
        publication = transaction.publications.get(digest)
        signed = transaction.statements.of(digest)
    assert (publication.state, publication.author, publication.countersigner) == (
        PublicationState.PUBLISHED,
        "alice",
        "bob",
    )
    assert [statement.signed.statement.person for statement in signed] == ["alice", "bob"]
    manifest = world.payload_of("person:publication:proposed")["manifest"]
    assert isinstance(manifest, dict)
    assert manifest["runbook"] == "runbooks/restart/web-restart.yml"
