"""A runbook: what an operator may do, as its author wrote it and validation accepted it.

The language is described in `docs/runbook-language.md`. Paths of plays are relative to the site's `playbooks/`.
A value may hold references `{{ parameters.NAME }}`, `{{ outputs.STEP.NAME }}` or `{{ run.FIELD }}`; nothing else is
evaluated, and `runner.rules.references` is the only place that does it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from runner.model.document import JsonValue
from runner.model.text import Text
from runner.model.time import Seconds


class Family(StrEnum):
    """What kind of work a runbook is; each family adds its own rules."""

    BACKUP = "backup"
    RESTORE_DRILL = "restore_drill"
    UPGRADE = "upgrade"
    RESTART = "restart"
    INSPECTION = "inspection"
    HVAC = "hvac"
    MAINTENANCE = "maintenance"
    BATCH = "batch"
    CLEAN_UP = "clean_up"
    SECURITY = "security"
    EMERGENCY = "emergency"


class Risk(StrEnum):
    """Risk class of a change (变更等级), lowest first."""

    STANDARD = "standard"
    ORDINARY = "ordinary"
    MAJOR = "major"
    EMERGENCY = "emergency"


class ValueType(StrEnum):
    """Type of a parameter, an output or a recorded reading."""

    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    PATH = "path"
    SHA256 = "sha256"
    DURATION = "duration"
    SIZE = "size"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value asked of the requester, or recorded on a manual step's sheet."""

    name: str
    type: ValueType
    ask: Text | None = None
    pattern: str | None = None
    """Regular expression the whole text must match (string, path)."""
    choices: tuple[str, ...] = ()
    """Allowed values (choice)."""
    minimum: int | None = None
    """Smallest allowed number (integer; seconds for duration; bytes for size)."""
    maximum: int | None = None
    """Largest allowed number (integer; seconds for duration; bytes for size)."""
    default: JsonValue = None
    """Used when the requester gives none; None means that a value is required."""


@dataclass(frozen=True, slots=True)
class Output:
    """A typed value a step reports through `set_stats`."""

    name: str
    type: ValueType


@dataclass(frozen=True, slots=True)
class PlayRef:
    """A playbook with the variables given to it."""

    playbook: str
    """Path relative to `playbooks/`."""
    vars: Mapping[str, JsonValue] = field(default_factory=dict)
    """Extra variables; may hold references."""


@dataclass(frozen=True, slots=True)
class Rollback:
    """How a step is undone."""

    play: PlayRef
    verify: PlayRef | None = None
    """Read-only proof that this step was undone."""
    rewinds_data: bool = False
    """Whether undoing loses data written since the step; then it runs by itself only while writes are proven off."""
    writes_off: PlayRef | None = None
    """Read-only probe that proves that nothing writes; succeeds only if so. Required when data is rewound."""
    estimate: Seconds = Seconds(300)
    """How long undoing takes; sums up to the latest rollback decision time."""
    timeout: Seconds = Seconds(1800)


@dataclass(frozen=True, slots=True)
class PlaybookWork:
    """A step carried out by Ansible."""

    play: PlayRef
    read_only: bool = False
    outputs: tuple[Output, ...] = ()
    verify: PlayRef | None = None
    settle: PlayRef | None = None
    """Read-only probe that tells whether an attempt of unseen end took place: it reports `settled` (done, not_done,
    unknown) by `set_stats` for each host."""
    rollback: Rollback | None = None
    """None: there is nothing to undo (read only) or nothing that can be (then `because` says why)."""
    because: Text | None = None
    """Why there is no rollback; required when a mutating step has none."""
    irreversible: bool = False
    """Whether the step destroys the way back; raises the risk class to major."""


class ProbeKind(StrEnum):
    """The fixed, read-only probes of a remote step."""

    REACHABLE = "reachable"
    FREE_DISK = "free_disk"
    FREE_MEMORY = "free_memory"
    CLOCK_SKEW = "clock_skew"
    LOAD = "load"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Probe:
    """One read-only look at a host, with its limit."""

    kind: ProbeKind
    path: str | None = None
    """Folder whose file system is measured (free_disk) or file looked for (file)."""
    at_least: int | None = None
    """Bytes (free_disk, free_memory)."""
    at_most: int | None = None
    """Milliseconds (clock_skew) or hundredths of load per processor (load)."""


@dataclass(frozen=True, slots=True)
class RemoteWork:
    """A step of fixed read-only probes through Fabric."""

    probes: tuple[Probe, ...]


@dataclass(frozen=True, slots=True)
class ManualWork:
    """A step people carry out by hand; two sign its finished sheet."""

    instruct: Text
    record: tuple[Parameter, ...] = ()
    rollback: Text | None = None
    """What to do by hand to undo it."""
    because: Text | None = None
    """Why there is no rollback; required when there is none and the step is not read only."""
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class SoakWork:
    """A step that watches health for a while."""

    play: PlayRef
    lasts: Seconds
    every: Seconds
    tolerate: int = 0
    """How many looks may fail before the step fails."""


