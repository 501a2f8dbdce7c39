"""The static closure of a runbook: every file it can reach, and what stays open until the run.

Literal references are followed as Ansible would resolve them, and every place where it could find a file is bound, so
that a run on a snapshot finds the same one. A templated reference binds its whole role or folder. What leads out of
the content is a problem, or, for lookups, noted as unbound.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runner.errors import NotFoundError, UsageError
from runner.model.plan import Content, Unbound
from runner.model.runbook import Runbook
from runner.rules.plays import plays_of
from runner.runbook.content_tree import Blob, ContentTree, FolderTree, is_content_path
from runner.runbook.ledger import PLAYBOOKS, Delegate, Ledger
from runner.runbook.loader import ReadRunbook, examine_runbook
from runner.runbook.modules import bind_modules
from runner.runbook.play_source import Items, Place, Scalar, read_play_source
from runner.runbook.playbooks import read_dependencies, read_playbook
from runner.runbook.problems import Problem, invalid, meant, say
from runner.runbook.roles import read_role
from runner.runbook.tasks import read_tasks, read_variable_names
from runner.runbook.template_uses import read_template_file, read_templates
from runner.runbook.walk import Context, Job, JobKind, Walk
from runner.words import N_

_META: Final = "/meta/main."


@dataclass(frozen=True, slots=True)
class Reach:
    """What a runbook reaches."""

    runbook: Runbook
    content: Content
    blobs: Mapping[str, Blob]
    """The bound files by path."""
    unbound: tuple[Unbound, ...]
    """Lookups to the outside; outputs and sheets are told by the runbook itself."""
    delegates: tuple[Delegate, ...]
    """Hosts that tasks are handed to; each must be a host of the plan."""
    playbooks: tuple[str, ...]
    """Playbooks reached."""

    @property
    def source(self) -> bytes:
        """Bytes of the runbook."""
        return self.blobs[self.content.runbook].data


def reach_of_file(root: Path, runbook: Path) -> Reach:
    """The closure of a runbook on disk.

    Args:
        root: folder of the site, which holds `playbooks/`.
        runbook: the runbook's file, inside it.

    Raises:
        NotFoundError: there is no such file.
        UsageError: it lies outside the site.
        InvalidContentError: with every problem of the runbook and of what it reaches.
    """
    absolute, inside = runbook.absolute(), root.absolute()
    if not absolute.is_relative_to(inside):
        raise UsageError(N_("{path}: not in the site {site}"), path=str(runbook), site=str(root))
    return reach_of(FolderTree(inside), absolute.relative_to(inside).as_posix())


def reach_of(tree: ContentTree, runbook: str) -> Reach:
    """The closure of a runbook.

    Args:
        tree: where files come from.
        runbook: path of the runbook from the top of the tree.

    Raises:
        NotFoundError: there is no such file.
        UsageError: it cannot be read.
        InvalidContentError: with every problem of the runbook and of what it reaches.
    """
    reach, problems = survey(tree, runbook)
    if reach is None or problems:
        raise invalid(runbook, problems)
    return reach


def survey(tree: ContentTree, runbook: str) -> tuple[Reach | None, tuple[Problem, ...]]:
    """What a runbook reaches, as far as it can be read, and every problem found on the way.

    Raises:
        NotFoundError: there is no such file.
        UsageError: it cannot be read.
    """
    blob = tree.read(runbook) if is_content_path(runbook) else None
    if blob is None:
        raise NotFoundError(N_("{path}: no such file"), path=runbook)
    read, problems = examine_runbook(blob.data, runbook)
    if read is None:
        return None, problems
    walk = Walk(Ledger(tree))
    walk.ledger.bind(runbook, Place(runbook, 1, 1))
    missing = _begin(walk, read)
    while walk.waiting:
        _do(walk, walk.waiting.pop(0))
    bind_modules(walk)
    reach = Reach(
        runbook=read.runbook,
        content=Content(runbook, walk.ledger.content_files()),
        blobs=dict(sorted(walk.ledger.blobs.items())),
        unbound=tuple(walk.ledger.unbound),
        delegates=tuple(walk.ledger.delegates),
        playbooks=tuple(walk.playbooks),
    )
    return reach, tuple(sorted({*problems, *missing, *walk.ledger.problems}))


def delegate_problems(reach: Reach, hosts: frozenset[str]) -> tuple[Problem, ...]:
    """Tasks handed to a host that is none of the plan's, or of the inventory's when no plan is made yet."""
    message = N_('"delegate_to": "{name}" is not among the hosts that are bound{meant}')
    return tuple(
        Problem(
            delegate.place.path,
            delegate.place.line,
            delegate.place.column,
            say(message, name=delegate.name, meant=meant(delegate.name, hosts)),
        )
        for delegate in reach.delegates
        if delegate.name not in hosts
    )


def _begin(walk: Walk, read: ReadRunbook) -> list[Problem]:
    """Bind the playbooks a runbook names and have them read."""
    problems: list[Problem] = []
    for placed in plays_of(read.runbook):
        path = f"{PLAYBOOKS}/{placed.play.playbook}"
        blob, before = None, len(walk.ledger.problems)
        line, column = read.places.of_value((*placed.path, "playbook"))
        blob = walk.ledger.bind(path, Place(read.path, line, column))
        if blob is None:
            if len(walk.ledger.problems) == before:
                known = (file.removeprefix(f"{PLAYBOOKS}/") for file in _playbook_files(walk))
                message = N_('playbook "{name}" is missing{meant}')
                text = say(message, name=placed.play.playbook, meant=meant(placed.play.playbook, known))
                problems.append(read.problem((*placed.path, "playbook"), text))
            continue
        folder = posixpath.dirname(path)
        walk.later(JobKind.PLAYBOOK, path, Context(folder, folder))
    return problems


def _playbook_files(walk: Walk) -> tuple[str, ...]:
    try:
        return tuple(path for path in walk.ledger.tree.files(PLAYBOOKS) if path.endswith((".yml", ".yaml")))
    except UsageError:
        return ()


def _do(walk: Walk, job: Job) -> None:
    """Read one thing and follow what it refers to."""
    if job.kind is JobKind.ROLE:
        read_role(walk, job.path, job.context)
        return
    if job.kind is JobKind.TEMPLATE:
        read_template_file(walk, job.path, job.context)
        return
    source = read_play_source(walk.ledger.blobs[job.path].data, job.path)
    if job.kind is not JobKind.ANYTHING:
        walk.ledger.problems.extend(source.problems)
    elif isinstance(source.top, Scalar):
        return
    read_templates(walk, source, job.context)
    if job.kind is JobKind.PLAYBOOK:
        read_playbook(walk, source, job.context)
    elif isinstance(source.top, Items) and job.kind is not JobKind.VARIABLES:
        read_tasks(walk, source, source.top, job.context)
    elif _META in job.path:
        read_dependencies(walk, source, job.context)
    else:
        read_variable_names(walk, source, source.top)
