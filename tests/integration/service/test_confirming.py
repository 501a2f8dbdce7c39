"""Statements confirmed by password and code: what they are good for, and what they are refused for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from runner.audit.keys import load_log_key
from runner.audit.ssh_keygen import SshKeygen
from runner.errors import SignatureError
from runner.model.grant import GrantKind, Suspend
from runner.model.policy import Strength
from runner.model.statement import StatementKind
from runner.proof.attestation import attest, verify_attestation
from runner.proof.statement import statement_bytes
from runner.rules.grant_statements import apply_content
from runner.rules.tags import Tag
from runner.wire.api_request import Signed
from runner.wire.documents import to_document
from tests.desk_grants import apply
from tests.desk_world import ALICE
from tests.integration.service.conftest import Served
from tests.integration.service.signing_in import asking, refusal
from tests.integration.service.with_passwords import NEW, Carol, allow_passwords


@pytest.fixture
def carol(served: Served) -> Iterator[Carol]:
    with asking(served.socket, served.world.clock) as one:
        settled = Carol(served, one)
        settled.settle()
        allow_passwords(served)
        yield settled


@pytest.fixture
def number(carol: Carol) -> str:
    """A request of alice's."""
    return carol.served.world.requested().number


def state(carol: Carol, number: str) -> str:
    return carol.served.world.found_request(number).state.value


def test_a_password_with_a_code_approves_where_policy_lets_it(carol: Carol, number: str) -> None:
    said = carol.approval(number)
    answer = carol.confirm(said)
    assert (answer.status_code, answer.json()["state"]) == (200, "approved")
    with carol.served.world.store.reading() as transaction:
        kept = transaction.statements.get(answer.json()["statement"])
    assert kept.signed.statement == said
    assert kept.signed.statement.is_attested
    verify_attestation(kept.signed.signature, said.kind, kept.signed.bytes, carol.served.parts.log_key)


def test_it_is_refused_where_policy_asks_for_a_key(carol: Carol, number: str) -> None:
    policy = carol.served.world.premises.policy
    classes = {risk: replace(terms, strength=Strength.KEY) for risk, terms in policy.classes.items()}
    in_force = carol.served.world.premises.in_force
    in_force.take(replace(policy, classes=classes), in_force.digest, ())
    assert refusal(carol.confirm(carol.approval(number))) == (403, "policy:strength")
    assert state(carol, number) == "submitted"
    assert carol.served.world.payload_of(Tag.STATEMENT_REFUSED)["rule"] == "policy:strength"


def test_nothing_about_people_or_content_is_confirmed_by_password(carol: Carol) -> None:
    world = carol.served.world
    content = apply_content(GrantKind.SUSPEND, to_document(Suspend("bob", "alone")), "alone")
    said = carol.statement(StatementKind.APPLY, world.site.origin, content)
    assert refusal(carol.confirm(said)) == (403, "policy:key-only")


def test_a_code_confirms_one_statement(carol: Carol, number: str) -> None:
    code = carol.code()
    assert carol.confirm(replace(carol.approval(number), subject="BG-2026-9999"), code=code).status_code == 404
    assert refusal(carol.confirm(carol.approval(number), code=code)) == (401, "access:wrong")
    assert state(carol, number) == "submitted"
    carol.later()
    assert carol.confirm(carol.approval(number)).status_code == 200


def test_the_code_of_a_sign_in_confirms_nothing(carol: Carol, number: str) -> None:
    code = carol.code()
    assert carol.sign_in(NEW).status_code == 200
    assert refusal(carol.confirm(carol.approval(number), code=code)) == (401, "access:wrong")


def test_an_attested_statement_is_good_once(carol: Carol, number: str) -> None:
    said = carol.approval(number)
    assert carol.confirm(said).status_code == 200
    carol.later()
    assert refusal(carol.confirm(said)) == (403, "L4:nonce-used")


def test_what_was_attested_is_no_signature_of_a_person(carol: Carol, number: str) -> None:
    said = carol.approval(number)
    statement = statement_bytes(to_document(said))
    forged = attest(load_log_key(carol.served.world.state.root), said.kind, statement)
    with pytest.raises(SignatureError) as caught:
        carol.served.world.desk.submit(Signed(statement.decode(), forged))
    assert caught.value.rule == "L1:unknown-key"
    with pytest.raises(SignatureError):
        SshKeygen().verify(said.kind, statement, forged, "alice", ALICE.key.public.to_line())


@pytest.mark.parametrize("password, code", [("wrong password", None), (NEW, "000000"), ("", "")])
def test_a_wrong_password_or_code_signs_nothing(carol: Carol, number: str, password: str, code: str | None) -> None:
    assert refusal(carol.confirm(carol.approval(number), password, code)) == (401, "access:wrong")
    assert state(carol, number) == "submitted"


def test_wrong_ones_lock_the_account_as_at_the_door(carol: Carol, number: str) -> None:
    for _ in range(5):
        assert refusal(carol.confirm(carol.approval(number), "wrong password")) == (401, "access:wrong")
    assert refusal(carol.confirm(carol.approval(number))) == (429, "access:too-often")
    assert refusal(carol.sign_in(NEW)) == (429, "access:too-often")


def test_it_needs_a_session(carol: Carol, number: str) -> None:
    assert refusal(carol.confirm(carol.approval(number), token="")) == (401, "access:no-session")


def test_a_second_persons_password_is_not_typed_where_the_first_has_signed_in(carol: Carol, number: str) -> None:
    alices = carol.asking.sign_in(ALICE)
    assert refusal(carol.confirm(carol.approval(number), token=alices)) == (403, "access:shared-terminal")
    assert carol.served.world.payload_of(Tag.SESSION_REFUSED)["rule"] == "access:shared-terminal"
    assert state(carol, number) == "submitted"


def test_it_may_be_where_policy_lets_two_share_a_terminal(carol: Carol, number: str) -> None:
    policy = carol.served.world.premises.policy
    shared = replace(policy.sessions, shared_terminal=True)
    in_force = carol.served.world.premises.in_force
    in_force.take(replace(policy, sessions=shared), in_force.digest, ())
    alices = carol.asking.sign_in(ALICE)
    assert carol.confirm(carol.approval(number), token=alices).status_code == 200


def test_one_does_not_confirm_as_another(carol: Carol, number: str) -> None:
    said = replace(carol.approval(number), person="bob")
    assert refusal(carol.confirm(said)) == (403, "access:shared-terminal")


@pytest.mark.parametrize("key", ["attested:SHA256:other", ALICE.key.public.fingerprint, ""])
def test_it_says_who_vouches_for_it(carol: Carol, number: str, key: str) -> None:
    assert refusal(carol.confirm(replace(carol.approval(number), key=key))) == (403, "L4:other-attester")


def test_who_is_suspended_confirms_nothing(carol: Carol, number: str) -> None:
    apply(carol.served.world, ALICE, Suspend("carol", "why"))
    assert refusal(carol.confirm(carol.approval(number))) == (401, "access:session-over")


def test_a_requester_does_not_approve_by_password_either(carol: Carol) -> None:
    world = carol.served.world
    document = world.plan(world.publish())
    said = carol.statement(StatementKind.REQUEST, document.digests.plan, world.request_content(document))
    number = carol.confirm(said).json()["request"]
    carol.later()
    assert refusal(carol.confirm(carol.approval(number))) == (403, "L2:approver-is-requester")
