"""What the engine orders of a step shim, and what the shim answers; stored on disk as JSON.

The shim's folder is the truth between service and shim: `order.json` (written by the service before the shim is told),
`begun` (written by the shim, durable, before anything touches a host), `spool.jsonl` (events in order) and
`result.json` (by rename, last). The socket between them only carries wishes and wake-ups.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from runner.model.document import JsonObject, JsonValue
from runner.model.plan import Host, SecretRef
from runner.model.run import AttemptKey, AttemptState, HostOutcome
from runner.model.runbook import Output, Probe
from runner.model.time import Seconds


@dataclass(frozen=True, slots=True)
class PlayOrder:
    """Run one playbook on the hosts."""

    playbook: str
    """Path inside the snapshot, relative to its root."""
    variables: Mapping[str, JsonValue]
    outputs: tuple[Output, ...] = ()
    check: bool = False


@dataclass(frozen=True, slots=True)
class ProbeOrder:
    """Look at the hosts with the fixed probes."""

    probes: tuple[Probe, ...]
    pins: tuple[Host, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """One attempt for a shim to carry out."""

    key: AttemptKey
    work: PlayOrder | ProbeOrder
    hosts: tuple[str, ...]
    mutating: bool
    snapshot: str
    """Folder of the read-only snapshot (absolute)."""
    manifest: str
    """Digest of the snapshot's manifest; what differs from it is not run (L3)."""
    deadline: datetime
    """The shim ends the attempt itself at this instant (UTC)."""
    hold: Seconds = Seconds(600)
    """How long the shim holds at a task border while the log cannot be written."""
    forks: int = 20
    secrets: tuple[SecretRef, ...] = ()
    """What the play gets beside its variables; the values come with the word to begin, and are never here."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a shim reports of one attempt."""

    key: AttemptKey
    state: AttemptState
    ended_at: datetime
    outcomes: Mapping[str, HostOutcome]
    events: int
    """How many events the spool holds."""
    outputs: Mapping[str, JsonValue] = field(default_factory=dict)
    settled: Mapping[str, str] = field(default_factory=dict)
    changed: bool = False
    """Whether any task reported a change."""
    reason: str = ""
    facts: JsonObject = field(default_factory=dict)
    """Return code, status, argument list that really ran, probe figures."""
