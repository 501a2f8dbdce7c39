"""Audit logs for tests: a key, a sequencer, and entries over a real store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from runner.audit.leaves import LeafMaker
from runner.audit.sequencer import Sequencer
from runner.audit.verify import Terms, verify_log
from runner.model.document import JsonObject
from runner.model.log import About, ActorKind, Entry, LogMode
from runner.model.policy import MEMBER
from runner.model.statement import Seen, SignedStatement, StatementKind
from runner.model.verdict import RememberedHead, Verdict, VerdictWord
from runner.proof.note import NoteSigner
from runner.proof.public_key import parse_public_key
from runner.proof.sshsig import parse, verify_signature
from runner.proof.statement import namespace
from runner.rules.statements import Founded, genesis_content
from runner.rules.tags import Tag
from runner.store.sqlite import driver
from runner.store.store import SqlLogStore, Store
from tests.signed import ANN, BOB, Signer
from tests.stores import (
    NOON,
    ORIGIN,
    SHANGHAI,
    FixedClock,
    add_run,
    digest,
    open_store,
    plan,
    publication,
    request,
)

LOG_KEY = NoteSigner(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"1" * 32))
"""The key of every test log."""


def sequencer_of(store: Store, gather: float = 0.0) -> Sequencer:
    return Sequencer(SqlLogStore(store), LOG_KEY, FixedClock(), "test", gather=gather)


FORGED_KEY = NoteSigner(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"2" * 32))
"""A key that is not the log's."""
_WITHOUT_TREE = (
    "DELETE FROM audit_entries",
    "DELETE FROM audit_tiles",
    "DELETE FROM audit_checkpoints",
    "DELETE FROM audit_tree",
)


class OwnVerifier:
    """A `SignatureVerifier` without a process: our own check alone."""

    def verify(self, kind: StatementKind, message: bytes, signature: str, person: str, key: str) -> None:
        verify_signature(parse(signature), parse_public_key(key), namespace(kind), message)


