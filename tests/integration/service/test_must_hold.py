"""What must hold against people who would rather not follow the rule, tried from outside at the real service."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from runner.model.grant import AddKey, RevokeKey
from runner.model.request import RequestState
from runner.model.run import RunState
from runner.model.statement import Statement, StatementKind
from runner.proof.statement import statement_bytes
from runner.rules import statements
from runner.rules.grant_statements import grant_content
from runner.wire import api
from runner.wire.api_content import UploadedFile
from runner.wire.api_request import Signed
from runner.wire.documents import to_document
from tests.desk_grants import apply, granted
from tests.desk_world import ALICE, BOB, Signer, World
from tests.integration.service.conftest import Served
from tests.integration.service.signing_in import Asking, asking, refusal
from tests.ssh_keys import software_key


@pytest.fixture
def somebody(served: Served) -> Iterator[Asking]:
    with asking(served.socket, served.world.clock) as one:
        yield one


def hand_in(somebody: Asking, signed: Signed) -> tuple[int, str]:
    """Status, and the rule of the refusal if there is one."""
    answer = somebody.ask("POST", api.STATEMENTS, to_document(signed))
    return answer.status_code, str(answer.json().get("rule", ""))


def approval_by(world: World, person: Signer, number: str) -> Statement:
    return world.statement(person, StatementKind.APPROVE, number, world.approval_content(world.found_request(number)))


def kept(world: World, subject: str) -> Signed:
    """A statement as somebody who reads everything finds it."""
    with world.store.reading() as transaction:
        signed = transaction.statements.of(subject)[0].signed
    return Signed(statement_bytes(to_document(signed.statement)).decode(), signed.signature)


def test_a_requester_approves_nothing_of_their_own(served: Served, somebody: Asking) -> None:
    world = served.world
    number = world.requested().number
    status, rule = hand_in(somebody, world.signed(ALICE, approval_by(world, ALICE, number)))
    assert (status, rule) == (403, "L2:approver-is-requester")
    assert world.found_request(number).state is RequestState.SUBMITTED


def test_a_request_s_signature_is_no_approval(served: Served, somebody: Asking) -> None:
    world = served.world
    request = world.requested()
    of_request = kept(world, request.plan)
    assert hand_in(somebody, of_request) == (403, "L4:nonce-used")
    approval = statement_bytes(to_document(approval_by(world, ALICE, request.number))).decode()
    status, _ = hand_in(somebody, Signed(approval, of_request.signature))
    assert status == 403
    assert world.found_request(request.number).state is RequestState.SUBMITTED


def test_an_approval_is_used_once(served: Served, somebody: Asking) -> None:
    world = served.world
    record = world.running()
    world.change_run(record.id, state=RunState.CLOSED)
    world.release(record.id)
    again = statements.start_content(world.found_request(record.request))
    signed = world.signed(ALICE, world.statement(ALICE, StatementKind.START, record.request, again))
    status, rule = hand_in(somebody, signed)
    assert status == 403
    assert rule in ("L4:used-up", "state:not-approved")
    assert world.runs.begun == [record.id]


def test_a_time_in_the_past_brings_no_revoked_key_back(served: Served, somebody: Asking) -> None:
    world = served.world
    number = world.requested(BOB).number
    granted(world, AddKey("alice", software_key("ssh-ed25519", 61).public.to_line()))
    before = approval_by(world, ALICE, number)
    world.clock.pass_by(minutes=1)
    apply(world, BOB, RevokeKey("alice", ALICE.key.public.fingerprint, "stolen"))
    assert before.at < world.clock.now()
    assert hand_in(somebody, world.signed(ALICE, before)) == (403, "L1:key-revoked")
    assert world.found_request(number).state is RequestState.SUBMITTED


def test_a_time_in_the_past_brings_no_expired_key_back(served: Served, somebody: Asking) -> None:
    world = served.world
    number = world.requested(BOB).number
    new = Signer("alice", software_key("ssh-ed25519", 62))
    granted(world, AddKey("alice", new.key.public.to_line(), world.clock.now() + timedelta(minutes=5)))
    before = approval_by(world, new, number)
    world.clock.pass_by(minutes=5)
    assert hand_in(somebody, world.signed(new, before)) == (403, "L1:key-expired")
    assert world.found_request(number).state is RequestState.SUBMITTED


def test_a_statement_kept_from_before_opens_nothing_later(served: Served, somebody: Asking) -> None:
    world = served.world
    number = world.requested().number
    before = world.signed(BOB, approval_by(world, BOB, number))
    world.clock.pass_by(minutes=11)
    assert hand_in(somebody, before) == (403, "L4:other-time")


def test_an_administrator_alone_enrols_nobody_and_grants_nothing(served: Served, somebody: Asking) -> None:
    world = served.world
    new = Signer("alice", software_key("ssh-ed25519", 63))
    number = apply(world, ALICE, AddKey("alice", new.key.public.to_line())).subject
    with world.store.reading() as transaction:
        record = transaction.grants.get(number)
    content = grant_content(record, to_document(record.grant))
    signed = world.signed(ALICE, world.statement(ALICE, StatementKind.GRANT, number, content))
    status, rule = hand_in(somebody, signed)
    assert (status, rule.partition(":")[0]) in ((403, "L1"), (403, "L2"))
    request = world.requested(BOB).number
    assert hand_in(somebody, world.signed(new, approval_by(world, new, request))) == (403, "L1:unknown-key")


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "playbooks/../../x.yml", "playbooks//x", "a\x00b"])
def test_an_upload_leads_nowhere_else(served: Served, somebody: Asking, path: str) -> None:
    world = served.world
    proposal = world.proposal(ALICE, world.reach())
    evil = UploadedFile(path, executable=False, data=base64.b64encode(b"x").decode())
    body = to_document(replace(proposal, files=(*proposal.files, evil)))
    assert somebody.ask("POST", api.PUBLICATIONS, body).status_code == 400
    with world.store.reading() as transaction:
        assert transaction.publications.page(10) == ()


def test_a_session_of_another_approves_nothing(served: Served, somebody: Asking) -> None:
    world = served.world
    number = world.requested().number
    body = to_document(world.signed(ALICE, approval_by(world, ALICE, number)))
    answer = somebody.ask("POST", api.STATEMENTS, body, somebody.sign_in(BOB))
    assert refusal(answer) == (403, "L2:approver-is-requester")
