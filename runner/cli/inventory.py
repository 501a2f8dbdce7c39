"""`twokey inventory`: check and list the hosts of the environment served."""

from __future__ import annotations

import argparse

from runner.cli.output import put, put_json, put_table
from runner.cli.session import places_of
from runner.model.plan import Group, Host
from runner.runbook.inventory import load_inventory
from runner.runbook.settings import load_site
from runner.wire.documents import to_value
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    below = parser.add_subparsers(dest="part", required=True, metavar=_("WHAT"))
    for name, text in (("check", _("read every file and report problems")), ("list", _("hosts with their pins"))):
        part = below.add_parser(name, help=text)
        part.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Read the files; no service is needed."""
    site = load_site(places_of(options).site)
    inventory = load_inventory(site)
    if options.json:
        put_json({"hosts": to_value(inventory.hosts), "groups": to_value(inventory.groups)})
    elif options.part == "check":
        put(
            _("inventory of {name}: {hosts} hosts, {groups} groups, no problems").format(
                name=site.environment, hosts=len(inventory.hosts), groups=len(inventory.groups)
            )
        )
    else:
        heads = (_("host"), _("reached at"), _("identity"), _("groups"))
        put_table(heads, [_row(host, inventory.groups) for host in inventory.hosts])
    return 0


def _row(host: Host, groups: tuple[Group, ...]) -> tuple[str, ...]:
    return host.name, _place(host), host.identity, " ".join(group.name for group in groups if host.name in group.hosts)


def _place(host: Host) -> str:
    return f"{host.user}@{host.address}:{host.port}".removeprefix("@") if host.address else host.connection.value
