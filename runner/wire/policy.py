"""Shape of `policy.yml`: what a site decides within the law; what it leaves out is as shipped.

A class that an environment or a unit speaks of takes what it leaves out from the terms it inherits. Whether it may say
what it says is judged by `runner.rules.policy_findings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Final, Literal, TypeVar

from pydantic import Field

from runner.model.people import PersonRole
from runner.model.policy import (
    Allowance,
    ApprovalNeed,
    ClassTerms,
    Drift,
    EmergencyTerms,
    GrantArea,
    GrantTerms,
    Policy,
    Post,
    Reading,
    SessionTerms,
    SignedAt,
    StandingRules,
    Strength,
    UnboundRules,
    Unit,
)
from runner.model.runbook import Risk
from runner.model.time import Seconds
from runner.wire.fields import Count, Duration, DurationOrZero, Folder, Label, Moment, Shape, Term, TextShape
from runner.wire.policy_upkeep import UpkeepShape

MOST_APPROVALS: Final = 9
"""Most approvals of one kind, and most kinds of them."""
_USUAL: Final = Policy()
_SHORTEST_PASSWORD: Final = 8

Role = Annotated[PersonRole, Field(strict=False)]
Roles = Annotated[list[Role], Field(min_length=1)]
_T = TypeVar("_T")


class PostShape(Shape):
    """A post of the site."""

    title: TextShape
    """What it is called."""
    roles: list[Role] = Field(default_factory=list)
    """What its holders may do; none: they are known, and act on nothing."""
    key: bool = False
    """Whether it is a key post: it needs a stand-in, and being vacant is reported."""
    operations: bool = False
    """Whether it is an operations post: on production, executor and confirmer hold one."""
    most: Annotated[int, Field(ge=0, le=100_000)] = 0
    """Most holders at a time, stand-ins not counted; 0 is any number."""
    marks: list[Term] = Field(default_factory=list)
    """Attestations its holders need, such as `training`."""

    def value(self) -> Post:
        return Post(self.title.value(), tuple(self.roles), self.key, self.operations, self.most, tuple(self.marks))


class ApprovalShape(Shape):
    """One approval, or several of a kind."""

    roles: Roles
    """Whoever approves has one of these."""
    count: Annotated[int, Field(ge=1, le=MOST_APPROVALS)] = 1
    """How many people approve."""
    other_unit: bool = False
    """Whether they belong to another unit than the requester."""

    def value(self) -> ApprovalNeed:
        return ApprovalNeed(tuple(self.roles), self.count, self.other_unit)


class ClassShape(Shape):
    """What changes of one risk class need; what it leaves out is inherited."""

    approvals: Annotated[list[ApprovalShape], Field(max_length=MOST_APPROVALS)] | None = None
    """Approvals it needs, all of them."""
    request: Roles | None = None
    """Whoever requests has one of these roles."""
    execute: Roles | None = None
    """Whoever executes has one of these roles."""
    confirm: Roles | None = None
    """Whoever confirms has one of these roles."""
    strength: Annotated[Strength, Field(strict=False)] | None = None
    """Weakest credential that is enough."""
    attachments: list[Term] | None = None
    """Kinds of documents a request must name, such as `rehearsal_report`."""
    business: bool | None = None
    """Whether a business owner verifies the result."""
    terminals: Annotated[SignedAt, Field(strict=False)] | None = None
    """From where executor and confirmer sign: from anywhere, or at two registered operations terminals."""
    approval_valid_for: Duration | None = None
    """How long an approval may be used when no window bounds it."""
    max_runs: Count | None = None
    """Most runs one approval may allow."""

    def over(self, inherited: ClassTerms) -> ClassTerms:
        """The terms, with what is left out taken from those it inherits."""
        approvals = inherited.approvals if self.approvals is None else tuple(each.value() for each in self.approvals)
        valid_for = inherited.approval_valid_for if self.approval_valid_for is None else self.approval_valid_for
        return ClassTerms(
            approvals=approvals,
            request=_own(self.request, inherited.request),
            execute=_own(self.execute, inherited.execute),
            confirm=_own(self.confirm, inherited.confirm),
            strength=inherited.strength if self.strength is None else self.strength,
            attachments=_own(self.attachments, inherited.attachments),
            business=inherited.business if self.business is None else self.business,
            terminals=inherited.terminals if self.terminals is None else self.terminals,
            approval_valid_for=valid_for,
            max_runs=inherited.max_runs if self.max_runs is None else self.max_runs,
        )


class ClassesShape(Shape):
    """Terms by risk class."""

    standard: ClassShape | None = None
    """Ordinary changes approved beforehand."""
    ordinary: ClassShape | None = None
    """Changes like most."""
    major: ClassShape | None = None
    """Changes of key systems, or without a way back."""
    emergency: ClassShape | None = None
    """What cannot wait; it needs no approval."""

    def over(self, inherited: Mapping[Risk, ClassTerms]) -> dict[Risk, ClassTerms]:
        """Terms of the classes it speaks of."""
        return {risk: shape.over(inherited[risk]) for risk in Risk if (shape := getattr(self, risk.value)) is not None}


class EnvironmentShape(Shape):
    """What is stricter in one environment."""

    classes: ClassesShape = Field(default_factory=ClassesShape)
    """Terms by risk class, never laxer than those of the whole policy."""


class UnitShape(Shape):
    """An organisational unit."""

    title: TextShape
    """What it is called."""
    parent: Term | None = None
    """The unit above it."""
    classes: ClassesShape = Field(default_factory=ClassesShape)
    """Terms by risk class, never laxer than those of the units above it and of the whole policy."""

    def value(self) -> Unit:
        return Unit(self.title.value(), self.parent or "")


class GrantShape(Shape):
    """Who decides grants of one area."""

    apply: Roles | None = None
    """Who may apply for them."""
    approve: Roles | None = None
    """Who may approve them."""
    check: Roles | None = None
    """Who checks afterwards that they are as approved."""
    check_within: Duration | None = None
    """How soon they are checked."""

    def over(self, usual: GrantTerms) -> GrantTerms:
        """The terms, with what is left out as shipped."""
        return GrantTerms(
            apply=_own(self.apply, usual.apply),
            approve=_own(self.approve, usual.approve),
            check=_own(self.check, usual.check),
            check_within=usual.check_within if self.check_within is None else self.check_within,
        )


class GrantsShape(Shape):
    """Who decides grants, by area."""

    people: GrantShape = Field(default_factory=GrantShape)
    """Accounts, posts, attestations, exemptions, vendors."""
    keys: GrantShape = Field(default_factory=GrantShape)
    """Keys, passwords, authenticators."""
    policy: GrantShape = Field(default_factory=GrantShape)
    """The policy itself."""
    terminals: GrantShape = Field(default_factory=GrantShape)
    """Registered places to sign from."""

    def value(self) -> dict[GrantArea, GrantTerms]:
        shapes: dict[GrantArea, GrantShape] = {area: getattr(self, area.value) for area in GrantArea}
        return {area: shape.over(_USUAL.grants[area]) for area, shape in shapes.items()}


class EmergencyShape(Shape):
    """What becomes of an emergency afterwards."""

    review_within: Duration = _USUAL.emergency.review_within
    """How soon two others review it."""
    outside_reviewer: Label | None = None
    """Who reviews where a site has only two people."""

    def value(self) -> EmergencyTerms:
        return EmergencyTerms(self.review_within, self.outside_reviewer or "")


class StandingShape(Shape):
    """What becomes of standing approvals."""

    revoke: Roles = list(_USUAL.standing.revoke)  # noqa: RUF012 - pydantic copies it
    """Who may take one back alone, beside its requester and its approvers."""
    warn_before: Duration = _USUAL.standing.warn_before
    """How long before its end one is listed as ending soon."""

    def value(self) -> StandingRules:
        return StandingRules(tuple(self.revoke), self.warn_before)


class SessionsShape(Shape):
    """How long people stay signed in, and what passwords must be."""

    idle: Duration = _USUAL.sessions.idle
    """How long a session lasts in which nothing is done."""
    longest: Duration = _USUAL.sessions.longest
    """How long a session lasts at most."""
    password_length: Annotated[int, Field(ge=_SHORTEST_PASSWORD, le=128)] = _USUAL.sessions.password_length
    """Fewest characters of a password."""
    password_age: Duration = _USUAL.sessions.password_age
    """How long a password may be used."""
    password_history: Annotated[int, Field(ge=0, le=100)] = _USUAL.sessions.password_history
    """Earlier passwords that cannot be chosen again."""
    lock_after: Annotated[int, Field(ge=1, le=100)] = _USUAL.sessions.lock_after
    """Wrong passwords in a row before an account waits."""
    shared_terminal: bool = _USUAL.sessions.shared_terminal
    """Whether a second person's password may be typed at the first one's terminal."""

    def value(self) -> SessionTerms:
        return SessionTerms(
            self.idle,
            self.longest,
            self.password_length,
            self.password_age,
            self.password_history,
            self.lock_after,
            self.shared_terminal,
        )


class UnboundShape(Shape):
    """What may be left to run time."""

    outputs: Annotated[Allowance, Field(strict=False)] = _USUAL.unbound.outputs
    """Outputs of earlier steps."""
    sheets: Annotated[Allowance, Field(strict=False)] = _USUAL.unbound.sheets
    """Readings people record on a manual step's sheet."""
    lookups: Annotated[Allowance, Field(strict=False)] = _USUAL.unbound.lookups
    """Lookups to the outside of the snapshot."""

    def value(self) -> UnboundRules:
        return UnboundRules(self.outputs, self.sheets, self.lookups)


