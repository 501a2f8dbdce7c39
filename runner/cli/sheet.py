"""`twokey sheet`: sign the sheet of the manual step a run waits with; both people sign.

The first person records the readings. The second sees them before signing, and may type their own, which must be the
same.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from runner.cli.output import tell, tell_lines
from runner.cli.planning import typed_parameters
from runner.cli.session import Session
from runner.cli.signed import add_signing, sign
from runner.client import drafts
from runner.client.wording.matter import matter_lines
from runner.errors import NotFoundError, UsageError
from runner.model.document import JsonObject, JsonValue
from runner.model.nearest import nearest
from runner.model.runbook import Parameter
from runner.rules.parameters import read_value, shown_value
from runner.wire.api_run import RunShown
from runner.words import N_, _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    parser.add_argument("run_name", metavar=_("RUN"), help=_("the run, or its request's number"))
    parser.add_argument(
        "-r",
        "--reading",
        action="append",
        default=[],
        metavar=_("NAME=VALUE"),
        help=_("a reading the sheet asks for; may be repeated"),
    )
    add_signing(parser)


def run(options: argparse.Namespace) -> int:
    """See what is to be recorded, show what is recorded, sign."""
    with Session(options) as here:
        shown = here.service.run(here.run_named(options.run_name))
        record = drafts.sheet_record(shown, drafts.open_document(here.service.plan(shown.plan)))
        draft = drafts.sheet(shown, _readings(record, typed_parameters(options.reading), _first(shown)))
        readings = draft.content["readings"]
        tell_lines(matter_lines(shown, here.present))
        _tell(record, readings if isinstance(readings, dict) else {})
        return sign(here, draft, options)


def _first(shown: RunShown) -> JsonObject | None:
    """What the first person recorded; None when nobody has signed yet."""
    content = shown.act.content if shown.act else None
    readings = content.get("readings") if content is not None else None
    return readings if isinstance(readings, dict) else None


def _readings(
    record: Sequence[Parameter], typed: Mapping[str, JsonValue], first: JsonObject | None
) -> dict[str, JsonValue]:
    """What was typed, each in the form its declaration asks for; the first person's readings when nothing was."""
    names = [reading.name for reading in record]
    for name in typed:
        if name not in names:
            near = nearest(name, names)
            hint = N_('did you mean "{near}"?') if near else ""
            raise NotFoundError(N_('sheet: no reading "{name}" is asked for'), hint=hint, name=name, near=near)
    if first is not None and not typed:
        return dict(first)
    missing = [name for name in names if name not in typed]
    if missing:
        raise UsageError(
            N_("sheet: readings are missing: {names}"),
            hint=N_("give each as -r NAME=VALUE"),
            names=", ".join(missing),
        )
    readings = {reading.name: read_value(reading, typed[reading.name]) for reading in record}
    if first is not None:
        _require_same(record, readings, first)
    return readings


def _require_same(record: Sequence[Parameter], readings: Mapping[str, JsonValue], first: JsonObject) -> None:
    for reading in record:
        own, other = readings[reading.name], first.get(reading.name)
        if own != other:
            raise UsageError(
                N_("sheet: you read {name} = {own}, the first person recorded {other}"),
                hint=N_("read it again together; the first signature lapses by itself"),
                name=reading.name,
                own=shown_value(reading, own),
                other=shown_value(reading, other),
            )


def _tell(record: Sequence[Parameter], readings: JsonObject) -> None:
    """What was recorded, before it is signed."""
    for reading in record:
        value = shown_value(reading, readings.get(reading.name))
        tell(_("  {name} = {value}").format(name=reading.name, value=value))
