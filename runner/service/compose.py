"""Composition: the one place where the service's parts are built and joined."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from runner.audit.keys import load_log_key
from runner.audit.leaves import LeafMaker
from runner.audit.sequencer import Sequencer
from runner.audit.ssh_keygen import SshKeygen
from runner.engine.desk.desk import Desk
from runner.engine.desk.founding import require_same_site, require_signed_founding
from runner.engine.desk.genesis import require_active
from runner.engine.desk.policies import read_in_force
from runner.engine.desk.premises import Premises
from runner.engine.desk.refusals import SERVICE
from runner.engine.desk.register import RegisterShelf
from runner.engine.desk.state import StateDirectory
from runner.engine.engine import Engine, EngineParts
from runner.engine.in_force import InForce
from runner.engine.notifier import Notifier
from runner.engine.planning import Planner
from runner.engine.plans import PlanShelf
from runner.engine.secret_values import SecretGiver
from runner.engine.snapshot import INVENTORY, KNOWN_HOSTS, SSH_CONFIG
from runner.errors import RefusedError
from runner.model.log import LogFilter, LogMode, StoredLeaf
from runner.model.plan import Binding
from runner.model.site import Site
from runner.model.time import Clock
from runner.runbook.binding import inventory_document
from runner.runbook.known_hosts import known_hosts_text, ssh_config_text
from runner.service.access.access import Access
from runner.service.parts import Service
from runner.service.stream import EventStream
from runner.store.content import ContentStore
from runner.store.store import SqlLogStore, Store
from runner.words import N_


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be composed."""

    site: Site
    state: StateDirectory
    embedded: bool
    clock: Clock
    notifier: Notifier
    end: Callable[[], None]
    """Asks the service to end in order."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A service that is put together and not yet started."""

    service: Service
    engine: Engine
    sequencer: Sequencer

    def start(self) -> None:
        """Take up what an earlier service left.

        Raises:
            StorageError: what was found cannot be recorded.
        """
        self.sequencer.start()
        self.service.store.on_log(self.service.stream.committed)
        self.engine.start()

    def stop(self) -> None:
        """Stop in order; shims go on by themselves."""
        self.engine.stop()
        self.service.desk.stop()
        self.service.access.stop()
        self.service.store.off_log(self.service.stream.committed)

    def close(self) -> None:
        """Put what is durable into the tree, and close the store."""
        self.sequencer.stop()
        self.service.store.close()


class StorePages:
    """The log as the event stream reads it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def newest(self) -> int:
        with self._store.reading() as transaction:
            return transaction.inbox.newest()

    def after(self, position: int, limit: int, wanted: LogFilter) -> tuple[StoredLeaf, ...]:
        with self._store.reading() as transaction:
            return transaction.log.after(position, limit, wanted)


def compose(order: Order) -> Composed:
    """Put a service together.

    Raises:
        RefusedError: the site is not active, its policy is not the signed one, or it is production and embedded.
        StorageError: its state cannot be opened.
        InvalidContentError: its policy has problems.
    """
    site, state = order.site, order.state
    _require_not_production(order)
    store = Store.open(state.database, zone=ZoneInfo(site.timezone), origin=site.origin)
    try:
        with store.reading() as transaction:
            require_active(transaction)
            require_signed_founding(transaction)
            require_same_site(transaction, site)
            in_force = read_in_force(transaction, site.timezone)
        return _join(order, store, in_force)
    except BaseException:
        store.close()
        raise


def _join(order: Order, store: Store, in_force: InForce) -> Composed:
    site, state, clock = order.site, order.state, order.clock
    signer = load_log_key(state.root)
    sequencer = Sequencer(SqlLogStore(store), signer, clock, SERVICE)
    leaves = LeafMaker(clock, LogMode.EMBEDDED if order.embedded else LogMode.INSTALLED)
    contents = ContentStore(state.content)
    shelf = PlanShelf(state.snapshots, contents, generated_files)
    planner = Planner(site, in_force, contents)
    giver = SecretGiver(site.inventory, planner.secrets, dict(os.environ))
    parts = EngineParts(store, leaves, shelf, state.shims, order.notifier, clock, in_force, give=giver.give)
    engine = Engine(parts)
    premises = Premises(
        store=store,
        leaves=leaves,
        verifier=SshKeygen(),
        clock=clock,
        planner=planner,
        plans=shelf,
        contents=contents,
        runs=engine,
        site=site,
        in_force=in_force,
        register=RegisterShelf(),
        embedded=order.embedded,
    )
    access = Access(premises, state.root)
    epoch = secrets.token_hex(4)
    service = Service(
        state=state,
        premises=premises,
        desk=Desk(premises, access.passwords, signer),
        access=access,
        sequencer=sequencer,
        stream=EventStream(StorePages(store), epoch),
        log_key=signer.key,
        epoch=epoch,
        started_at=clock.now(),
        pid=os.getpid(),
        end=order.end,
        secrets=giver,
    )
    return Composed(service, engine, sequencer)


def generated_files(binding: Binding) -> Mapping[str, bytes]:
    """The files of a snapshot that are made from the binding: inventory, and what OpenSSH is told."""
    return {
        INVENTORY: inventory_document(binding).encode(),
        KNOWN_HOSTS: known_hosts_text(binding.hosts).encode(),
        SSH_CONFIG: ssh_config_text(binding.hosts).encode(),
    }


def _require_not_production(order: Order) -> None:
    if order.embedded and order.site.production:
        raise RefusedError(
            N_("site {site}: is production, and a service started by a client refuses production"),
            rule="L1:embedded-production",
            hint=N_("production needs the installed service: twokey serve"),
            site=order.site.name,
        )
