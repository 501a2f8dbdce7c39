"""Stores with something in them, for tests of what is kept and of the log over it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from runner.model.document import JsonObject
from runner.model.log import Leaf
from runner.model.people import KeyHolder
from runner.model.plan import Content, ContentFile, Digests, PlanDocument, Role
from runner.model.request import Approval, Publication, PublicationState, Request, RequestState
from runner.model.run import Attempt, AttemptKey, AttemptState, RunKind, RunRecord, RunState
from runner.model.runbook import Risk
from runner.model.statement import Seen, SignedStatement, Statement, StatementKind
from runner.model.time import Window
from runner.proof.statement import statement_bytes
from runner.store.store import Store, Transaction
from runner.wire.documents import to_document

ORIGIN = "test.example/twokey"
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""Noon in Shanghai."""
ANN = KeyHolder("ann", "ssh-ed25519 AAAA-ann", "SHA256:ann")
BOB = KeyHolder("bob", "ssh-ed25519 AAAA-bob", "SHA256:bob")

_nonces = count(1)


@dataclass
class FixedClock:
    """A clock that stands until it is moved."""

    instant: datetime = NOON

    def now(self) -> datetime:
        return self.instant

    def move(self, span: timedelta) -> None:
        self.instant += span


def open_store(folder: Path) -> Store:
    return Store.open(folder / "twokey.db", zone=SHANGHAI, origin=ORIGIN)


def digest(letter: str) -> str:
    return "sha256:" + letter * 64


def content(name: str = "restart", letter: str = "a") -> Content:
    path = f"runbooks/restart/{name}.yml"
    return Content(
        path, (ContentFile(path, letter * 64, 12), ContentFile("playbooks/x.yml", "e" * 64, 5, executable=True))
    )


def publication(letter: str = "1", runbook: str = "restart", version: int = 1, at: datetime = NOON) -> Publication:
    return Publication(digest(letter), content(runbook, letter), runbook, version, PublicationState.PROPOSED, "ann", at)


def plan(letter: str = "4", of: str = "1") -> PlanDocument:
    digests = Digests(digest(of), digest("2"), digest("3"), digest(letter))
    return PlanDocument(digests, {"files": []}, {"hosts": ["db1"]}, {"python": "3.11"}, "id: restart\n")


def request(of: str = "4", at: datetime = NOON, window: Window | None = None, number: str = "") -> Request:
    return Request(
        number=number,
        revision=1,
        plan=digest(of),
        content=digest("1"),
        runbook_id="restart",
        title_en="Restart",
        title_zh="重启",
        requester="ann",
        reason="内存泄漏",
        risk=Risk.ORDINARY,
        state=RequestState.SUBMITTED,
        window=window,
        at=at,
    )


def statement(
    kind: StatementKind, person: str, subject: str, content: JsonObject | None = None, nonce: str = ""
) -> SignedStatement:
    """A statement whose signature is only a word."""
    said = Statement(
        kind=kind,
        origin=ORIGIN,
        person=person,
        key=f"SHA256:{person}",
        subject=subject,
        content=content or {},
        at=NOON,
        nonce=nonce or f"{next(_nonces):032x}",
        seen=Seen(0, ""),
    )
    data = statement_bytes(to_document(said))
    return SignedStatement(hashlib.sha256(data).hexdigest(), said, data, "signature")


def leaf(text: str = "{}", source: str | None = None, payload: bytes | None = None) -> Leaf:
    return Leaf(text.encode(), payload, None if payload is None else b"s" * 16, "", "", "", source)


@dataclass
class World:
    """What a test has put into a store."""

    request: Request
    run: RunRecord
    statements: list[SignedStatement] = field(default_factory=list)


def people_world(store: Store) -> World:
    """Two people, published content, an approved request, and a run of it that was claimed once."""
    with store.writing() as transaction:
        for person in (ANN, BOB):
            transaction.founders.add(person)
        transaction.publications.add(publication())
        transaction.publications.publish(digest("1"), "bob", NOON)
        transaction.plans.put(plan())
        wanted = transaction.requests.add(request())
        said = statement(StatementKind.APPROVE, "bob", wanted.number)
        transaction.statements.put(said, NOON)
        transaction.approvals.add(approval(wanted, said.id))
        transaction.requests.set_state(wanted.number, RequestState.SUBMITTED, RequestState.APPROVED)
        run = add_run(transaction, wanted)
    return World(wanted, run, [said])


def approval(of: Request, by_statement: str, *, approver: str = "bob", max_runs: int = 1) -> Approval:
    return Approval(
        request=of.number,
        plan=of.plan,
        approver=approver,
        statement=by_statement,
        not_before=NOON,
        not_after=NOON + timedelta(days=1),
        max_runs=max_runs,
        used=0,
    )


def add_run(transaction: Transaction, of: Request, state: RunState = RunState.RUNNING) -> RunRecord:
    record = RunRecord(
        id=transaction.runs.next_id(of.number, NOON),
        kind=RunKind.CHANGE,
        request=of.number,
        plan=of.plan,
        state=state,
        epoch=0,
        executor="ann",
        confirmer="bob",
        created_at=NOON,
    )
    transaction.runs.add(record)
    claimed = transaction.runs.claim(record.id, 0)
    if claimed is None:
        raise AssertionError(record.id)
    return claimed


def attempt(run: str, number: int = 1, batch: int = 1, step: str = "upgrade", role: Role = Role.DO) -> Attempt:
    return Attempt(
        key=AttemptKey(run, batch, step, role, number),
        state=AttemptState.INTENDED,
        mutating=True,
        hosts=("db1", "db2"),
        intended_at=NOON,
        deadline=NOON + timedelta(minutes=20),
    )
