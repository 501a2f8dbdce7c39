"""`twokey gate`: pass the gate a run stands at; both people sign."""

from __future__ import annotations

import argparse

from runner.cli.output import tell
from runner.cli.session import Session
from runner.cli.signed import add_signing, sign
from runner.client import drafts
from runner.wire.api_run import RunShown
from runner.words import _, current_language


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    parser.add_argument("run_name", metavar=_("RUN"), help=_("the run, or its request's number"))
    add_signing(parser)


def run(options: argparse.Namespace) -> int:
    """See what the run waits for, sign."""
    with Session(options) as here:
        shown = here.service.run(here.run_named(options.run_name))
        draft = drafts.gate(shown)
        _tell(shown)
        return sign(here, draft, options)


def _tell(shown: RunShown) -> None:
    """What the gate is about, before it is signed."""
    act = shown.act
    step = next((step for step in shown.steps if act and (step.batch, step.id) == (act.batch, act.step)), None)
    if step is None:
        return
    if step.gate_says is not None:
        tell(step.gate_says.in_language(current_language()))
    tell(_("hosts: {hosts}").format(hosts=", ".join(step.hosts)))
