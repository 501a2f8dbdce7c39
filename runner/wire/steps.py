"""Shapes of a runbook's steps: exactly one of playbook, remote, manual or soak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, ValidationInfo, field_validator

from runner.errors import UsageError
from runner.model.runbook import (
    Gate,
    ManualWork,
    Once,
    Output,
    Parameter,
    PlaybookWork,
    PlayRef,
    RemoteWork,
    Rollback,
    SoakWork,
    Step,
    ValueType,
    WhenLate,
)
from runner.model.time import Seconds
from runner.model.units import parse_duration, parse_size
from runner.wire.fields import (
    Anything,
    Duration,
    Name,
    Or,
    PlaybookPath,
    Shape,
    StepId,
    TextShape,
    Variables,
    said,
    shown,
)
from runner.wire.probes import RemoteShape
from runner.words import N_

KINDS: Final = ("playbook", "remote", "manual", "soak")
"""The keys of which a step has exactly one."""
TAG: Final = "step of kind "
"""What the tag of a step's kind begins with in the place of an error; no key of a document looks so."""

_SHEET_WAITS: Final = Seconds(7200)
_PROBES_TAKE: Final = Seconds(300)
_WATCH_RESERVE: Final = Seconds(600)


class ParameterShape(Shape):
    """A value asked of the requester, or recorded on a manual step's sheet."""

    type: Annotated[ValueType, Field(strict=False)]
    """Type of the value."""
    ask: TextShape | None = None
    """What the person is asked."""
    pattern: str | None = None
    """Regular expression the whole text must match (string, path)."""
    choices: Annotated[list[str], Field(min_length=1)] | None = None
    """Allowed values (choice)."""
    min: int | str | None = None
    """Smallest allowed value (integer, duration, size)."""
    max: int | str | None = None
    """Largest allowed value (integer, duration, size)."""
    default: Anything = None
    """Value when the requester gives none; without it a value must be given."""

    @field_validator("min", "max", mode="before")
    @classmethod
    def _bound(cls, value: object, info: ValidationInfo) -> object:
        """Read a limit in the unit of the parameter's type."""
        kind = info.data.get("type")
        if kind is None:
            return 0
        if kind is ValueType.INTEGER and isinstance(value, int) and not isinstance(value, bool):
            return value
        read = {ValueType.DURATION: parse_duration, ValueType.SIZE: parse_size}.get(kind)
        if read is not None and isinstance(value, str):
            try:
                return read(value)
            except UsageError as error:
                raise said(error.message, **error.facts) from error
        raise said(N_('got "{got}", which is no limit for a value of type {type}'), got=shown(value), type=kind.value)

    def value(self, name: str) -> Parameter:
        return Parameter(
            name=name,
            type=self.type,
            ask=self.ask.value() if self.ask else None,
            pattern=self.pattern,
            choices=tuple(self.choices or ()),
            minimum=self.min if isinstance(self.min, int) else None,
            maximum=self.max if isinstance(self.max, int) else None,
            default=self.default,
        )


class PlayRefShape(Shape):
    """A playbook with the variables given to it."""

    playbook: PlaybookPath
    """Path below `playbooks/`."""
    vars: Variables = Field(default_factory=dict)
    """Extra variables; values may hold references."""

    def value(self) -> PlayRef:
        return PlayRef(self.playbook, self.vars)


def _play_or_path(value: object) -> object:
    return {"playbook": value} if isinstance(value, str) else value


Play = Annotated[PlayRefShape, BeforeValidator(_play_or_path), Or({"type": "string", "description": "Playbook path."})]
"""A playbook path, or a mapping with its variables."""


class RollbackShape(Shape):
    """How a step is undone."""

    playbook: PlaybookPath
    """Play that undoes the step."""
    vars: Variables = Field(default_factory=dict)
    """Extra variables; values may hold references to outputs of earlier steps."""
    verify: Play | None = None
    """Read-only play that proves the step undone."""
    rewinds_data: bool = False
    """Whether undoing loses data written since the step."""
    writes_off: Play | None = None
    """Read-only play that succeeds only while nothing writes; required with `rewinds_data`."""
    estimate: Duration = Seconds(300)
    """How long undoing takes on one batch."""
    timeout: Duration = Seconds(1800)
    """Deadline of one attempt to undo."""

    def value(self) -> Rollback:
        return Rollback(
            play=PlayRef(self.playbook, self.vars),
            verify=self.verify.value() if self.verify else None,
            rewinds_data=self.rewinds_data,
            writes_off=self.writes_off.value() if self.writes_off else None,
            estimate=self.estimate,
            timeout=self.timeout,
        )


