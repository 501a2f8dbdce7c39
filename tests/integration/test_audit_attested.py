"""Step 2.11 of docs/audit-verification.md: statements that the service vouches for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from runner.audit.bundle_verify import verify_bundle
from runner.audit.ssh_keygen import SshKeygen
from runner.model.grant import Suspend
from runner.model.log import About
from runner.model.statement import SignedStatement, StatementKind
from runner.model.verdict import Verdict, VerdictWord
from runner.proof.attestation import attest, attested_by
from runner.proof.note import NoteSigner
from runner.proof.statement import statement_bytes
from runner.rules.tags import Tag
from runner.wire.documents import to_document
from tests.bundles import bundle_of, written
from tests.integration.test_audit_grants import GrantWorld
from tests.logs import LOG_KEY, LogWorld, failed, small_world
from tests.signed import ANN, BOB
from tests.stores import ORIGIN, digest

OTHER = NoteSigner(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"\x07" * 32))
WEAKER = "{count} statements confirmed by password and code: attested by the service, weaker than a key"


def attested(
    kind: StatementKind = StatementKind.REQUEST,
    person: str = "ann",
    named: NoteSigner = LOG_KEY,
    by: NoteSigner = LOG_KEY,
) -> SignedStatement:
    """A statement of somebody's that a service vouches for; `named` stands in it, `by` has signed it."""
    said = replace(ANN.sign(kind, digest("4")).statement, person=person, key=attested_by(named.key))
    data = statement_bytes(to_document(said))
    return SignedStatement(hashlib.sha256(data).hexdigest(), said, data, attest(by, kind, data))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GrantWorld]:
    """A log with its first entries only."""
    founded = GrantWorld(tmp_path)
    founded.found(ANN, BOB)
    yield founded
    founded.close()


def verdict_with(world: LogWorld, said: SignedStatement) -> Verdict:
    world.say(Tag.REQUEST_SUBMITTED, said, About())
    world.sequence()
    return world.verify()


def test_it_passes_and_is_said_to_be_weaker(world: LogWorld) -> None:
    verdict = verdict_with(world, attested())
    assert verdict.failure is None
    assert [note.facts for note in verdict.unchecked if note.message == WEAKER] == [{"count": 1}]


@pytest.mark.parametrize(
    "said",
    [
        attested(by=OTHER),
        attested(named=OTHER),
        attested(named=OTHER, by=OTHER),
        attested(person="eve"),
        attested(StatementKind.PUBLISH),
        attested(StatementKind.GENESIS),
        replace(attested(), signature=ANN.sign_bytes(StatementKind.REQUEST, attested().bytes)),
        replace(attested(), signature=attested(StatementKind.APPROVE).signature),
        replace(attested(), signature=""),
    ],
    ids=[
        "by another key",
        "names another key",
        "of another service",
        "of nobody known",
        "content",
        "first entries",
        "signed by a person",
        "of another statement",
        "without one",
    ],
)
def test_a_forged_one_is_found(world: LogWorld, said: SignedStatement) -> None:
    assert failed(verdict_with(world, said))[0] in {"2.3", "2.11"}


def test_a_suspended_person_confirms_nothing(world: GrantWorld) -> None:
    world.apply(BOB, Suspend("ann", "why"))
    assert failed(verdict_with(world, attested()))[0] == "2.11"


def test_a_bundle_with_one_is_verified_alone(tmp_path: Path) -> None:
    world = small_world(tmp_path)
    said = attested(StatementKind.PAUSE)
    world.say(Tag.RUN_PAUSE_ASKED, said, About(run="BG-2026-0001/1", request="BG-2026-0001"))
    world.sequence()
    archive = bundle_of(world)
    world.close()
    verdict = verify_bundle(written(tmp_path, archive), SshKeygen(), LOG_KEY.key)
    assert verdict.word is VerdictWord.VERIFIED
    assert WEAKER in [note.message for note in verdict.unchecked]
