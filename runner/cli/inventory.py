"""`twokey inventory`: check and list the hosts of the environment served."""

from __future__ import annotations

import argparse
import sys

from runner.cli.output import put, put_json, put_table
from runner.cli.session import Session, places_of
from runner.errors import UsageError
from runner.model.plan import Group, Host
from runner.runbook.inventory import load_inventory
from runner.runbook.secret_sources import load_secrets
from runner.runbook.settings import load_site
from runner.wire.documents import to_value
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    below = parser.add_subparsers(dest="part", required=True, metavar=_("WHAT"))
    for name, text in (("check", _("read every file and report problems")), ("list", _("hosts with their pins"))):
        part = below.add_parser(name, help=text)
        if name == "check":
            part.add_argument(
                "--secrets", action="store_true", help=_("ask the service whether it can resolve each secret, too")
            )
        part.add_argument("--json", action="store_true", help=_("print JSON"))
    below.add_parser("schema", help=_("the JSON Schema of secrets.yml, for editors"))


def run(options: argparse.Namespace) -> int:
    """Read the files; no service is needed but for `--secrets`."""
    if options.part == "schema":
        return _print_schema()
    site = load_site(places_of(options).site)
    if options.part == "check" and options.secrets:
        return _check_secrets(options)
    inventory = load_inventory(site)
    secrets = tuple(secret.reference for _, secret in sorted(load_secrets(site, inventory).items()))
    if options.json:
        shown = {"hosts": to_value(inventory.hosts), "groups": to_value(inventory.groups)}
        put_json({**shown, "secrets": to_value(secrets)})
    elif options.part == "check":
        put(
            _("inventory of {name}: {hosts} hosts, {groups} groups, no problems").format(
                name=site.environment, hosts=len(inventory.hosts), groups=len(inventory.groups)
            )
        )
        for secret in secrets:
            put(
                _("secret {name}: {source}, version {version}").format(
                    name=secret.name, source=secret.source, version=secret.version
                )
            )
    else:
        heads = (_("host"), _("reached at"), _("identity"), _("groups"))
        put_table(heads, [_row(host, inventory.groups) for host in inventory.hosts])
    return 0


def _print_schema() -> int:
    from runner.runbook.schema import secrets_schema_text

    sys.stdout.write(secrets_schema_text())
    return 0


def _check_secrets(options: argparse.Namespace) -> int:
    """Have the service resolve every secret; it says yes or no, and nobody is shown a value."""
    with Session(options) as here:
        found = here.service.environment.secrets().secrets
    if options.json:
        put_json({"secrets": to_value(found)})
    else:
        heads = (_("secret"), _("reference"), _("version"), _("can be resolved"))
        put_table(
            heads,
            [
                (one.secret.name, one.secret.source, one.secret.version, _("yes") if not one.problem else one.problem)
                for one in found
            ],
        )
    return UsageError.exit_code if any(one.problem for one in found) else 0


def _row(host: Host, groups: tuple[Group, ...]) -> tuple[str, ...]:
    return host.name, _place(host), host.identity, " ".join(group.name for group in groups if host.name in group.hosts)


def _place(host: Host) -> str:
    return f"{host.user}@{host.address}:{host.port}".removeprefix("@") if host.address else host.connection.value
