"""Plans as the engine works with them: opened and expanded once, with their snapshots."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from runner.engine.snapshot import Blobs, Snapshot, build_snapshot, remove_snapshot
from runner.model.plan import Binding, Plan, PlanDocument
from runner.rules.expansion import Expansion, expand
from runner.rules.plans import open_plan
from runner.runbook.loader import parse_runbook
from runner.wire.documents import from_document

_KEPT = 32
"""Plans kept open; a run in progress is asked about again and again."""

Generate = Callable[[Binding], Mapping[str, bytes]]
"""Makes the generated files of a snapshot: inventory and what OpenSSH is told."""


class PlanSource(Protocol):
    """Where plan documents are kept."""

    def get(self, digest: str) -> PlanDocument:
        """The plan of that digest.

        Raises:
            NotFoundError: it was never made here.
        """
        ...


@dataclass(frozen=True, slots=True)
class OpenPlan:
    """A plan whose digests were recomputed, and what it expands to."""

    plan: Plan
    expansion: Expansion

    def identities(self) -> tuple[str, ...]:
        """What is locked for a run of it."""
        return tuple(host.identity for host in self.plan.binding.hosts)


class PlanShelf:
    """Plans opened before, and the folder of their snapshots."""

    def __init__(self, snapshots: Path, blobs: Blobs, generate: Generate) -> None:
        self._snapshots = snapshots
        self._blobs = blobs
        self._generate = generate
        self._open: OrderedDict[str, OpenPlan] = OrderedDict()
        self._built: dict[str, Snapshot] = {}
        self._lock = threading.Lock()

    def get(self, digest: str, source: PlanSource) -> OpenPlan:
        """The plan of that digest.

        Raises:
            NotFoundError: it was never made here.
            VerificationError: what is kept is not what the digest says.
        """
        with self._lock:
            if digest in self._open:
                self._open.move_to_end(digest)
                return self._open[digest]
        opened = _opened(source.get(digest))
        with self._lock:
            self._open[digest] = opened
            while len(self._open) > _KEPT:
                self._built.pop(self._open.popitem(last=False)[0], None)
        return opened

    def snapshot(self, opened: OpenPlan) -> Snapshot:
        """The snapshot of a plan, built when it is not there yet; the shim verifies it before every attempt.

        Raises:
            StorageError: bytes are missing, or the disk does not take them.
            VerificationError: the one that is there is not what it should be.
        """
        digest = opened.plan.digests.plan
        built = self._built.get(digest)
        if built is None or not built.folder.exists():
            generated = self._generate(opened.plan.binding)
            built = build_snapshot(self._snapshots, digest, opened.plan.content, self._blobs, generated)
            self._built[digest] = built
        return built

    def clear_away(self, kept: Collection[str]) -> None:
        """Remove the snapshots of all plans but these, before anything runs; one that is needed again is built anew.

        Args:
            kept: plan digests.
        """
        wanted = {digest.removeprefix("sha256:") for digest in kept}
        for folder in self._snapshots.glob("*"):
            if folder.name not in wanted:
                remove_snapshot(folder)


def _opened(document: PlanDocument) -> OpenPlan:
    runbook = parse_runbook(document.runbook_source.encode(), str(document.content["runbook"]))
    plan = open_plan(document, runbook, from_document)
    return OpenPlan(plan, expand(runbook, plan.binding))
