from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from runner.client.drafts import Draft
from runner.client.memory import Memory
from runner.client.service import Service
from runner.client.signer import Signer
from runner.client.signing import Signatory, make_statement, person_of, sign_statement, statement_id
from runner.errors import SignatureError, VerificationError
from runner.model.people import KeyHolder
from runner.model.statement import Seen, Statement, StatementKind
from runner.proof.canonical import canonical_bytes, parse_strict
from runner.proof.sshsig import parse, verify_signature
from runner.proof.statement import namespace
from runner.wire.api_request import Signed
from runner.wire.documents import from_document
from tests.ssh_keys import SoftwareKey, software_key
from tests.stub_service import StubService, stub_service
from tests.unit.client.fake_log import ORIGIN, FakeLog
from tests.wire_samples import NOON, NUMBER, OUTCOME

DRAFT = Draft(StatementKind.START, NUMBER, {"plan": "sha256:x", "窗口": None})
SEEN = Seen(2, "ab" * 32)


class Clock:
    def now(self) -> datetime:
        return NOON


def signer_of(key: SoftwareKey) -> Signer:
    return Signer(key.public, lambda data, _: key.sign(data))


def person_with(key: SoftwareKey, name: str = "王") -> KeyHolder:
    return KeyHolder(name, key.public.to_line(), key.public.fingerprint)


KEY = software_key("ssh-ed25519", 11)
PERSON = person_with(KEY)


def read(signed: Signed) -> Statement:
    document = parse_strict(signed.statement.encode())
    assert isinstance(document, dict)
    return from_document(Statement, document)


def test_a_statement_says_who_what_when_and_what_was_seen() -> None:
    statement = make_statement(DRAFT, PERSON, ORIGIN, Clock(), SEEN)
    assert (statement.person, statement.key, statement.origin) == ("王", KEY.public.fingerprint, ORIGIN)
    assert (statement.kind, statement.subject, statement.content) == (DRAFT.kind, DRAFT.subject, DRAFT.content)
    assert (statement.at, statement.seen) == (NOON, SEEN)


def test_no_nonce_is_used_twice() -> None:
    nonces = {make_statement(DRAFT, PERSON, ORIGIN, Clock(), SEEN).nonce for _ in range(20)}
    assert len(nonces) == 20
    assert {len(bytes.fromhex(nonce)) for nonce in nonces} == {16}


def test_canonical_bytes_are_signed_in_the_namespace_of_their_kind() -> None:
    statement = make_statement(DRAFT, PERSON, ORIGIN, Clock(), SEEN)
    signed = sign_statement(statement, signer_of(KEY))
    assert signed.statement.encode() == canonical_bytes(json.loads(signed.statement))
    assert read(signed) == statement
    verify_signature(parse(signed.signature), KEY.public, namespace(DRAFT.kind), signed.statement.encode())
    with pytest.raises(SignatureError):
        verify_signature(
            parse(signed.signature), KEY.public, namespace(StatementKind.CONFIRM), signed.statement.encode()
        )
    assert len(statement_id(signed)) == 64


def test_a_key_tells_the_person() -> None:
    other = person_with(software_key("ssh-ed25519", 12), "li")
    assert person_of(signer_of(KEY), (other, PERSON)) == PERSON


def test_a_key_of_nobody_is_refused() -> None:
    stranger = signer_of(software_key("ssh-ed25519", 13))
    with pytest.raises(SignatureError) as raised:
        person_of(stranger, (PERSON,))
    assert raised.value.rule == "L1:unknown-key"
    assert "王" in raised.value.advice()


@pytest.fixture
def stub(short_folder: Path) -> Iterator[StubService]:
    with stub_service(short_folder / "s") as stub:
        yield stub


@pytest.fixture
def signatory(stub: StubService, short_folder: Path) -> Iterator[Signatory]:
    with Service(short_folder / "s") as service:
        memory = Memory(short_folder / "memory")
        yield Signatory(PERSON, signer_of(KEY), service, memory, ORIGIN, Clock())


def test_the_log_is_looked_at_before_the_key_is_used(signatory: Signatory, stub: StubService) -> None:
    stub.says("GET /v1/audit/checkpoint", FakeLog().checkpoint())
    stub.says("POST /v1/statements", OUTCOME)
    assert signatory.hand_in(DRAFT) == OUTCOME
    (posted,) = stub.posted("/v1/statements")
    seen = read(from_document(Signed, posted)).seen
    assert (seen.size, seen.root) == (2, FakeLog().root(2).hex())
    assert [asked.path for asked in stub.asked] == ["/v1/audit/checkpoint", "/v1/here", "/v1/statements"]


def test_nothing_is_signed_over_a_log_that_was_rewritten(signatory: Signatory, stub: StubService) -> None:
    stub.says("GET /v1/audit/checkpoint", FakeLog().checkpoint(), FakeLog([b"genesis", b"forged"]).checkpoint())
    stub.says("POST /v1/statements", OUTCOME)
    signatory.hand_in(DRAFT)
    with pytest.raises(VerificationError) as raised:
        signatory.hand_in(DRAFT)
    assert raised.value.exit_code == 5
    assert len(stub.posted("/v1/statements")) == 1
