"""Getting a site and making one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from runner.errors import NotFoundError, UsageError
from runner.model.site import Site
from runner.runbook.places import shipped_files
from runner.runbook.placing import read_shape
from runner.runbook.problems import invalid
from runner.runbook.secret_sources import SECRETS_SCHEMA_FILE
from runner.runbook.settings import POLICY_SCHEMA_FILE, load_site, zone_problem
from runner.runbook.site_folder import SITE_FILE, find_site
from runner.wire.site import SiteShape
from runner.words import N_

ENVIRONMENT: Final = "demo"
"""Environment of a site as shipped: this machine."""
_SHIPPED: Final = ("runbooks", "playbooks", f"inventory/{ENVIRONMENT}", "inventory/example")
"""Folders a site is made from; the last holds what people copy from."""
_LEFT_BEHIND: Final = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")


def get_site(named: Path | None, start: Path) -> Site:
    """The site a person named, or the nearest one upwards.

    Raises:
        NotFoundError: there is none.
        InvalidContentError: what it says about itself has problems.
    """
    root = named or find_site(start)
    if root is None:
        raise NotFoundError(
            N_("no site here: no folder upwards of {folder} has {file}"),
            hint=N_("`twokey init DIR` makes a site; --site DIR names one"),
            folder=str(start),
            file=SITE_FILE,
        )
    return load_site(root)


def write_site(target: Path, *, name: str, origin: str, timezone: str = "Asia/Shanghai") -> Site:
    """Make a site from what the product ships.

    Args:
        target: folder to make; it may exist when it is empty.
        name: what the site is called.
        origin: name of its log.
        timezone: zone people read times in.

    Raises:
        UsageError: the folder is not empty or cannot be written, or a name will not do.
    """
    source = _site_file(name, origin, timezone)
    shape = read_shape(source, SITE_FILE, SiteShape)
    if problem := zone_problem(source, SITE_FILE, shape.timezone):
        raise invalid(SITE_FILE, [problem])
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise UsageError(N_("{folder}: already exists and is not empty"), folder=str(target))
        _copy(shipped_files(), target)
        (target / SITE_FILE).write_bytes(source)
    except (OSError, shutil.Error) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(N_("{folder}: cannot be written: {why}"), folder=str(target), why=why) from error
    return load_site(target)


def _copy(shipped: Path, target: Path) -> None:
    """Copy what is shipped; it may be read-only, a site is not."""
    for part in _SHIPPED:
        shutil.copytree(shipped / part, target / part, ignore=_LEFT_BEHIND, copy_function=_copy_file)
    for schema in (POLICY_SCHEMA_FILE, SECRETS_SCHEMA_FILE):
        _copy_file(str(shipped / schema), str(target / schema))
    for folder in (target, *(path for path in target.rglob("*") if path.is_dir())):
        folder.chmod(0o755)


def _copy_file(source: str, target: str) -> None:
    """Copy content and executable bit only."""
    shutil.copyfile(source, target)
    is_executable = Path(source).stat().st_mode & 0o100
    Path(target).chmod(0o755 if is_executable else 0o644)


def _site_file(name: str, origin: str, timezone: str) -> bytes:
    lines = (
        "# What this site is. One installation serves one environment: a folder beside this file.",
        "apiVersion: twokey/v1",
        "kind: Site",
        f"name: {_quoted(name)}",
        f"environment: {ENVIRONMENT}",
        "production: false",
        f"origin: {_quoted(origin)}",
        f"timezone: {timezone}",
    )
    return "".join(f"{line}\n" for line in lines).encode()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
