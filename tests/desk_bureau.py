"""A founded site in a temporary folder, with people who sign, a clock that stands still, and a real store and log.

The people's keys are made in software; their signatures are verified by the real `ssh-keygen`. Only the run machine is
a fake: `FakeRuns` obeys `RunPort` and records a run as begun, as the engine does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from runner.audit.keys import load_log_key
from runner.audit.leaves import LeafMaker
from runner.audit.proofs import root
from runner.audit.sequencer import Sequencer
from runner.audit.ssh_keygen import SshKeygen
from runner.engine.desk.desk import Desk
from runner.engine.desk.genesis import found_site, sign_genesis
from runner.engine.desk.policies import read_in_force
from runner.engine.desk.premises import Premises
from runner.engine.desk.register import RegisterShelf
from runner.engine.desk.state import StateDirectory
from runner.engine.in_force import InForce
from runner.engine.notifier import Notice
from runner.engine.planning import Planner
from runner.engine.plans import PlanShelf
from runner.model.document import JsonObject, JsonValue
from runner.model.log import LogMode
from runner.model.plan import Plan
from runner.model.policy import Policy
from runner.model.request import Request
from runner.model.run import RunRecord, RunState
from runner.model.site import Site
from runner.model.statement import Seen, Statement, StatementKind
from runner.model.time import Window
from runner.proof.sshsig import armor, signed_blob
from runner.proof.statement import namespace, statement_bytes
from runner.runbook.settings import load_site
from runner.service.compose import generated_files
from runner.store.content import ContentStore
from runner.store.store import SqlLogStore, Store, Transaction
from runner.wire.api_request import Outcome, Signed
from runner.wire.documents import to_document
from tests.desk_site import ORIGIN
from tests.ssh_keys import SoftwareKey, software_key

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(hours=1), NOW + timedelta(hours=6))


@dataclass
class FixedClock:
    """A clock that moves when told."""

    present: datetime = NOW

    def now(self) -> datetime:
        return self.present

    def pass_by(self, **span: float) -> None:
        self.present += timedelta(**span)


@dataclass
class FakeRuns:
    """A run machine that records a run as begun and does nothing more."""

    begun: list[str] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)
    warmed: list[str] = field(default_factory=list)
    told: list[Notice] = field(default_factory=list)

    def begin_run(self, transaction: Transaction, record: RunRecord, plan: Plan, now: datetime) -> None:
        identities = [host.identity for host in plan.binding.hosts]
        transaction.locks.take(record.id, identities, now, exclusive=plan.runbook.mutating)
        transaction.runs.save(replace(record, state=RunState.RUNNING, started_at=now))
        self.begun.append(record.id)

    def warm(self, run: str) -> None:
        self.warmed.append(run)

    def wake(self, run: str) -> None:
        self.woken.append(run)

    def tell(self, notice: Notice) -> None:
        self.told.append(notice)


@dataclass(frozen=True)
class Signer:
    """Somebody with a key."""

    name: str
    key: SoftwareKey

    def sign(self, kind: StatementKind, data: bytes, name: str = "") -> str:
        """The armored signature over some bytes, in the namespace of the kind or another one."""
        space = name or namespace(kind)
        blob = self.key.sign(signed_blob(space, data))
        return armor(self.key.public.blob, space, "sha512", blob)


ALICE = Signer("alice", software_key("ssh-ed25519", 1))
BOB = Signer("bob", software_key("ssh-ed25519", 2))
CAROL = Signer("carol", software_key("ssh-ed25519", 3))
DAVE = Signer("dave", software_key("ssh-ed25519", 4))
STRANGER = Signer("alice", software_key("ssh-ed25519", 9))


def found(site: Site, state: Path, people: Sequence[Signer], clock: FixedClock) -> None:
    """Found the site and have everybody sign."""
    founding = found_site(site, state, [(person.name, person.key.public.to_line()) for person in people])
    for person in people:
        statement = Statement(
            kind=StatementKind.GENESIS,
            origin=site.origin,
            person=person.name,
            key=person.key.public.fingerprint,
            subject=site.origin,
            content=founding.content,
            at=clock.now(),
            nonce=hashlib.sha256(person.name.encode()).hexdigest()[:32],
            seen=founding.seen,
        )
        data = statement_bytes(to_document(statement))
        signed = Signed(data.decode(), person.sign(StatementKind.GENESIS, data))
        founding = sign_genesis(site, state, signed, clock, SshKeygen())


class Bureau:
    """A site with its store and desk, and people who hand things in."""

    def __init__(self, folder: Path, *, embedded: bool = True) -> None:
        """Open the world that `make_world` made in a folder."""
        self.clock = FixedClock()
        self.site = load_site(folder / "site")
        self.state = StateDirectory(folder / "state")
        self.store = Store.open(self.state.database, zone=ZoneInfo("Asia/Shanghai"), origin=ORIGIN)
        self.runs = FakeRuns()
        self._nonces = 0
        self.reload(embedded=embedded)

    def reload(self, *, embedded: bool = True) -> None:
        """A desk over the site's files as they are now, as after a restart of the service."""
        with self.store.reading() as transaction:
            in_force = read_in_force(transaction, self.site.timezone)
        contents = ContentStore(self.state.content)
        self.leaves = LeafMaker(self.clock, LogMode.EMBEDDED)
        self.premises = Premises(
            store=self.store,
            leaves=self.leaves,
            verifier=SshKeygen(),
            clock=self.clock,
            planner=Planner(self.site, in_force, contents),
            plans=PlanShelf(self.state.snapshots, contents, generated_files),
            contents=contents,
            runs=self.runs,
            site=self.site,
            in_force=in_force,
            register=RegisterShelf(),
            embedded=embedded,
        )
        self.desk = Desk(self.premises)

    def close(self) -> None:
        self.desk.stop()
        self.store.close()

    def sequence(self) -> None:
        """Put everything durable into the tree."""
        log = SqlLogStore(self.store)
        Sequencer(log, load_log_key(self.state.root), self.clock, "twokey").sequence()

    def seen(self) -> Seen:
        with self.store.reading() as transaction:
            state = transaction.tree.state()
            size = state.size if state else 0
            return Seen(size, root(transaction.tree, size).hex())

    def statement(self, person: Signer, kind: StatementKind, subject: str, content: JsonObject) -> Statement:
        """A statement as the person's client would make it now."""
        self._nonces += 1
        return Statement(
            kind=kind,
            origin=ORIGIN,
            person=person.name,
            key=person.key.public.fingerprint,
            subject=subject,
            content=content,
            at=self.clock.now(),
            nonce=f"{self._nonces:032x}",
            seen=self.seen(),
        )

    def submit(self, person: Signer, kind: StatementKind, subject: str, content: JsonObject) -> Outcome:
        """Have somebody sign something and hand it in."""
        return self.hand_in(person, self.statement(person, kind, subject, content))

    def hand_in(self, person: Signer, statement: Statement) -> Outcome:
        return self.desk.submit(self.signed(person, statement))

    def signed(self, person: Signer, statement: Statement) -> Signed:
        data = statement_bytes(to_document(statement))
        return Signed(data.decode(), person.sign(statement.kind, data))

    def run(self, run: str) -> RunRecord:
        with self.store.reading() as transaction:
            return transaction.runs.get(run)

    def found_request(self, number: str) -> Request:
        with self.store.reading() as transaction:
            return transaction.requests.get(number)

    def change_run(self, run: str, **fields: object) -> RunRecord:
        """Set what the run machine would have recorded."""
        with self.store.writing() as transaction:
            record = transaction.runs.get(run)
            claimed = transaction.runs.claim(run, record.epoch)
            assert claimed is not None
            changed: RunRecord = replace(claimed, **fields)  # type: ignore[arg-type]  # named by the test
            transaction.runs.save(changed)
        return changed

    def release(self, run: str) -> None:
        """Take a run as ended, with its result signed."""
        self.change_run(run, state=RunState.CLOSED, ended_at=self.clock.now())
        with self.store.writing() as transaction:
            transaction.locks.release(run)

    def found_content(self) -> str:
        """Digest of the one content that is published."""
        with self.store.reading() as transaction:
            return transaction.publications.newest_of_each()[0].digest

    def use_policy(self, policy: Policy) -> None:
        """A desk under another policy."""
        self.premises = replace(self.premises, in_force=InForce(policy, self.premises.policy_digest))
        self.desk = Desk(self.premises)

    def use_site(self, site: Site) -> None:
        """A desk of a site that says something else of itself."""
        self.premises = replace(self.premises, site=site)
        self.desk = Desk(self.premises)

    def tags(self) -> list[str]:
        """Tags of every log entry, in order."""
        with self.store.reading() as transaction:
            return [json.loads(leaf.leaf)["tag"] for leaf in transaction.log.after(0, 10_000)]

    def payload_of(self, tag: str) -> Mapping[str, JsonValue]:
        """Payload of the newest entry with that tag."""
        with self.store.reading() as transaction:
            for leaf in reversed(transaction.log.after(0, 10_000)):
                if json.loads(leaf.leaf)["tag"] == tag:
                    payload: Mapping[str, JsonValue] = json.loads(leaf.payload or b"{}")
                    return payload
        raise AssertionError(f"no entry {tag}")
