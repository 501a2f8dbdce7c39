"""An engine for tests: a real store, plans from runbooks written in the test, and real shims.

`python -P -m tests.engine_world STATE` is a service without a desk: it runs the engine on the state until it is killed.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from runner.audit.leaves import LeafMaker
from runner.engine.engine import Engine, EngineParts
from runner.engine.in_force import InForce
from runner.engine.notifier import Notice
from runner.engine.plans import PlanShelf
from runner.engine.process import is_alive
from runner.engine.secret_values import Give, give_nothing
from runner.engine.shim.folder import AboutShim, ShimFolder
from runner.engine.snapshot import INVENTORY, KNOWN_HOSTS, SSH_CONFIG, remove_snapshot
from runner.model.document import JsonObject, JsonValue
from runner.model.log import LogMode, StoredLeaf
from runner.model.plan import Binding, Connection, Content, ContentFile, Group, Host, PlanDocument, Runtime, SecretRef
from runner.model.policy import Policy, UnboundRules
from runner.model.request import Request, RequestState
from runner.model.run import Choice, Decision, RunKind, RunRecord, RunState, Wish
from runner.model.runbook import Risk, Runbook
from runner.model.secret import Given, SecretText
from runner.model.time import Clock, Window
from runner.proof.canonical import parse_strict
from runner.rules.expansion import make_batches, unbound_of
from runner.rules.plans import plan_digests
from runner.rules.secret_use import secrets_needed
from runner.runbook.binding import inventory_document
from runner.runbook.known_hosts import known_hosts_text, ssh_config_text
from runner.runbook.loader import parse_runbook
from runner.store.store import Store
from runner.wire.documents import to_document
from tests.waiting import wait_until

ORIGIN = "test.example/twokey"
_RUNBOOK = "runbooks/maintenance/test.yml"


class SystemClock:
    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC)


class FilledBlobs:
    """Blobs as files by their digest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        self._folder.mkdir(exist_ok=True)
        sha256 = hashlib.sha256(data).hexdigest()
        (self._folder / sha256).write_bytes(data)
        return sha256

    def read(self, sha256: str) -> bytes:
        return (self._folder / sha256).read_bytes()