class LogWorld:
    """A store with a log of everything a small site does, and the means to add to it."""

    def __init__(self, folder: Path) -> None:
        self.clock = FixedClock()
        self.store = open_store(folder)
        self.path = folder / "twokey.db"
        self.maker = LeafMaker(self.clock, LogMode.EMBEDDED)
        self.sequencer = Sequencer(SqlLogStore(self.store), LOG_KEY, self.clock, "test", gather=0.0)

    def put(self, *entries: Entry) -> None:
        """Make entries durable."""
        with self.store.writing() as transaction:
            transaction.inbox.put(self.maker.make_all(entries))

    def say(self, tag: Tag, said: SignedStatement, about: About) -> None:
        """Record a statement and the entry that names it."""
        with self.store.writing() as transaction:
            transaction.statements.put(said, self.clock.now())
            named = replace(about, statement=said.id)
            entry = Entry(
                tag, self.clock.now(), ActorKind.PERSON, said.statement.person, named, {"kind": said.statement.kind}
            )
            transaction.inbox.put([self.maker.make(entry)])

    def found(self, *signers: Signer) -> None:
        """Write and sign the first entries."""
        people = [signer.person for signer in signers]
        founded = Founded(ORIGIN, "test", "demo", production=False, log_key=LOG_KEY.key.to_text(), policy=digest("9"))
        content = genesis_content(founded, people, {person.name: (MEMBER,) for person in people})
        with self.store.writing() as transaction:
            for person in people:
                transaction.founders.add(person)
        for signer in signers:
            self.say(Tag.GENESIS_SIGNED, signer.sign(StatementKind.GENESIS, ORIGIN, content), About())

    def request(self) -> About:
        """Publish, request and approve; the request and a run of it then exist."""
        content = About(content=digest("1"))
        with self.store.writing() as transaction:
            transaction.publications.add(publication())
            transaction.publications.publish(digest("1"), "bob", NOON)
            transaction.plans.put(plan())
            number = transaction.requests.add(request()).number
            record = add_run(transaction, transaction.requests.get(number))
        self.say(Tag.PUBLICATION_PROPOSED, ANN.sign(StatementKind.PUBLISH, digest("1"), seen=self.head()), content)
        self.say(Tag.PUBLICATION_COUNTERSIGNED, BOB.sign(StatementKind.PUBLISH, digest("1"), seen=self.head()), content)
        about = About(request=number)
        self.say(Tag.REQUEST_SUBMITTED, ANN.sign(StatementKind.REQUEST, digest("4"), seen=self.head()), about)
        self.say(Tag.REQUEST_APPROVED, BOB.sign(StatementKind.APPROVE, number, seen=self.head()), about)
        about = replace(about, run=record.id)
        start = ANN.sign(StatementKind.START, number, seen=self.head())
        self.say(Tag.RUN_START_SIGNED, start, about)
        confirmed: JsonObject = {"start": start.id, "executor": "ann"}
        self.say(Tag.RUN_CONFIRM_SIGNED, BOB.sign(StatementKind.CONFIRM, record.id, confirmed, seen=self.head()), about)
        return about

    def attempt(self, about: About, events: int, step: str = "upgrade", number: int = 1) -> None:
        """An attempt from intent to end."""
        mine = replace(about, batch=1, step=step, role="do", attempt=number)
        self.put(self.entry(Tag.ATTEMPT_INTENDED, mine), self.entry(Tag.ATTEMPT_BEGUN, mine))
        self.put(*(self.event(mine, event) for event in range(1, events + 1)))
        self.put(self.entry(Tag.ATTEMPT_ENDED, mine, {"state": "succeeded", "events": events}))

    def entry(self, tag: Tag, about: About, payload: JsonObject | None = None) -> Entry:
        return Entry(tag, self.clock.now(), ActorKind.SERVICE, "twokey", about, payload)

    def entry_of(self, run: str) -> Entry:
        """Anything about a run."""
        return self.entry(Tag.RUN_MOVED, About(run=run, request=run.partition("/")[0]), {"to": "running"})

    def event(self, about: About, number: int) -> Entry:
        source = f"{about.run}/{about.step}/{about.attempt}#{number}"
        return Entry(
            tag=Tag.ANSIBLE_EVENT,
            occurred=self.clock.now(),
            actor_kind=ActorKind.SHIM,
            actor="s-1",
            about=replace(about, event=number, host="db1"),
            payload={"event": "ok", "task": f"任务 {number}"},
            source=source,
        )

    def sequence(self) -> None:
        """Give everything durable its place."""
        while self.sequencer.sequence():
            pass

    def head(self) -> Seen:
        """What a client has seen, once the tree holds everything."""
        self.sequence()
        with self.store.reading() as transaction:
            newest = transaction.tree.newest_checkpoint()
        return Seen(0, "") if newest is None else Seen(newest.checkpoint.size, newest.checkpoint.root.hex())

    def remembered(self) -> RememberedHead:
        """The newest head, as a client remembers it."""
        self.sequence()
        with self.store.reading() as transaction:
            newest = transaction.tree.newest_checkpoint()
        if newest is None:
            raise AssertionError("there is no head yet")
        return RememberedHead("ann's client", LOG_KEY.key.to_text(), newest.note)

    def verify(self, *remembered: RememberedHead, anchor_within: timedelta = timedelta(days=1)) -> Verdict:
        """The verdict over the database file, read offline."""
        terms = Terms(LOG_KEY.key, self.clock.now(), anchor_within, remembered)
        offline = Store.open_offline(self.path, zone=SHANGHAI, origin=ORIGIN)
        try:
            with offline.reading() as transaction:
                return verify_log(transaction.evidence, terms, OwnVerifier())
        finally:
            offline.close()

    def tamper(self, *statements: str, **values: object) -> None:
        """Change the file as somebody does who may write it and knows about the triggers."""
        connection = driver().connect(str(self.path), isolation_level=None)
        triggers = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        for name in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement, {name: value for name, value in values.items() if f":{name}" in statement})
        connection.close()

    def rewrite(self, *statements: str, key: NoteSigner = LOG_KEY, **values: object) -> None:
        """Change the file and make tree and checkpoints anew, as somebody does who has the log's key, or forges one."""
        self.tamper(*statements, **values)
        self.tamper(*_WITHOUT_TREE)
        forger = Sequencer(SqlLogStore(self.store), key, self.clock, "test", gather=0.0)
        while forger.sequence():
            pass

    def leaf(self, index: int) -> bytes:
        """The bytes of an entry."""
        with self.store.reading() as transaction:
            return transaction.log.at(index).leaf

    def close(self) -> None:
        self.store.close()


def small_world(folder: Path) -> LogWorld:
    """A founded site, one run of two attempts, everything in the tree, in several batches."""
    world = LogWorld(folder)
    world.found(ANN, BOB)
    about = world.request()
    world.attempt(about, 5)
    world.sequence()
    world.attempt(about, 3, step="verify")
    world.say(Tag.RUN_RESULT_SIGNED, ANN.sign(StatementKind.CLOSE, about.run, seen=world.head()), about)
    world.say(Tag.RUN_RESULT_SIGNED, BOB.sign(StatementKind.CLOSE, about.run, seen=world.head()), about)
    world.sequence()
    return world


def failed(verdict: Verdict) -> tuple[str, int | None]:
    """The step that failed, and at which entry."""
    if verdict.word is not VerdictWord.FAILED or verdict.failure is None:
        raise AssertionError(verdict)
    return verdict.failure.step, verdict.failure.entry
