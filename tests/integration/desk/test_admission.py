"""Statements that are not genuine, not for here, or not for now; nothing of them takes effect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from runner.errors import RefusedError, RunnerError, SignatureError, UsageError
from runner.model.request import RequestState
from runner.model.statement import Seen, Statement, StatementKind
from runner.proof.statement import namespace, statement_bytes
from runner.rules import statements
from runner.wire.api_request import Signed
from runner.wire.documents import to_document
from tests.desk_world import ALICE, BOB, STRANGER, Signer, World

Edit = Callable[[Statement], Statement]


def approval(world: World, number: str) -> Statement:
    content = world.approval_content(world.found_request(number))
    return world.statement(BOB, StatementKind.APPROVE, number, content)


def require_nothing_happened(world: World, number: str) -> None:
    assert world.found_request(number).state is RequestState.SUBMITTED
    with world.store.reading() as transaction:
        assert transaction.approvals.of(number) == ()


def test_a_genuine_statement_takes_effect(world: World) -> None:
    number = world.requested().number
    assert world.hand_in(BOB, approval(world, number)).state == "approved"


def test_a_statement_works_once(world: World) -> None:
    number = world.requested().number
    statement = world.statement(ALICE, StatementKind.WITHDRAW, number, {})
    statement = replace(statement, content=statements.withdraw_content(world.found_request(number), "no more"))
    signed = world.signed(ALICE, statement)
    world.desk.submit(signed)
    with pytest.raises(SignatureError) as caught:
        world.desk.submit(signed)
    assert caught.value.rule == "L4:nonce-used"
    assert "service:statement:refused" in world.tags()


def test_a_nonce_works_once(world: World) -> None:
    number = world.requested().number
    with world.store.reading() as transaction:
        used = transaction.statements.of(world.found_request(number).plan)[0].signed.statement.nonce
    with pytest.raises(SignatureError) as caught:
        world.hand_in(BOB, replace(approval(world, number), nonce=used))
    assert caught.value.rule == "L4:nonce-used"
    require_nothing_happened(world, number)


@pytest.mark.parametrize(
    "edit, rule",
    [
        (lambda found: replace(found, origin="other.example/log"), "L4:other-log"),
        (lambda found: replace(found, at=found.at + timedelta(minutes=11)), "L4:other-time"),
        (lambda found: replace(found, at=found.at - timedelta(minutes=11)), "L4:other-time"),
        (lambda found: replace(found, seen=Seen(found.seen.size, "00" * 32)), "audit:fork"),
        (lambda found: replace(found, seen=Seen(found.seen.size + 1000, found.seen.root)), "audit:fork"),
        (lambda found: replace(found, seen=Seen(-1, found.seen.root)), "audit:fork"),
        (lambda found: replace(found, seen=Seen(0, found.seen.root)), "audit:fork"),
    ],
    ids=["origin", "later", "earlier", "other root", "larger", "negative", "empty"],
)
def test_a_statement_of_another_log_or_time_is_refused_on_record(world: World, edit: Edit, rule: str) -> None:
    number = world.requested().number
    world.sequence()
    with pytest.raises(SignatureError) as caught:
        world.hand_in(BOB, edit(approval(world, number)))
    assert caught.value.rule == rule
    assert world.tags()[-1] == ("service:log:forked" if rule == "audit:fork" else "service:statement:refused")
    require_nothing_happened(world, number)


def test_an_older_head_of_this_log_is_accepted(world: World) -> None:
    world.sequence()
    before = world.seen()
    number = world.requested().number
    world.sequence()
    assert world.seen().size > before.size
    assert world.hand_in(BOB, replace(approval(world, number), seen=before)).state == "approved"


def signed_by(signer: Signer, statement: Statement, name: str = "") -> Signed:
    data = statement_bytes(to_document(statement))
    return Signed(data.decode(), signer.sign(statement.kind, data, name))


def test_a_stranger_cannot_use_a_name(world: World) -> None:
    number = world.requested().number
    statement = replace(approval(world, number), person="alice", key=STRANGER.key.public.fingerprint)
    with pytest.raises(SignatureError) as caught:
        world.desk.submit(signed_by(STRANGER, statement))
    assert caught.value.rule == "L1:unknown-key"
    require_nothing_happened(world, number)


def test_a_key_cannot_use_another_persons_name(world: World) -> None:
    number = world.requested().number
    with pytest.raises(SignatureError) as caught:
        world.desk.submit(signed_by(ALICE, replace(approval(world, number), key=ALICE.key.public.fingerprint)))
    assert caught.value.rule == "L1:unknown-key"
    require_nothing_happened(world, number)


def test_a_signature_of_another_key_is_refused(world: World) -> None:
    number = world.requested().number
    with pytest.raises(SignatureError) as caught:
        world.desk.submit(signed_by(ALICE, approval(world, number)))
    assert caught.value.rule == "signature:other-key"
    require_nothing_happened(world, number)


def test_a_signature_in_another_namespace_is_refused(world: World) -> None:
    number = world.requested().number
    with pytest.raises(SignatureError) as caught:
        world.desk.submit(signed_by(BOB, approval(world, number), namespace(StatementKind.REQUEST)))
    assert caught.value.rule == "signature:other-namespace"
    require_nothing_happened(world, number)


def test_one_changed_byte_is_refused(world: World) -> None:
    number = world.requested().number
    signed = world.signed(BOB, approval(world, number))
    changed = signed.statement.replace('"max_runs":1', '"max_runs":2')
    assert changed != signed.statement
    with pytest.raises(SignatureError) as caught:
        world.desk.submit(Signed(changed, signed.signature))
    assert caught.value.rule == "signature:invalid"
    require_nothing_happened(world, number)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace('"kind"', '"kind" ', 1),
        lambda text: text.replace('{"at"', '{"at":"2026-11-23T02:00:00Z","at"', 1),
        lambda text: text[:-1],
        lambda text: text + "\n",
        lambda _: "[]",
        lambda _: "",
        lambda _: '{"a":1.5}',
        lambda _: '{"pad":"' + "x" * 70_000 + '"}',
        lambda text: text.replace('"version":1', '"version":2'),
        lambda text: text.replace('"version":1', '"version":1,"zzz":1'),
        lambda _: "\ud800",
    ],
    ids=["space", "twice", "cut", "longer", "array", "empty", "float", "oversized", "version", "unknown", "surrogate"],
)
def test_what_is_no_statement_is_refused(world: World, damage: Callable[[str], str]) -> None:
    number = world.requested().number
    signed = world.signed(BOB, approval(world, number))
    with pytest.raises(RunnerError) as caught:
        world.desk.submit(Signed(damage(signed.statement), signed.signature))
    assert isinstance(caught.value, UsageError | SignatureError)
    require_nothing_happened(world, number)


@pytest.mark.parametrize(
    "signature", ["", "x", "-----BEGIN SSH SIGNATURE-----\n\n-----END SSH SIGNATURE-----\n", "A" * 20_000]
)
def test_what_is_no_signature_is_refused(world: World, signature: str) -> None:
    number = world.requested().number
    with pytest.raises(SignatureError):
        world.desk.submit(Signed(world.signed(BOB, approval(world, number)).statement, signature))
    require_nothing_happened(world, number)


def test_attempts_of_nobody_known_are_counted(world: World) -> None:
    number = world.requested().number
    forged = signed_by(ALICE, approval(world, number))
    for _ in range(5):
        with pytest.raises(RefusedError):
            world.desk.submit(forged)
    assert world.tags().count("service:access:refused") == 1
    assert world.payload_of("service:access:refused")["count"] == 1
    world.desk.stop()
    assert world.tags().count("service:access:refused") == 2
    assert world.payload_of("service:access:refused")["count"] == 4


def test_a_refusal_names_rule_and_who_could(world: World) -> None:
    number = world.requested().number
    content = world.approval_content(world.found_request(number))
    with pytest.raises(RefusedError) as caught:
        world.submit(ALICE, StatementKind.APPROVE, number, content)
    assert caught.value.rule == "L2:approver-is-requester"
    assert caught.value.facts["who"] == "bob"
    assert caught.value.hint
    payload = world.payload_of("service:statement:refused")
    assert (payload["rule"], payload["kind"], payload["subject"]) == ("L2:approver-is-requester", "approve", number)


def test_genesis_is_not_signed_here(world: World) -> None:
    with pytest.raises(UsageError):
        world.submit(ALICE, StatementKind.GENESIS, world.site.origin, {})