Work = PlaybookWork | RemoteWork | ManualWork | SoakWork


class WhenLate(StrEnum):
    """What becomes of a run whose people let a gate or a sheet wait too long."""

    PAUSE = "pause"
    ROLL_BACK = "roll_back"


@dataclass(frozen=True, slots=True)
class Gate:
    """A point where executor and confirmer must both sign again."""

    wait_at_most: Seconds = Seconds(7200)
    when_late: WhenLate = WhenLate.PAUSE
    say: Text | None = None
    """What is about to happen, in one sentence."""


class Once(StrEnum):
    """A step done once for the run instead of once for each batch."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a runbook."""

    id: str
    work: Work
    title: Text | None = None
    once: Once | None = None
    """Whether it runs once before the first or after the last batch."""
    gate: Gate | None = None
    timeout: Seconds = Seconds(1800)
    """Deadline of each attempt; of the whole watch, with reserve, for a soak; of the sheet for manual work."""
    secrets: tuple[str, ...] = ()
    """Names of the secrets its plays get beyond those of the whole runbook."""

    funds: bool = False
    """Whether it touches accounts and funds: repeated only after its reconciliation (L13)."""

    @property
    def mutating(self) -> bool:
        """Whether the step may change a host."""
        return isinstance(self.work, PlaybookWork | ManualWork) and not self.work.read_only


@dataclass(frozen=True, slots=True)
class Targets:
    """Which hosts, and how many at a time."""

    group: str | None = None
    """Inventory group; None when hosts are named."""
    hosts: tuple[str, ...] = ()
    batch: int | None = None
    """Hosts in one batch; None means all at once."""
    stop_after_failures: int = 1
    """The run stops once this many hosts have failed; below that a failed batch is rolled back and the next begins."""


class OnFailure(StrEnum):
    """What follows the failure of a step."""

    ROLL_BACK = "roll_back"
    PAUSE = "pause"


class AtWindowEnd(StrEnum):
    """What follows when the window closes in mid-run."""

    ROLL_BACK = "roll_back"
    FINISH_STEP = "finish_step"
    PAUSE = "pause"


class RollbackScope(StrEnum):
    """How much is undone when a step fails."""

    BATCH = "batch"
    RUN = "run"


@dataclass(frozen=True, slots=True)
class BackupTerms:
    """What a backup runbook promises: how many copies, and where."""

    copies: int
    places: tuple[str, ...]
    keep: Seconds | None = None


@dataclass(frozen=True, slots=True)
class DrillTerms:
    """What a drill is measured against."""

    rto: Seconds
    """Recovery time objective."""
    rpo: Seconds
    """Recovery point objective."""


class Season(StrEnum):
    """Season an HVAC runbook belongs to."""

    COOLING = "cooling"
    HEATING = "heating"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class HvacTerms:
    """Season of an HVAC runbook and the limits of its set points, in hundredths of a degree Celsius."""

    season: Season
    limits: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Runbook:
    """A validated runbook."""

    id: str
    version: int
    family: Family
    title: Text
    owner: str
    risk: Risk
    """As declared; the plan may only raise it."""
    targets: Targets
    steps: tuple[Step, ...]
    summary: Text | None = None
    controls: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    vars: Mapping[str, JsonValue] = field(default_factory=dict)
    """Extra variables given to every play; may hold references to parameters and `run`."""
    secrets: tuple[str, ...] = ()
    """Names of the secrets every play gets."""
    window_required: bool = True
    business_impact: bool = False
    """Whether it affects the business: a business owner verifies the result, whatever the risk class."""
    trial: Seconds = Seconds(0)
    """How long a change of it is on trial at least, and by default; 0: its request says."""
    on_failure: OnFailure = OnFailure.ROLL_BACK
    at_window_end: AtWindowEnd = AtWindowEnd.ROLL_BACK
    rollback_scope: RollbackScope = RollbackScope.BATCH
    after_rollback: PlayRef | None = None
    """Read-only proof, after everything was undone, that the service is healthy."""
    backup: BackupTerms | None = None
    drill: DrillTerms | None = None
    hvac: HvacTerms | None = None
    funds: bool = False
    """Whether every step of it touches accounts and funds."""

    @property
    def touches_funds(self) -> bool:
        """Whether it is signed at two operations terminals only (RCB-79): batch work, and whatever touches funds."""
        return self.funds or self.family is Family.BATCH or any(step.funds for step in self.steps)

    @property
    def mutating(self) -> bool:
        """Whether any step may change a host."""
        return any(step.mutating for step in self.steps)
