"""The fence around a run: who has not claimed it last writes nothing for it."""

from __future__ import annotations

from sqlalchemy import Connection, select

from runner.errors import RefusedError
from runner.store.tables import runs
from runner.words import N_


class FencedError(RefusedError):
    """Another holder has claimed the run since: what this one knows of it is out of date, and nothing was written."""

    def __init__(self, run: str, epoch: int) -> None:
        super().__init__(
            N_("run {run}: was claimed by somebody else since epoch {epoch}"),
            hint=N_("read it again"),
            rule="state:claimed-meanwhile",
            run=run,
            epoch=epoch,
        )


def require_epoch(connection: Connection, run: str, epoch: int) -> None:
    """Refuse to go on for a run that somebody else has claimed.

    Raises:
        FencedError: its epoch is another one.
    """
    query = select(runs.c.id).where(runs.c.id == run, runs.c.epoch == epoch).with_for_update()
    if connection.execute(query).first() is None:
        raise FencedError(run, epoch)