class Notebook:
    """A notifier that only remembers."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def notify(self, notice: Notice) -> None:
        self.notices.append(notice)


def secret_references(runbook: Runbook) -> tuple[SecretRef, ...]:
    """What a plan of these tests binds of the secrets its runbook names."""
    return tuple(SecretRef(name, f"environment:{name.upper()}", "1") for name in secrets_needed(runbook))


def local_host(name: str) -> Host:
    return Host(name, Connection.LOCAL, f"local:{name}", variables={"ansible_connection": "local"})


def generated(binding: Binding) -> dict[str, bytes]:
    """The generated files of a snapshot, as the service makes them."""
    return {
        INVENTORY: inventory_document(binding).encode(),
        KNOWN_HOSTS: known_hosts_text(binding.hosts).encode(),
        SSH_CONFIG: ssh_config_text(binding.hosts).encode(),
    }


@dataclass
class State:
    """State of one installation on disk, and what tests do with it beside the engine."""

    folder: Path
    store: Store
    blobs: FilledBlobs
    leaves: LeafMaker
    clock: Clock
    policy: Policy

    @classmethod
    def open(
        cls, folder: Path, policy: Policy | None = None, clock: Clock | None = None, store: type[Store] = Store
    ) -> State:
        folder.mkdir(exist_ok=True)
        clock = clock or SystemClock()
        opened = store.open(folder / "twokey.db", zone=ZoneInfo("Asia/Shanghai"), origin=ORIGIN)
        leaves = LeafMaker(clock, LogMode.EMBEDDED)
        return cls(folder, opened, FilledBlobs(folder / "content"), leaves, clock, policy or Policy())

    def engine(self, notebook: Notebook | None = None, give: Give = give_nothing) -> Engine:
        shelf = PlanShelf(self.folder / "snapshots", self.blobs, generated)
        return Engine(
            EngineParts(
                store=self.store,
                leaves=self.leaves,
                shelf=shelf,
                shims=self.folder / "shims",
                notifier=notebook or Notebook(),
                clock=self.clock,
                in_force=InForce(self.policy),
                give=give,
            )
        )

    def add_plan(
        self,
        runbook: str,
        playbooks: Mapping[str, str],
        hosts: Sequence[Host] = (local_host("here"),),
        parameters: JsonObject | None = None,
        window: Window | None = None,
    ) -> PlanDocument:
        """Keep the plan of a runbook over plays given by their paths below `playbooks/`."""
        source = textwrap.dedent(runbook)
        parsed = parse_runbook(source.encode(), _RUNBOOK)
        files = {_RUNBOOK: source, **{f"playbooks/{name}": textwrap.dedent(text) for name, text in playbooks.items()}}
        bound = tuple(
            ContentFile(path, self.blobs.put(text.encode()), len(text.encode())) for path, text in sorted(files.items())
        )
        names = tuple(host.name for host in sorted(hosts, key=lambda each: each.name))
        binding = Binding(
            environment="test",
            production=False,
            hosts=tuple(sorted(hosts, key=lambda each: each.name)),
            groups=(Group("all", names),),
            batches=make_batches(parsed.targets, names),
            parameters=parameters or {},
            window=window,
            secrets=secret_references(parsed),
        )
        parts = [to_document(part) for part in (Content(_RUNBOOK, bound), binding, Runtime("0", "0", "0", "0"))]
        unbound = unbound_of(parsed, (), UnboundRules())
        document = PlanDocument(plan_digests(*parts), parts[0], parts[1], parts[2], source, unbound)
        with self.store.writing() as transaction:
            transaction.plans.put(document)
        return document

    def add_run(self, plan: PlanDocument, kind: RunKind = RunKind.CHANGE, window: Window | None = None) -> str:
        """Record a run that waits for its confirmer; its id."""
        now = self.clock.now()
        with self.store.writing() as transaction:
            number = ""
            if kind is RunKind.CHANGE:
                number = transaction.requests.add(_request(plan, now)).number
            run = transaction.runs.next_id(number, now)
            transaction.runs.add(
                RunRecord(
                    id=run,
                    kind=kind,
                    request=number,
                    plan=plan.digests.plan,
                    state=RunState.CONFIRMING,
                    epoch=0,
                    executor="A",
                    confirmer="B",
                    created_at=now,
                    window=window,
                )
            )
        return run

    def begin(self, engine: Engine, run: str) -> None:
        """Do what the confirmer's signature does."""
        with self.store.writing() as transaction:
            record = transaction.runs.get(run)
            claimed = transaction.runs.claim(run, record.epoch)
            assert claimed is not None
            plan = self.shelf().get(record.plan, transaction.plans).plan
            engine.begin_run(transaction, claimed, plan, self.clock.now())
            transaction.after_commit(lambda: engine.wake(run))

    def change(self, engine: Engine, run: str, effect: Callable[[RunRecord], RunRecord]) -> None:
        """Do what a signed statement does to a run."""
        with self.store.writing() as transaction:
            claimed = transaction.runs.claim(run, transaction.runs.get(run).epoch)
            assert claimed is not None
            transaction.runs.save(effect(claimed))
            transaction.after_commit(lambda: engine.wake(run))

    def decide(self, engine: Engine, run: str, choice: Choice) -> None:
        """Answer the question a run waits with."""

        def effect(record: RunRecord) -> RunRecord:
            assert record.question is not None
            assert record.waiting_at is not None
            at = record.waiting_at
            decision = Decision(record.question, choice, at.batch, at.step, at.role, at.number, self.clock.now())
            return replace(record, decisions=(*record.decisions, decision), wish=Wish())

        self.change(engine, run, effect)

    def run(self, run: str) -> RunRecord:
        with self.store.reading() as transaction:
            return transaction.runs.get(run)

    def locks(self, run: str) -> list[str]:
        with self.store.reading() as transaction:
            return [lock.identity for lock in transaction.locks.of(run)]

    def wait_for(self, run: str, *states: RunState, seconds: float = 30) -> RunRecord:
        def there() -> RunRecord | None:
            record = self.run(run)
            return record if record.state in states else None

        try:
            found = wait_until(there, seconds, f"run {run} to be {' or '.join(states)}")
        except TimeoutError as error:
            error.add_note(str(self.run(run)))
            raise
        assert found is not None
        return found

    def log(self, run: str) -> list[Told]:
        """Every entry about a run, oldest first."""
        with self.store.reading() as transaction:
            stored = transaction.log.after(0, 1_000_000)
        told = [Told.read(leaf) for leaf in stored]
        return [each for each in told if each.about.get("run") == run]

    def event_numbers(self, run: str) -> dict[str, list[int]]:
        """Numbers of the recorded events of each attempt, in the order of the log."""
        numbers: dict[str, list[int]] = {}
        for each in self.log(run):
            if "event" in each.about:
                about = each.about
                key = f"{about['batch']}/{about['step']}.{about['role']}/{about['attempt']}"
                numbers.setdefault(key, []).append(int(str(about["event"])))
        return numbers

    def shelf(self) -> PlanShelf:
        return PlanShelf(self.folder / "snapshots", self.blobs, generated)

    def close(self) -> None:
        """Close the store, and end every shim of this state that still lives."""
        self.store.close()
        for shim in self.shims():
            with suppress(ProcessLookupError):
                os.kill(shim.process.pid, signal.SIGTERM)
        wait_until(lambda: not self.shims(), 20, "every shim to end")
        for snapshot in (self.folder / "snapshots").glob("*"):
            remove_snapshot(snapshot)

    def shims(self) -> list[AboutShim]:
        """Live shims of this state."""
        about = [ShimFolder(path).find_about() for path in (self.folder / "shims").glob("*")]
        return [shim for shim in about if shim is not None and is_alive(shim.process)]


@dataclass(frozen=True)
class Told:
    """One entry of the log, read."""

    tag: str
    about: JsonObject
    payload: JsonValue

    @classmethod
    def read(cls, stored: StoredLeaf) -> Told:
        leaf = parse_strict(stored.leaf)
        assert isinstance(leaf, dict)
        about = leaf["about"]
        assert isinstance(about, dict)
        return cls(str(leaf["tag"]), about, parse_strict(stored.payload) if stored.payload else None)


def _request(plan: PlanDocument, now: datetime) -> Request:
    return Request(
        number="",
        revision=1,
        plan=plan.digests.plan,
        content=plan.digests.content,
        runbook_id="test",
        title_en="Test",
        title_zh="测试",
        requester="A",
        reason="test",
        risk=Risk.ORDINARY,
        state=RequestState.APPROVED,
        window=None,
        at=now,
    )


PLANTED = "planted-in-the-engine"
"""Value of every secret that an engine of its own process gives."""


def give_planted(wanted: Sequence[SecretRef]) -> Given:
    return {secret.name: SecretText(PLANTED) for secret in wanted}


def serve(folder: Path) -> None:
    """Run the engine on a state until somebody ends this process."""
    state = State.open(folder)
    engine = state.engine(give=give_planted)
    engine.start()
    (folder / "started").touch()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    engine.stop()
    state.store.close()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    serve(Path(sys.argv[1]))
