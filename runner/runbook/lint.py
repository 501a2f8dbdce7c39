"""Everything that can be said about runbooks without a service: language, what they reach, Ansible's own syntax check.

Works anywhere: playbooks are looked for in `playbooks/` of the nearest parent folder. Nothing is executed but Ansible's
syntax check, as the person who asks.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from runner.errors import InvalidContentError, NotFoundError, UsageError
from runner.model.policy import Allowance, Policy
from runner.runbook.closure import Reach, delegate_problems, survey
from runner.runbook.content_tree import FolderTree
from runner.runbook.inventory import load_inventory
from runner.runbook.ledger import PLAYBOOKS
from runner.runbook.loader import find_runbooks, runbook_files, without_dots
from runner.runbook.problems import Problem, say
from runner.runbook.secret_sources import load_secrets, undeclared_uses, unknown_secrets
from runner.runbook.settings import load_policy, load_site
from runner.runbook.site_folder import is_site
from runner.runbook.syntax import syntax_check
from runner.runbook.yaml_source import read_yaml
from runner.words import N_

_RUNBOOKS: Final = "runbooks"
_NOT_RUNBOOKS: Final = frozenset({PLAYBOOKS, "inventory"})
_CONTROLLER: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def lint(paths: Sequence[Path], *, with_syntax_check: bool = True) -> tuple[str, ...]:
    """Problems of runbooks and of all they reach, one line each, beginning `PATH:LINE:COLUMN:`.

    Args:
        paths: files, or folders whose runbooks are meant.
        with_syntax_check: whether Ansible is asked too.

    Raises:
        NotFoundError: a path does not exist, or a folder has no runbook.
        UsageError: Ansible's check cannot be run.
    """
    lines: dict[str, None] = {}
    twins: dict[Path, dict[str, list[Path]]] = {}
    checked: dict[Path, dict[Path, None]] = {}
    for file in _files(paths):
        root = _root_of(file)
        if root not in twins:
            twins[root] = _files_by_id(root)
        reach, problems = _survey(root, file, twins[root])
        lines.update(dict.fromkeys(str(problem) for problem in problems))
        if reach is not None:
            named = (_as_written(root / playbook, file) for playbook in reach.playbooks)
            checked.setdefault(root, {}).update(dict.fromkeys(named))
    if with_syntax_check:
        for root, playbooks in checked.items():
            found = syntax_check(tuple(playbooks), root / PLAYBOOKS)
            lines.update(dict.fromkeys(str(problem) for problem in found if not _is_known(problem, lines)))
    return tuple(lines)


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from _files_of_folder(path)
        elif path.exists():
            yield path
        else:
            raise NotFoundError(N_("{path}: no such file or folder"), path=str(path))


def _files_of_folder(folder: Path) -> Sequence[Path]:
    meant = folder / _RUNBOOKS if (folder / _RUNBOOKS).is_dir() else folder
    files = [file for file in runbook_files(meant) if not _NOT_RUNBOOKS & set(file.relative_to(meant).parts[:-1])]
    if not files:
        raise NotFoundError(N_("{folder}: no runbook there"), folder=str(folder))
    return files


def _root_of(file: Path) -> Path:
    """The nearest folder upwards with playbooks; without one, the file's own folder."""
    parents = without_dots(file).parents
    return next((folder for folder in parents if (folder / PLAYBOOKS).is_dir()), parents[0])


def _files_by_id(root: Path) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for runbook in find_runbooks(root) if (root / _RUNBOOKS).is_dir() else ():
        found.setdefault(runbook.id, []).append(runbook.path)
    return found


def _survey(root: Path, file: Path, by_id: Mapping[str, Sequence[Path]]) -> tuple[Reach | None, list[Problem]]:
    """What a runbook reaches and every problem on the way, the runbook's own first."""
    path = without_dots(file).relative_to(root).as_posix()
    try:
        reach, found = survey(FolderTree(root), path)
        problems = list(found)
        if reach is not None:
            problems += [*_twins(root, file, reach, by_id), *_site_problems(root, reach)]
    except UsageError as error:
        return None, [Problem(str(file), 1, 1, str(error))]
    problems.sort(key=lambda problem: (problem.path != path, problem))
    return reach, [_shown(problem, root, file) for problem in problems]


def _shown(problem: Problem, root: Path, file: Path) -> Problem:
    """A problem with its file named in the way the runbook was named."""
    return replace(problem, path=str(_as_written(root / problem.path, file)))


def _as_written(path: Path, file: Path) -> Path:
    if path == file.absolute():
        return file
    return path if file.is_absolute() else Path(os.path.relpath(path))


def _twins(root: Path, file: Path, reach: Reach, by_id: Mapping[str, Sequence[Path]]) -> Iterator[Problem]:
    """Other runbooks of the site with the same id."""
    for other in by_id.get(reach.runbook.id, ()):
        if other.resolve() != file.resolve():
            place = read_yaml(reach.source, "").places.of_value(("id",))
            message = N_('the id "{id}" is also that of {other}')
            text = say(message, id=reach.runbook.id, other=other.relative_to(root).as_posix())
            yield Problem(reach.content.runbook, *place, text)


def _site_problems(root: Path, reach: Reach) -> Iterator[Problem]:
    """What the site's policy and inventory, or in their absence the shipped policy, say about what is reached."""
    policy, hosts, secrets = _surroundings(root)
    if policy.unbound.lookups is Allowance.REFUSE:
        for unbound in reach.unbound:
            path, _, line = unbound.place.rpartition(":")
            text = say(N_("it looks up what is not in its content, which policy refuses: {what}"), what=unbound.what)
            yield Problem(path, int(line), 1, text)
    if secrets is not None:
        yield from undeclared_uses(reach, secrets)
        yield from unknown_secrets(reach, secrets)
    if hosts is not None:
        yield from delegate_problems(reach, hosts)
    else:
        known = frozenset(delegate.name for delegate in reach.delegates) - _CONTROLLER
        yield from delegate_problems(reach, known)


def _surroundings(root: Path) -> tuple[Policy, frozenset[str] | None, frozenset[str] | None]:
    """Policy, host names and names of secrets of the site, as far as it is one and they can be read."""
    if not is_site(root):
        return Policy(), None, None
    policy: Policy = Policy()
    try:
        site = load_site(root)
        policy = load_policy(site)
        inventory = load_inventory(site)
    except (InvalidContentError, NotFoundError):
        return policy, None, None
    hosts = frozenset(host.name for host in inventory.hosts)
    try:
        return policy, hosts, frozenset(load_secrets(site, inventory))
    except InvalidContentError:
        return policy, hosts, None


def _is_known(problem: Problem, lines: Iterable[str]) -> bool:
    """Whether something has already been said about the same place."""
    place = f"{problem.path}:{problem.line}:"
    return any(line.startswith(place) for line in lines)