_NO_ROLLBACK: Final = RollbackShape.model_construct()
_NO_TEXT: Final = TextShape.model_construct()


def _none_or_rollback(value: object) -> object:
    if isinstance(value, str) and value != "none":
        raise said(N_('got "{got}", expected "none", or a mapping with "playbook"'), got=value[:80])
    return _NO_ROLLBACK if value == "none" else value


def _none_or_text(value: object) -> object:
    if isinstance(value, str) and value != "none":
        raise said(
            N_('got "{got}", expected "none", or what to do in both languages: {{en: …, zh: …}}'), got=value[:80]
        )
    return _NO_TEXT if value == "none" else value


def _only_without_rollback(value: TextShape | None, info: ValidationInfo) -> TextShape | None:
    rollback = info.data.get("rollback", _NO_ROLLBACK)
    if rollback is not _NO_ROLLBACK and rollback is not _NO_TEXT:
        raise said(N_('"because" says why there is no rollback; it needs "rollback: none"'), needs="rollback")
    return value


class GateShape(Shape):
    """A point where executor and confirmer must both sign again."""

    who: Literal["two_people"] = "two_people"
    """Who must sign."""
    wait_at_most: Duration = Seconds(7200)
    """How long the run waits for both."""
    when_late: Annotated[WhenLate, Field(strict=False)] = WhenLate.PAUSE
    """What follows when they have not signed by then."""
    say: TextShape | None = None
    """What is about to happen, in one sentence."""

    def value(self) -> Gate:
        return Gate(self.wait_at_most, self.when_late, self.say.value() if self.say else None)


class _StepShape(Shape):
    """What steps of every kind have."""

    id: StepId
    """Name of the step, unique in the runbook."""
    title: TextShape | None = None
    """The step in a few words."""
    once: Annotated[Once, Field(strict=False)] | None = None
    """Once for the run, before the first or after the last batch, instead of once for each batch."""
    gate: GateShape | None = None
    """Two signatures before the step begins."""
    timeout: Duration | None = None
    """Deadline of one attempt."""
    funds: bool = False
    """Whether it touches accounts and funds; it is then repeated only after its reconciliation."""

    def _step(self, work: PlaybookWork | RemoteWork | ManualWork | SoakWork, timeout: Seconds) -> Step:
        return Step(
            id=self.id,
            work=work,
            title=self.title.value() if self.title else None,
            once=self.once,
            gate=self.gate.value() if self.gate else None,
            timeout=self.timeout or timeout,
            funds=self.funds,
        )


OutputType = Literal["string", "integer", "boolean", "path", "sha256", "duration", "size"]


class PlaybookStepShape(_StepShape):
    """A step carried out by Ansible."""

    playbook: PlaybookPath
    """Path below `playbooks/`."""
    vars: Variables = Field(default_factory=dict)
    """Extra variables; values may hold references."""
    secrets: list[Name] = Field(default_factory=list)
    """Secrets of the environment that the plays of this step get, by name."""
    read_only: bool = False
    """Whether it changes nothing; a change it reports then fails it."""
    outputs: dict[Name, OutputType] = Field(default_factory=dict)
    """Values it reports by `set_stats`, with their types."""
    verify: Play | None = None
    """Read-only play that proves the step done."""
    settle: Play | None = None
    """Read-only play that tells whether an attempt of unseen end took place."""
    rollback: Annotated[RollbackShape, BeforeValidator(_none_or_rollback), Or({"const": "none"})] | None = None
    """How it is undone, or `none`."""
    because: TextShape | None = None
    """Why there is no rollback."""
    irreversible: bool = False
    """Whether it destroys the way back; makes the change a major one."""

    _because = field_validator("because")(_only_without_rollback)

    def value(self) -> Step:
        has_rollback = self.rollback is not None and self.rollback is not _NO_ROLLBACK
        work = PlaybookWork(
            play=PlayRef(self.playbook, self.vars),
            read_only=self.read_only,
            outputs=tuple(Output(name, ValueType(kind)) for name, kind in self.outputs.items()),
            verify=self.verify.value() if self.verify else None,
            settle=self.settle.value() if self.settle else None,
            rollback=self.rollback.value() if self.rollback and has_rollback else None,
            because=self.because.value() if self.because else None,
            irreversible=self.irreversible,
        )
        return replace(self._step(work, Seconds(1800)), secrets=tuple(self.secrets))


