"""`twokey run watch`: a run live, line by line; losing the service or closing the terminal changes nothing about it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Final

from runner.cli.boundary import INTERRUPTED
from runner.cli.output import put_lines, tell
from runner.cli.session import Session
from runner.client.wording.event import event_lines
from runner.client.wording.present import Present
from runner.client.wording.run import closed_with, head_lines, run_lines
from runner.errors import UnreachableError
from runner.model.run import RunState
from runner.rules.tags import Tag
from runner.wire.api_audit import EntryShown, Gap
from runner.wire.api_run import RunShown
from runner.wire.documents import to_document
from runner.words import _

ENDED: Final = frozenset(
    {
        RunState.SUCCEEDED,
        RunState.FAILED,
        RunState.ROLLED_BACK,
        RunState.ABANDONED,
        RunState.AWAITING_BUSINESS,
        RunState.DISPUTED,
        RunState.ON_TRIAL,
        RunState.NOT_ACCEPTED,
        RunState.CLOSED,
        RunState.LAPSED,
    }
)
"""States in which nothing more happens by itself; the result may still wait for its signatures."""
WAITING: Final = frozenset(
    {
        RunState.CONFIRMING,
        RunState.AT_GATE,
        RunState.AT_SHEET,
        RunState.PAUSED,
        RunState.OUTCOME_UNKNOWN,
        RunState.AWAITING_DECISION,
        RunState.ROLLBACK_FAILED,
    }
)
"""States in which a run waits for people."""
_RETRY: Final = 0.5
_GIVE_UP: Final = 60.0


def watch(here: Session, run: str, *, until_waiting: bool, as_json: bool) -> int:
    """Follow a run until it has ended, or waits for people if that is wanted; the exit code."""
    try:
        shown = _watch(here, run, ENDED | WAITING if until_waiting else ENDED, as_json=as_json)
    except KeyboardInterrupt:
        tell(_("no longer watching; the run goes on. Watch it again: twokey run watch {run}").format(run=run))
        return INTERRUPTED
    return code_of(shown)


def code_of(shown: RunShown) -> int:
    """0 when the run succeeded or waits for people, 1 when it failed or was rolled back."""
    if shown.row.state in (RunState.CLOSED, RunState.AWAITING_BUSINESS, RunState.ON_TRIAL):
        return 0 if closed_with(shown).get("state") == RunState.SUCCEEDED.value else 1
    return 0 if shown.row.state in WAITING | {RunState.SUCCEEDED} else 1


def _watch(here: Session, run: str, end: frozenset[RunState], *, as_json: bool) -> RunShown:
    """Show the run, follow it to its end, show it again."""
    shown = here.service.run(run)
    if not as_json:
        put_lines(run_lines(shown, here.present))
    if shown.row.state not in end:
        shown = _follow(here, shown, end, as_json=as_json)
        if not as_json:
            put_lines(run_lines(shown, here.present))
    return shown


def _follow(here: Session, shown: RunShown, end: frozenset[RunState], *, as_json: bool) -> RunShown:
    """Print what happens until the run's state is one of `end`; reconnects when the service is lost."""
    run, after = shown.row.id, shown.event
    while True:
        try:
            for event in _events(here, run, after):
                if isinstance(event, EntryShown):
                    after = event.id
                    _print(event, here.present, as_json=as_json)
                else:
                    after = max(after, event.until)
                    tell(
                        _("some lines were left out here; the log has them: twokey audit list --run {run}").format(
                            run=run
                        )
                    )
                if isinstance(event, Gap) or event.tag == Tag.RUN_MOVED:
                    shown = here.service.run(run)
                    if shown.row.state in end:
                        return shown
                    if shown.row.state in WAITING and not as_json:
                        put_lines(head_lines(shown, here.present))
        except UnreachableError:
            tell(_("connection to the service lost; the run is not affected; reconnecting…"))
            _reconnect(here)
            tell(_("connected again"))
            shown = here.service.run(run)
            if shown.row.state in end and shown.event <= after:
                return shown


def _events(here: Session, run: str, after: int) -> Iterator[EntryShown | Gap]:
    with here.service.log.events(run=run, after=after) as events:
        for event in events:
            if isinstance(event, EntryShown | Gap):
                yield event


def _print(event: EntryShown, present: Present, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(to_document(event), ensure_ascii=False) + "\n")
    else:
        put_lines(event_lines(event, present))
    sys.stdout.flush()


def _reconnect(here: Session) -> None:
    """Wait until a service answers again; an embedded one is started.

    Raises:
        UnreachableError: none answers within a minute.
    """
    give_up = time.monotonic() + _GIVE_UP
    while True:
        try:
            here.reconnect()
        except UnreachableError:
            if time.monotonic() > give_up:
                raise
            time.sleep(_RETRY)  # noqa: TID251 - another process has to come back; there is no event to wait for
        else:
            return
