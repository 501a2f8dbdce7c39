"""What a site says about itself, read from its files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from runner.errors import NotFoundError
from runner.model.document import JsonValue
from runner.model.policy import Policy
from runner.model.site import Site
from runner.rules.policy_findings import policy_findings
from runner.rules.posts import key_pairs
from runner.runbook.loader import read_file, shown_path
from runner.runbook.placing import grounded, place_findings, read_shape
from runner.runbook.problems import Problem, invalid, say
from runner.runbook.shape import fit
from runner.runbook.site_folder import SITE_FILE
from runner.runbook.yaml_source import read_yaml
from runner.wire.policy import PolicyShape
from runner.wire.site import SiteShape
from runner.words import N_

POLICY_FILE: Final = "policy.yml"
"""Name of an environment's policy."""
POLICY_SCHEMA_FILE: Final = "inventory/policy.schema.json"
"""Where a site keeps the JSON Schema of policies."""
_STAND_INS: Final[dict[str, JsonValue]] = {"apiVersion": "twokey/v1", "kind": "Policy", "name": "unreadable"}


def load_site(root: Path) -> Site:
    """The site in a folder.

    Raises:
        NotFoundError: the folder is no site.
        InvalidContentError: `inventory/site.yml` has problems.
    """
    path = root / SITE_FILE
    if not path.is_file():
        raise NotFoundError(
            N_("{folder}: no site: {file} is missing"),
            hint=N_("`twokey init DIR` makes a site; --site DIR names one"),
            folder=str(root),
            file=SITE_FILE,
        )
    source = read_file(path)
    return _site(source, root, shown_path(path, root))


def load_policy(site: Site) -> Policy:
    """The policy of a site's environment; the shipped one when the environment has none.

    Raises:
        InvalidContentError: the file has problems.
    """
    return policy_of(read_policy(site), shown_path(site.inventory / POLICY_FILE, site.root))


def read_policy(site: Site) -> bytes:
    """The policy file of a site's environment; no bytes when it has none.

    Raises:
        InvalidContentError: it cannot be read, or it is there and empty.
    """
    path = site.inventory / POLICY_FILE
    if not path.exists():
        return b""
    source = read_file(path)
    if not source:
        parse_policy(source, shown_path(path, site.root))
    return source


def policy_of(source: bytes, path: str) -> Policy:
    """The policy a site goes by: what its file says, or the shipped one where there is no file (no bytes).

    Raises:
        InvalidContentError: with every problem of the file.
    """
    return parse_policy(source, path) if source else Policy()


def parse_policy(source: bytes, path: str) -> Policy:
    """The policy a file's bytes hold.

    Raises:
        InvalidContentError: with every problem of the file.
    """
    policy, problems = examine_policy(source, path)
    if policy is None or problems:
        raise invalid(path, problems)
    return policy


def examine_policy(source: bytes, path: str) -> tuple[Policy | None, tuple[Problem, ...]]:
    """What can be read of a policy, and its problems; with problems, the policy lacks what they are about.

    Args:
        source: the file's bytes.
        path: how to name the file in problems.
    """
    read = read_yaml(source, path)
    if not read.readable:
        return None, read.problems
    fitted = fit(read.value, PolicyShape, _STAND_INS)
    problems = [*read.problems, *place_findings(path, read, fitted.findings)]
    if fitted.shape is None:
        return None, tuple(problems)
    policy = fitted.shape.value()
    if fitted.shape.incompatible is None:
        policy = replace(policy, incompatible=key_pairs(policy.posts))
    problems += place_findings(path, read, grounded(policy_findings(policy), fitted.lost))
    return policy, tuple(problems)


def _site(source: bytes, root: Path, path: str) -> Site:
    shape = read_shape(source, path, SiteShape)
    site = Site(
        root=root.absolute(),
        name=shape.name,
        environment=shape.environment,
        production=shape.production,
        origin=shape.origin,
        timezone=shape.timezone,
    )
    places = read_yaml(source, path).places
    problems: list[Problem] = []
    if problem := zone_problem(source, path, site.timezone):
        problems.append(problem)
    if not site.inventory.is_dir():
        text = say(N_("environment: the folder inventory/{name} does not exist"), name=site.environment)
        problems.append(Problem(path, *places.of_value(("environment",)), text))
    if problems:
        raise invalid(path, problems)
    return site


def zone_problem(source: bytes, path: str, zone: str) -> Problem | None:
    """What is wrong with the time zone of a site file; None when this machine knows it."""
    if _is_zone(zone):
        return None
    text = say(N_('timezone: this machine knows no time zone "{zone}"'), zone=zone)
    return Problem(path, *read_yaml(source, path).places.of_value(("timezone",)), text)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
