"""The interface over its socket, through the typed client."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest

from runner.errors import (
    InvalidContentError,
    NotFoundError,
    RefusedError,
    RunnerError,
    SignatureError,
    UsageError,
)
from runner.model.log import LogFilter
from runner.model.request import PublicationState, RequestState
from runner.model.run import RunState
from runner.model.statement import StatementKind
from runner.proof.checkpoint import open_checkpoint
from runner.proof.merkle import leaf_hash, verify_consistency, verify_inclusion
from runner.proof.note import NoteKey
from runner.rules import statements
from runner.wire.api_request import PlanAsked, Signed
from tests.desk_world import ALICE, BOB, NOW, WINDOW
from tests.integration.service.conftest import Served


class TestStatus:
    def test_says_what_it_is(self, served: Served) -> None:
        status = served.client.status()
        assert (status.site, status.origin, status.environment) == ("test", served.world.site.origin, "test")
        assert (status.embedded, status.production, status.people) == (True, False, ("alice", "bob"))
        assert (status.log_size + status.log_waiting, status.runs_in_progress, status.holding) == (3, 0, "")
        assert status.now == NOW

    def test_versions_people_and_settings(self, served: Served) -> None:
        versions = served.client.versions()
        assert versions.ansible_core
        assert versions.sqlite
        people = served.client.people().people
        assert [person.name for person in people] == ["alice", "bob"]
        assert people[0].fingerprint == ALICE.key.public.fingerprint
        settings = {setting.name: setting for setting in served.client.environment.config().settings}
        assert settings["policy.max_runs"].value == "2"
        assert settings["policy.max_runs"].origin.endswith("policy.yml")
        assert settings["policy.hold"].origin == "default"


class TestContent:
    def test_a_publication_from_proposal_to_plan(self, served: Served) -> None:
        world, client = served.world, served.client
        reach = world.reach()
        outcome = client.propose(world.proposal(ALICE, reach))
        shown = client.publication(outcome.subject)
        assert shown.row.state is PublicationState.PROPOSED
        assert shown.turn is not None
        assert shown.turn.people == ("bob",)
        assert client.waiting("bob").acts == (shown.turn,)
        assert client.waiting("alice").acts == ()
        for file in shown.content.files:
            assert client.blob(file.sha256) == reach.blobs[file.path].data
        content = statements.publish_content(outcome.subject, "web-restart", 1, statements.COUNTERSIGNER)
        client.sign(world.signed(BOB, world.statement(BOB, StatementKind.PUBLISH, outcome.subject, content)))
        (row,) = client.runbooks().runbooks
        assert (row.id, row.state, row.author, row.countersigner) == (
            "web-restart",
            PublicationState.PUBLISHED,
            "alice",
            "bob",
        )
        assert row.title.zh == "重启网站服务"
        page = client.publications([PublicationState.PUBLISHED])
        assert ([found.digest for found in page.rows], page.next) == ([outcome.subject], None)
        plan = client.make_plan(PlanAsked(runbook="web-restart", window=WINDOW))
        assert plan.digests.content == outcome.subject
        assert client.plan(plan.digests.plan) == plan

    def test_unpublished_content_is_not_planned(self, served: Served) -> None:
        outcome = served.client.propose(served.world.proposal(ALICE, served.world.reach()))
        with pytest.raises(NotFoundError):
            served.client.make_plan(PlanAsked(runbook="web-restart"))
        with pytest.raises(RefusedError) as caught:
            served.client.make_plan(PlanAsked(content=outcome.subject))
        assert caught.value.rule == "L1:not-published"

    def test_only_published_or_proposed_bytes_are_given_out(self, served: Served) -> None:
        data = b"not content"
        served.world.premises.contents.put(data)
        with pytest.raises(NotFoundError):
            served.client.blob(hashlib.sha256(data).hexdigest())
        with pytest.raises(NotFoundError):
            served.client.blob("../../etc/passwd")

    def test_what_is_meant_is_named(self, served: Served) -> None:
        served.world.publish()
        with pytest.raises(NotFoundError) as caught:
            served.client.make_plan(PlanAsked(runbook="web-restrat"))
        assert caught.value.facts["near"] == "web-restart"
        with pytest.raises(UsageError):
            served.client.make_plan(PlanAsked())
        with pytest.raises(UsageError):
            served.client.make_plan(PlanAsked(runbook="web-restart", hosts=("web9",)))
        with pytest.raises(NotFoundError):
            served.client.make_plan(PlanAsked(runbook="web-restart", parameters={"reason_cod": 1}))
        with pytest.raises(UsageError):
            served.client.make_plan(PlanAsked(runbook="web-restart", parameters={"reason_code": 10}))

    def test_problems_of_content_come_whole(self, served: Served) -> None:
        proposal = served.world.proposal(ALICE, served.world.reach())
        fewer = tuple(file for file in proposal.files if not file.path.endswith("health.yml"))
        with pytest.raises(InvalidContentError) as caught:
            served.client.propose(type(proposal)(proposal.runbook, fewer, proposal.statement, proposal.signature))
        assert caught.value.problems
        assert caught.value.problems[0].startswith("runbooks/restart/web-restart.yml:")

    def test_secrets_by_reference_and_whether_they_can_be_resolved(self, served: Served) -> None:
        assert served.client.environment.secrets().secrets == ()
        text = "apiVersion: twokey/v1\nkind: Secrets\nsecrets: {token: {version: '1', environment: NO_SUCH_VARIABLE}}\n"
        (served.world.site.inventory / "secrets.yml").write_text(text, "utf-8")
        (shown,) = served.client.environment.secrets().secrets
        assert (shown.secret.name, shown.secret.source) == ("token", "environment:NO_SUCH_VARIABLE")
        assert "no variable of this name" in shown.problem
        (served.world.site.inventory / "secrets.yml").write_text("secrets: [", "utf-8")
        with pytest.raises(InvalidContentError):
            served.client.environment.secrets()

    def test_the_inventory_with_its_locks(self, served: Served) -> None:
        record = served.world.running()
        shown = served.client.inventory()
        assert [host.name for host in shown.hosts] == ["web1"]
        assert [(lock.host, lock.run, lock.exclusive) for lock in shown.locks] == [("web1", record.id, True)]
        (served.world.site.inventory / "hosts.yml").write_text("all: [")
        broken = served.client.inventory()
        assert broken.hosts == ()
        assert broken.problems


class TestRequests:
    def test_one_with_all_an_approver_needs(self, served: Served) -> None:
        request = served.world.requested()
        shown = served.client.request(request.number)
        assert (shown.request, shown.runs, shown.approvals) == (request, (), ())
        assert [(act.kind, act.people) for act in shown.acts] == [
            (StatementKind.APPROVE, ("bob",)),
            (StatementKind.REJECT, ("bob",)),
            (StatementKind.WITHDRAW, ("alice",)),
        ]
        assert [statement.kind for statement in shown.statements] == [StatementKind.REQUEST]
        signed = shown.statements[0]
        assert json.loads(signed.statement)["content"]["reason"] == "leak"
        assert served.client.statement(signed.id) == signed
        assert shown.hindrances[0].message
        assert "expires" in shown.otherwise.message

    def test_one_that_can_be_started(self, served: Served) -> None:
        number = served.world.approved().number
        shown = served.client.request(number)
        assert shown.hindrances == ()
        assert [act.kind for act in served.client.waiting("alice").acts] == [StatementKind.START]
        hosts = served.world.site.inventory / "hosts.yml"
        hosts.write_text(hosts.read_text().replace("green", "red"))
        assert [words.facts["place"] for words in served.client.request(number).hindrances] == [
            "binding.groups.all.variables.colour"
        ]

    def test_pages_newest_first(self, served: Served) -> None:
        content = served.world.publish()
        for hours in range(1, 6):
            window = type(WINDOW)(WINDOW.opens, WINDOW.closes + timedelta(hours=hours))
            served.world.request(ALICE, served.world.plan(content, window))
        first = served.client.requests(limit=2)
        assert [row.number for row in first.rows] == ["BG-2026-0005", "BG-2026-0004"]
        second = served.client.requests(before=first.next, limit=2)
        assert [row.number for row in second.rows] == ["BG-2026-0003", "BG-2026-0002"]
        third = served.client.requests(before=second.next, limit=2)
        assert ([row.number for row in third.rows], third.next) == (["BG-2026-0001"], None)
        assert served.client.requests(before=first.rows[-1].number, limit=3).next is None
        assert served.client.requests([RequestState.APPROVED]).rows == ()
        with pytest.raises(NotFoundError):
            served.client.requests(before="BG-2026-9999")
        assert len(served.client.requests([RequestState.APPROVED, RequestState.SUBMITTED]).rows) == 5

    def test_earlier_revisions(self, served: Served) -> None:
        world = served.world
        request = world.requested()
        world.submit(BOB, StatementKind.REJECT, request.number, statements.reject_content(request, "no"))
        window = type(WINDOW)(WINDOW.opens, WINDOW.closes + timedelta(hours=1))
        world.request(ALICE, world.plan(request.content, window), revises=request.number)
        shown = served.client.request(request.number)
        assert [(one.revision, one.plan, one.state) for one in shown.revisions] == [
            (1, request.plan, RequestState.REJECTED)
        ]
        assert shown.request.revision == 2

    def test_a_refusal_arrives_as_it_was_raised(self, served: Served) -> None:
        request = served.world.requested()
        content = served.world.approval_content(request)
        signed = served.world.signed(
            ALICE, served.world.statement(ALICE, StatementKind.APPROVE, request.number, content)
        )
        with pytest.raises(RefusedError) as caught:
            served.client.sign(signed)
        assert type(caught.value) is RefusedError
        assert (caught.value.rule, caught.value.exit_code) == ("L2:approver-is-requester", 4)
        assert (caught.value.facts["who"], caught.value.advice()) == ("bob", "this can be signed by: bob")
        with pytest.raises(SignatureError):
            served.client.sign(Signed(signed.statement, "nothing"))

    def test_what_does_not_exist(self, served: Served) -> None:
        for look in (
            lambda: served.client.request("BG-2026-9999"),
            lambda: served.client.run("BG-2026-9999/1"),
            lambda: served.client.plan("sha256:" + "0" * 64),
            lambda: served.client.publication("sha256:" + "0" * 64),
            lambda: served.client.statement("0" * 64),
            lambda: served.log.entry(10_000),
            lambda: served.log.bundle("BG-2026-9999/1"),
        ):
            with pytest.raises(NotFoundError):
                look()


class TestLog:
    def test_head_and_proofs(self, served: Served) -> None:
        first = served.log.checkpoint()
        served.world.requested()
        second = served.log.checkpoint()
        key = NoteKey.from_text(second.log_key)
        old, new = open_checkpoint(first.note.encode(), key), open_checkpoint(second.note.encode(), key)
        assert new.size > old.size == 3
        proof = served.log.consistency(old.size, new.size)
        verify_consistency(old.size, old.root, new.size, new.root, [bytes.fromhex(part) for part in proof.hashes])
        entry = served.log.entry(1)
        inclusion = served.log.inclusion(1, new.size)
        hashed = bytes.fromhex(inclusion.leaf_hash)
        assert hashed == leaf_hash(json.dumps(entry.leaf, sort_keys=True, separators=(",", ":")).encode())
        verify_inclusion(hashed, 1, new.size, [bytes.fromhex(part) for part in inclusion.hashes], new.root)

    def test_proofs_of_what_is_not_there(self, served: Served) -> None:
        for look in (lambda: served.log.consistency(1, 99), lambda: served.log.inclusion(99, 3)):
            with pytest.raises(UsageError):
                look()

    def test_entries_newest_first_and_narrowed(self, served: Served) -> None:
        request = served.world.requested()
        page = served.log.entries(limit=2)
        assert [entry.tag for entry in page.rows] == ["person:request:submitted", "service:publication:published"]
        assert page.next == str(page.rows[-1].id)
        older = served.log.entries(before=page.next, limit=2)
        assert older.rows[0].id == page.rows[-1].id - 1
        mine = served.log.entries(LogFilter(request=request.number))
        assert [(entry.actor, entry.about["request"]) for entry in mine.rows] == [("alice", request.number)]
        assert len(served.log.entries(LogFilter(actor="bob")).rows) == 2
        assert served.log.entries(LogFilter(tag="service:log:opened")).rows[0].payload is None

    def test_a_bundle_is_made_on_record(self, served: Served) -> None:
        record = served.world.running()
        archive = served.log.bundle(record.id)
        entry = served.log.entries(LogFilter(run=record.id), limit=1).rows[0]
        assert entry.tag == "person:bundle:exported"
        assert entry.payload is not None
        assert entry.payload["digest"] == "sha256:" + hashlib.sha256(archive).hexdigest()


class TestRuns:
    def test_one_that_waits_for_its_confirmer(self, served: Served) -> None:
        world = served.world
        started = world.start(ALICE, world.approved().number)
        shown = served.client.run(started.run)
        assert shown.row.state is RunState.CONFIRMING
        assert shown.act is not None
        assert (shown.act.kind, shown.act.people, shown.act.signed) == (StatementKind.CONFIRM, ("bob",), ("alice",))
        assert "lapses" in shown.otherwise.message
        assert [(act.kind, act.run) for act in served.client.waiting("bob").acts] == [
            (StatementKind.CONFIRM, started.run)
        ]
        assert [one.run for one in served.client.request(started.request).runs] == [started.run]

    def test_a_list_of_them(self, served: Served) -> None:
        record = served.world.running()
        page = served.client.runs()
        assert [(row.id, row.title.en, row.executor, row.confirmer) for row in page.rows] == [
            (record.id, "Restart the web service", "alice", "bob")
        ]
        assert served.client.runs([RunState.CLOSED]).rows == ()
        assert len(served.client.runs(request=record.request).rows) == 1
        with pytest.raises(RunnerError):
            served.client.runs(limit=1000)
        with pytest.raises(NotFoundError):
            served.client.runs(before="BG-2026-9999/1")
        assert served.client.runs(limit=1).next is None
