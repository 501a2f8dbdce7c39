"""Shapes of what a site says about itself: `inventory/site.yml` and a policy."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from runner.model.policy import Allowance, Drift, Policy, UnboundRules
from runner.model.time import Seconds
from runner.wire.fields import Count, Duration, DurationOrZero, Label, Shape, text_field
from runner.words import N_

_ORIGIN = text_field(
    r"[!-*,-~]{1,200}",
    N_('got "{got}", expected the name of a log: printable characters without blanks and "+"'),
)
_FOLDER = text_field(
    r"[a-z0-9][a-z0-9_-]{0,63}",
    N_('got "{got}", expected the name of a folder of inventory/'),
)
_ZONE = text_field(
    r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*",
    N_('got "{got}", expected a time zone such as "Asia/Shanghai"'),
)
_USUAL = Policy()


class SiteShape(Shape):
    """What a site is called and which environment it serves."""

    version_of_language: Annotated[Literal["twokey/v1"], Field(alias="apiVersion")]
    kind: Literal["Site"]
    name: Label
    environment: Annotated[str, _FOLDER[0], _FOLDER[1]]
    production: bool
    origin: Annotated[str, _ORIGIN[0], _ORIGIN[1]]
    timezone: Annotated[str, _ZONE[0], _ZONE[1]]


class UnboundShape(Shape):
    """What may be left to run time."""

    outputs: Annotated[Allowance, Field(strict=False)] = _USUAL.unbound.outputs
    sheets: Annotated[Allowance, Field(strict=False)] = _USUAL.unbound.sheets
    lookups: Annotated[Allowance, Field(strict=False)] = _USUAL.unbound.lookups

    def value(self) -> UnboundRules:
        return UnboundRules(self.outputs, self.sheets, self.lookups)


class PolicyShape(Shape):
    """What a site decides within the law; what it leaves out is as shipped."""

    version_of_language: Annotated[Literal["twokey/v1"], Field(alias="apiVersion")]
    kind: Literal["Policy"]
    name: Label
    start_valid_for: Duration = _USUAL.start_valid_for
    approval_valid_for: Duration = _USUAL.approval_valid_for
    max_runs: Count = _USUAL.max_runs
    runtime_drift: Annotated[Drift, Field(strict=False)] = _USUAL.runtime_drift
    unbound: UnboundShape = Field(default_factory=UnboundShape)
    anchor_within: Duration = _USUAL.anchor_within
    hold: DurationOrZero = _USUAL.hold
    rollback_reserve: DurationOrZero = _USUAL.rollback_reserve

    def value(self) -> Policy:
        return Policy(
            name=self.name,
            start_valid_for=Seconds(self.start_valid_for),
            approval_valid_for=Seconds(self.approval_valid_for),
            max_runs=self.max_runs,
            runtime_drift=self.runtime_drift,
            unbound=self.unbound.value(),
            anchor_within=Seconds(self.anchor_within),
            hold=Seconds(self.hold),
            rollback_reserve=Seconds(self.rollback_reserve),
        )