class PolicyShape(Shape):
    """What a site decides within the law."""

    version_of_language: Annotated[Literal["twokey/v1"], Field(alias="apiVersion")]
    """Version of the language."""
    kind: Literal["Policy"]
    """What the document is."""
    name: Label
    """What the policy is called."""
    version: Count | None = None
    """Number of this wording, higher than every one before it."""
    in_effect_from: Moment | None = None
    """Date, or time, from which it counts; without it, as soon as it is granted."""
    posts: dict[Term, PostShape] | None = None
    """Posts by name; without it everyone enrolled may do everything that the law leaves open."""
    incompatible: list[Annotated[list[Term], Field(min_length=2, max_length=2)]] | None = None
    """Pairs of posts that never meet in one person; without it, the pairs of key posts that regulation names."""
    units: dict[Term, UnitShape] = Field(default_factory=dict)
    """Organisational units by name."""
    founders: list[Annotated[list[Term], Field(min_length=1)]] = Field(default_factory=list)
    """Posts of the people who found the site, in the order they are named; without it, every post there is."""
    publish: Roles = list(_USUAL.publish)  # noqa: RUF012 - pydantic copies it
    """Who may sign content, as its author or as the other person."""
    classes: ClassesShape = Field(default_factory=ClassesShape)
    """What changes need, by risk class."""
    environments: dict[Folder, EnvironmentShape] = Field(default_factory=dict)
    """What is stricter in an environment, by its name."""
    grants: GrantsShape = Field(default_factory=GrantsShape)
    """Who decides who may do what."""
    emergency: EmergencyShape = Field(default_factory=EmergencyShape)
    """What becomes of an emergency afterwards."""
    standing: StandingShape = Field(default_factory=StandingShape)
    """What becomes of standing approvals."""
    sessions: SessionsShape = Field(default_factory=SessionsShape)
    """How long people stay signed in, and what passwords must be."""
    upkeep: UpkeepShape = Field(default_factory=UpkeepShape)
    """By when the register of people is kept in order."""
    reading: Annotated[Reading, Field(strict=False)] = _USUAL.reading
    """Who may read what is not public."""
    start_valid_for: Duration = _USUAL.start_valid_for
    """How long one of two signatures waits for the other."""
    approval_valid_for: Duration = _USUAL.approval_valid_for
    """How long an approval may be used when no window bounds it."""
    max_runs: Count = _USUAL.max_runs
    """Most runs one approval may allow."""
    runtime_drift: Annotated[Drift, Field(strict=False)] = _USUAL.runtime_drift
    """What becomes of a start whose patch-level versions differ from the approved ones."""
    unbound: UnboundShape = Field(default_factory=UnboundShape)
    """What may be left to run time."""
    anchor_within: Duration = _USUAL.anchor_within
    """How old the tail of the log may get without an anchor."""
    hold: DurationOrZero = _USUAL.hold
    """How long a run holds at a task border while the log cannot be written."""
    rollback_reserve: DurationOrZero = _USUAL.rollback_reserve
    """Span kept free between the end of a rollback and the end of the window."""

    def value(self) -> Policy:
        """The policy as the model's value; pairs of posts as written only."""
        classes = {**_USUAL.classes, **self.classes.over(_USUAL.classes)}
        policy = Policy(
            name=self.name,
            version=self.version,
            in_effect_from=self.in_effect_from or "",
            founders=tuple(tuple(posts) for posts in self.founders),
            posts=_USUAL.posts if self.posts is None else {name: post.value() for name, post in self.posts.items()},
            incompatible=tuple((one, other) for one, other in self.incompatible or ()),
            units={name: unit.value() for name, unit in self.units.items()},
            publish=tuple(self.publish),
            classes=classes,
            environments=self._environments(classes),
            grants=self.grants.value(),
            emergency=self.emergency.value(),
            standing=self.standing.value(),
            sessions=self.sessions.value(),
            upkeep=self.upkeep.value(),
            reading=self.reading,
            start_valid_for=Seconds(self.start_valid_for),
            approval_valid_for=Seconds(self.approval_valid_for),
            max_runs=self.max_runs,
            runtime_drift=self.runtime_drift,
            unbound=self.unbound.value(),
            anchor_within=Seconds(self.anchor_within),
            hold=Seconds(self.hold),
            rollback_reserve=Seconds(self.rollback_reserve),
        )
        return _with_units(policy, self.units)

    def _environments(self, classes: Mapping[Risk, ClassTerms]) -> dict[str, dict[Risk, ClassTerms]]:
        return {name: shape.classes.over(classes) for name, shape in self.environments.items()}


def _with_units(policy: Policy, shapes: Mapping[str, UnitShape]) -> Policy:
    """Add the terms of units, each over those of the units above it."""
    terms: dict[str, dict[Risk, ClassTerms]] = {}
    for name, shape in shapes.items():
        inherited = dict(policy.classes)
        for above in reversed(policy.lineage(name)[1:]):
            inherited |= shapes[above].classes.over(inherited)
        if own := shape.classes.over(inherited):
            terms[name] = own
    return replace(policy, unit_classes=terms)


def _own(written: list[_T] | None, inherited: tuple[_T, ...]) -> tuple[_T, ...]:
    return inherited if written is None else tuple(written)
