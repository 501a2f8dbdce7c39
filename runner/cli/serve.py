"""`twokey serve`: run the service, or stop it.

Commands start the service by themselves in the background (embedded); in the foreground it is run by whoever looks
after an installation.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from collections.abc import Callable

from runner.cli.output import put, put_json, tell
from runner.cli.session import Places, places_of
from runner.client.autostart import READY, connect
from runner.errors import RunnerError, UsageError
from runner.model.site import Site
from runner.runbook.settings import load_site
from runner.wire.documents import to_document
from runner.wire.errors import to_wire
from runner.words import N_, _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--stop", action="store_true", help=_("end the service that runs; runs in progress go on"))
    how.add_argument("--background", action="store_true", help=_("start it in the background, as other commands do"))
    how.add_argument("--embedded", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--notify-syslog", action="store_true", help=_("tell the system log when a run needs people"))
    parser.add_argument(
        "--notify-command", metavar=_("PROGRAM"), help=_("start this program with each notice on its standard input")
    )
    parser.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Serve until told to end, or do what was typed instead."""
    if options.ready_fd is not None:
        return _serve_for_client(options)
    _require_notices_heard(options)
    places = places_of(options)
    site = load_site(places.site)
    if options.stop:
        return _stop(places, site, as_json=options.json)
    if options.background:
        return _start(places, as_json=options.json)
    _serve(places, site, options, ready=lambda: _say_ready(places, site))
    return 0


def _require_notices_heard(options: argparse.Namespace) -> None:
    """Refuse notices that nobody would send, or that nothing would take.

    Raises:
        UsageError: they are asked of no service in the foreground, or the program cannot be started.
    """
    program: str | None = options.notify_command
    if (options.stop or options.background) and (options.notify_syslog or program):
        raise UsageError(
            N_("notices are sent by a service in the foreground only"),
            hint=N_("leave --background and --stop away, or --notify-syslog and --notify-command"),
        )
    if program and shutil.which(program) is None:
        raise UsageError(N_("--notify-command {program}: no program that can be started"), program=program)


def _serve(places: Places, site: Site, options: argparse.Namespace, *, ready: Callable[[], None]) -> None:
    from runner.engine.notifier import CommandNotifier, EveryNotifier, Notifier, SilentNotifier, SyslogNotifier
    from runner.service.serve import Terms, serve

    notifiers: list[Notifier] = [SyslogNotifier()] if options.notify_syslog else []
    if options.notify_command:
        notifiers.append(CommandNotifier([options.notify_command]))
    serve(
        Terms(
            site=site,
            state=places.state,
            socket=places.socket,
            embedded=options.embedded,
            notifier=EveryNotifier(notifiers) if notifiers else SilentNotifier(),
            ready=ready,
        )
    )


def _serve_for_client(options: argparse.Namespace) -> int:
    """Serve for the client that started this process, and tell it through the descriptor how that began."""
    told: int = options.ready_fd
    try:
        os.set_inheritable(told, False)  # noqa: FBT003 - the standard library's signature
    except OSError as error:
        raise UsageError(N_("--ready-fd {number}: no open descriptor"), number=told) from error

    def ready() -> None:
        os.write(told, READY)
        nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        for descriptor in (told, 2):
            os.dup2(nowhere, descriptor, inheritable=descriptor == 2)  # noqa: PLR2004 - stderr

    try:
        places = places_of(options)
        _serve(places, load_site(places.site), options, ready=ready)
    except RunnerError as error:
        os.write(told, json.dumps(to_document(to_wire(error)), ensure_ascii=False).encode() + b"\n")
        return error.exit_code
    return 0


def _say_ready(places: Places, site: Site) -> None:
    tell(
        _("serving site {site} at {socket}, process {pid}; Ctrl-C ends it").format(
            site=site.name, socket=places.socket, pid=os.getpid()
        )
    )


def _stop(places: Places, site: Site, *, as_json: bool) -> int:
    from runner.service.serve import stop_service

    stopped = stop_service(places.state, site)
    if as_json:
        put_json({"stopped": stopped})
    else:
        put(_("the service has ended") if stopped else _("no service was running"))
    return 0


def _start(places: Places, *, as_json: bool) -> int:
    with connect(places.site, places.state, places.socket) as service:
        status = service.status()
    if as_json:
        put_json(status)
    else:
        put(_("the service answers, process {pid}").format(pid=status.pid))
    return 0
