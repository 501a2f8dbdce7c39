"""Shape of a runbook as its author writes it; what it means beyond its shape is judged by `runner.rules.validation`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from runner.model.runbook import (
    AtWindowEnd,
    BackupTerms,
    DrillTerms,
    Family,
    HvacTerms,
    OnFailure,
    Risk,
    RollbackScope,
    Runbook,
    Season,
    Targets,
)
from runner.model.time import Seconds
from runner.wire.fields import (
    Count,
    Duration,
    DurationOrZero,
    HostName,
    Identifier,
    Label,
    Name,
    Shape,
    Temperature,
    TextShape,
    Variables,
    said,
)
from runner.wire.steps import ParameterShape, Play, StepShape
from runner.words import N_

MOST_STEPS = 1000


class TargetsShape(Shape):
    """Which hosts, and how many at a time."""

    group: HostName | None = None
    """Group of the inventory."""
    hosts: Annotated[list[HostName], Field(min_length=1)] | None = None
    """Hosts of the inventory by name, in the order they are taken."""
    batch: Count | None = None
    """Hosts in one batch; without it all hosts are one batch."""
    stop_after_failures: Count = 1
    """The run stops once this many hosts have failed."""

    def value(self) -> Targets:
        return Targets(self.group, tuple(self.hosts or ()), self.batch, self.stop_after_failures)


class AfterRollbackShape(Shape):
    """What proves, after everything was undone, that the service is healthy."""

    verify: Play
    """Read-only play."""


class BackupShape(Shape):
    """What a backup promises."""

    copies: Count
    """How many copies it makes."""
    places: Annotated[list[Label], Field(min_length=1)]
    """Where the copies lie."""
    keep: Duration | None = None
    """How long they are kept."""

    def value(self) -> BackupTerms:
        return BackupTerms(self.copies, tuple(self.places), self.keep)


class DrillShape(Shape):
    """What a drill is measured against."""

    rto: Duration
    """Recovery time objective."""
    rpo: DurationOrZero
    """Recovery point objective."""

    def value(self) -> DrillTerms:
        return DrillTerms(self.rto, self.rpo)


class LimitsShape(Shape):
    """The span a set point must stay in."""

    lowest: Temperature
    """Lowest set point."""
    highest: Temperature
    """Highest set point."""


class HvacShape(Shape):
    """Season and limits of work on air conditioning."""

    season: Annotated[Season, Field(strict=False)]
    """Season it belongs to."""
    limits: Annotated[dict[Name, LimitsShape], Field(min_length=1)]
    """Limits by name of the set point."""

    def value(self) -> HvacTerms:
        return HvacTerms(self.season, {name: (span.lowest, span.highest) for name, span in self.limits.items()})


def _known_version(value: object) -> object:
    if value != "twokey/v1":
        raise said(N_('got "{got}", expected "twokey/v1"'), got=str(value)[:80])
    return value


class RunbookShape(Shape):
    """A runbook of Twokey."""

    version_of_language: Annotated[Literal["twokey/v1"], BeforeValidator(_known_version), Field(alias="apiVersion")]
    """Version of the language."""
    kind: Literal["Runbook"]
    """What the document is."""
    id: Identifier
    """Name of the runbook, unique in the site."""
    version: Count
    """Raised by its author with every change."""
    family: Annotated[Family, Field(strict=False)]
    """Kind of work; adds its own rules."""
    title: TextShape
    """The runbook in a few words."""
    summary: TextShape | None = None
    """What it does, in a sentence or two."""
    owner: Label
    """Who answers for it."""
    controls: list[Label] = Field(default_factory=list)
    """Ids of the controls it helps to satisfy."""
    risk: Annotated[Risk, Field(strict=False)] = Risk.ORDINARY
    """Risk class; a plan may only raise it."""
    parameters: dict[Name, ParameterShape] = Field(default_factory=dict)
    """Values asked of the requester."""
    targets: TargetsShape
    """Which hosts, and how many at a time."""
    window: Literal["required", "optional"] = "required"
    """Whether a request must name a window; optional only when nothing changes."""
    business_impact: bool = False
    """Whether it affects the business: a business owner verifies the result."""
    trial: Duration | None = None
    """How long a change of it is on trial at least before it is accepted, and by default."""
    vars: Variables = Field(default_factory=dict)
    """Extra variables for every play; values may hold references to parameters and `run`."""
    secrets: list[Name] = Field(default_factory=list)
    """Secrets of the environment that every play gets, by name; their values are in no document."""
    steps: Annotated[list[StepShape], Field(min_length=1, max_length=MOST_STEPS)]
    """What is done, in order."""
    on_failure: Annotated[OnFailure, Field(strict=False)] = OnFailure.ROLL_BACK
    """What follows the failure of a step."""
    at_window_end: Annotated[AtWindowEnd, Field(strict=False)] = AtWindowEnd.ROLL_BACK
    """What follows when the window closes in mid-run."""
    rollback_scope: Annotated[RollbackScope, Field(strict=False)] = RollbackScope.BATCH
    """How much is undone when a step fails."""
    after_rollback: AfterRollbackShape | None = None
    """What proves the service healthy after rollback."""
    backup: BackupShape | None = None
    """Terms of the family backup."""
    drill: DrillShape | None = None
    """Terms of the family restore_drill."""
    funds: bool = False
    """Whether every step of it touches accounts and funds; it is then signed at two operations terminals only."""
    hvac: HvacShape | None = None
    """Terms of the family hvac."""

    def value(self) -> Runbook:
        """The runbook as the model's value; defaults of parameters still stand as written."""
        return Runbook(
            id=self.id,
            version=self.version,
            family=self.family,
            title=self.title.value(),
            owner=self.owner,
            risk=self.risk,
            targets=self.targets.value(),
            steps=tuple(replace(each, funds=each.funds or self.funds) for each in (s.value() for s in self.steps)),
            funds=self.funds,
            summary=self.summary.value() if self.summary else None,
            controls=tuple(self.controls),
            parameters=tuple(shape.value(name) for name, shape in self.parameters.items()),
            vars=self.vars,
            secrets=tuple(self.secrets),
            window_required=self.window == "required",
            business_impact=self.business_impact,
            trial=self.trial or Seconds(0),
            on_failure=self.on_failure,
            at_window_end=self.at_window_end,
            rollback_scope=self.rollback_scope,
            after_rollback=self.after_rollback.verify.value() if self.after_rollback else None,
            backup=self.backup.value() if self.backup else None,
            drill=self.drill.value() if self.drill else None,
            hvac=self.hvac.value() if self.hvac else None,
        )