class RemoteStepShape(_StepShape):
    """A step of fixed, read-only probes."""

    remote: RemoteShape
    """What is looked at."""

    def value(self) -> Step:
        return self._step(self.remote.value(), _PROBES_TAKE)


class ManualShape(Shape):
    """What people do by hand."""

    instruct: TextShape
    """What to do."""
    record: dict[Name, ParameterShape] = Field(default_factory=dict)
    """What to write down on the sheet that two sign."""
    read_only: bool = False
    """Whether it changes nothing."""
    rollback: Annotated[TextShape, BeforeValidator(_none_or_text), Or({"const": "none"})] | None = None
    """What to do by hand to undo it, or `none`."""
    because: TextShape | None = None
    """Why there is no rollback."""

    _because = field_validator("because")(_only_without_rollback)

    def value(self) -> ManualWork:
        has_rollback = self.rollback is not None and self.rollback is not _NO_TEXT
        return ManualWork(
            instruct=self.instruct.value(),
            record=tuple(shape.value(name) for name, shape in self.record.items()),
            rollback=self.rollback.value() if self.rollback and has_rollback else None,
            because=self.because.value() if self.because else None,
            read_only=self.read_only,
        )


class ManualStepShape(_StepShape):
    """A step people carry out by hand; two sign its finished sheet."""

    manual: ManualShape
    """What people do."""

    def value(self) -> Step:
        return self._step(self.manual.value(), _SHEET_WAITS)


class SoakShape(Shape):
    """A watch over the health of what was changed."""

    lasts: Annotated[Duration, Field(alias="for")]
    """How long it watches."""
    every: Duration
    """Span from one look to the next."""
    playbook: PlaybookPath
    """Read-only play of one look."""
    vars: Variables = Field(default_factory=dict)
    """Extra variables; values may hold references."""
    tolerate: Annotated[int, Field(ge=0, le=1000)] = 0
    """How many looks may fail."""

    def value(self) -> SoakWork:
        return SoakWork(PlayRef(self.playbook, self.vars), self.lasts, self.every, self.tolerate)


class SoakStepShape(_StepShape):
    """A step that watches health for a while."""

    soak: SoakShape
    """What is watched, and how long."""
    secrets: list[Name] = Field(default_factory=list)
    """Secrets of the environment that the play of this step gets, by name."""

    def value(self) -> Step:
        step = self._step(self.soak.value(), Seconds(self.soak.lasts + _WATCH_RESERVE))
        return replace(step, secrets=tuple(self.secrets))


def kind_of_step(value: object) -> str | None:
    """Tag of the only kind a step as written has; None when it has none or several."""
    kinds = [kind for kind in KINDS if kind in value] if isinstance(value, Mapping) else []
    return TAG + kinds[0] if len(kinds) == 1 else None


StepShape = Annotated[
    Annotated[PlaybookStepShape, Tag(TAG + "playbook")]
    | Annotated[RemoteStepShape, Tag(TAG + "remote")]
    | Annotated[ManualStepShape, Tag(TAG + "manual")]
    | Annotated[SoakStepShape, Tag(TAG + "soak")],
    Discriminator(kind_of_step),
]
SHAPES_BY_TAG: Final[Mapping[str, type[Shape]]] = {
    TAG + "playbook": PlaybookStepShape,
    TAG + "remote": RemoteStepShape,
    TAG + "manual": ManualStepShape,
    TAG + "soak": SoakStepShape,
}
