"""`twokey status`: the service, runs in progress, and who waits for whom."""

from __future__ import annotations

import argparse

from runner.cli.output import put, put_json, put_table, tell
from runner.cli.session import places_of, require_founded
from runner.client.autostart import find_service
from runner.client.service import Service
from runner.client.wording.line import listed
from runner.client.wording.present import Present, clock, is_over, said
from runner.errors import SignInError, UnreachableError
from runner.model.statement import StatementKind
from runner.wire.api_request import Waiting
from runner.wire.documents import to_document
from runner.words import N_, _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    parser.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Ask, without starting a service."""
    places = places_of(options)
    service = find_service(places.socket)
    if service is None:
        require_founded(places)
        raise UnreachableError(
            N_("no service answers for site {site}"),
            hint=N_("any verb that needs one starts it; or: twokey serve"),
            site=str(places.site),
        )
    with service:
        _print(service, as_json=options.json)
    return 0


def _print(service: Service, *, as_json: bool) -> None:
    status = service.status()
    waiting, refusal = _waiting(service)
    if as_json:
        put_json({"status": to_document(status), "waiting": to_document(waiting)})
        return
    present = Present(status.now, status.timezone, lasts=True)
    place = _("PRODUCTION") if status.production else _("not production")
    put(
        _("site {site} at {root}, environment {name} ({place})").format(
            site=status.site, root=status.root, name=status.environment, place=place
        )
    )
    mode = _("embedded") if status.embedded else _("installed")
    put(
        _("service {version} ({mode}), process {pid}, since {since}").format(
            version=status.version, mode=mode, pid=status.pid, since=clock(status.started_at, present)
        )
    )
    put(
        _("log {origin}: {size} entries signed, {waiting} on their way").format(
            origin=status.origin, size=status.log_size, waiting=status.log_waiting
        )
    )
    if status.holding:
        put(_("HOLDING: the log cannot be written: {reason}").format(reason=status.holding), "bad")
    put(_("runs in progress: {count}").format(count=status.runs_in_progress))
    if refusal is not None:
        tell(_("who waits for whom is not shown: {reason}").format(reason=refusal))
        tell(_("  next: {advice}").format(advice=refusal.advice()))
    overdue = [act for act in waiting.acts if act.kind is StatementKind.REVIEW and is_over(act.until, present)]
    if overdue:
        put(_("after-reviews OVERDUE, escalated: {count}").format(count=len(overdue)), "bad")
    late = [act for act in waiting.acts if act.kind is StatementKind.ACCEPT and is_over(act.until, present)]
    if late:
        put(_("acceptances OVERDUE after a trial: {count}").format(count=len(late)), "bad")
    if waiting.acts:
        heads = (_("waits for"), _("what"), _("until"))
        put_table(
            heads,
            [
                (
                    listed(act.people) or _("nobody who may"),
                    said(act.title, present),
                    clock(act.until, present) or "-",
                )
                for act in waiting.acts
            ],
        )


def _waiting(service: Service) -> tuple[Waiting, SignInError | None]:
    """Who waits for whom; nothing, and why, where that is shown only to who has signed in."""
    try:
        return service.waiting(), None
    except SignInError as error:
        return Waiting(()), error
