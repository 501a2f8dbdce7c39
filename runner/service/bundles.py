"""Evidence bundles of runs, made on request and on record (L9)."""

from __future__ import annotations

from runner.errors import UsageError
from runner.service.parts import Service
from runner.words import N_


def export_bundle(service: Service, run: str) -> bytes:
    """The bundle of a run."""
    raise UsageError(N_("run {run}: no bundle can be made of it"), run=run, state=str(service.state.root))
