"""`twokey config`: every setting with its value and where it comes from."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from runner.cli.output import put_json, put_table
from runner.cli.session import Session
from runner.client.autostart import find_service
from runner.runbook.places import checkpoints_folder
from runner.wire.api import Config, Setting
from runner.words import _, current_language


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    parser.add_argument("part", nargs="?", choices=["show"], default="show", help=_("what to do"))
    parser.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """The client's settings, then the service's if one answers; none is started."""
    here = Session(options)
    places = here.places
    typed = _("typed")
    settings = [
        Setting("site", str(places.site), typed if options.site else _("nearest folder upwards, or the state's own")),
        Setting("state", str(places.state), typed if options.state else _origin("XDG_STATE_HOME")),
        Setting("socket", str(places.socket), _origin("XDG_RUNTIME_DIR")),
        Setting("key", str(options.key or "ssh-agent"), typed if options.key else _("default")),
        Setting("language", current_language(), typed if options.lang else _("environment")),
        Setting("memory of logs", str(checkpoints_folder(_named(options))), typed if options.state else _("default")),
    ]
    service = find_service(places.socket)
    if service is not None:
        with service:
            known = {setting.name for setting in settings}
            settings += [setting for setting in service.environment.config().settings if setting.name not in known]
    if options.json:
        put_json(Config(tuple(settings)))
        return 0
    heads = (_("setting"), _("value"), _("where it comes from"))
    put_table(heads, [(setting.name, setting.value, _(setting.origin)) for setting in settings])
    return 0


def _named(options: argparse.Namespace) -> Path | None:
    state: Path | None = options.state
    return state


def _origin(variable: str) -> str:
    return f"${variable}" if os.environ.get(variable) else _("default")
