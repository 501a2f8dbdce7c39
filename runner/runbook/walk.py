"""The state of one walk through content: what is still to be read, and from where files are looked for."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from runner.runbook.jinja import has_template, literal_head
from runner.runbook.ledger import PLAYBOOKS, Ledger, inside_playbooks
from runner.runbook.play_source import Place
from runner.words import N_

SEARCHED: Final = ("files", "templates", "vars", "tasks")
"""Folders beside a playbook in which Ansible looks for files."""
_ABSOLUTE = re.compile(r"""\{\{\s*['"][/~]""")


class JobKind(StrEnum):
    """What a file or folder is to be read as."""

    PLAYBOOK = "playbook"
    ROLE = "role"
    TASKS = "tasks"
    VARIABLES = "variables"
    TEMPLATE = "template"
    ANYTHING = "anything"
    """A file of a folder that a templated path may name: tasks when it is a list, variables when it is a mapping."""


@dataclass(frozen=True, slots=True)
class Context:
    """From where relative paths are looked for."""

    playbook_dir: str
    """Folder of the playbook that runs."""
    folder: str
    """Folder of the file read."""
    roles: tuple[str, ...] = ()
    """Folders of the role read and of those that brought it, innermost first."""
    collections: tuple[str, ...] = ()
    """Collections whose short names are understood."""

    def at(self, path: str) -> Context:
        """The context of another file read for the same role or play."""
        return replace(self, folder=posixpath.dirname(path))

    def in_role(self, role: str) -> Context:
        """The context of a role brought in from here."""
        return replace(self, folder=role, roles=(role, *self.roles))


@dataclass(frozen=True, slots=True)
class Job:
    """Something still to be read."""

    kind: JobKind
    path: str
    context: Context


@dataclass(frozen=True, slots=True)
class ModuleUse:
    """A module a task names."""

    name: str
    place: Place
    context: Context


@dataclass(slots=True)
class Walk:
    """One walk through the content of a runbook."""

    ledger: Ledger
    waiting: list[Job] = field(default_factory=list)
    modules: list[ModuleUse] = field(default_factory=list)
    playbooks: list[str] = field(default_factory=list)
    """Playbooks reached, in the order they were found."""
    _seen: set[Job] = field(default_factory=set)

    def later(self, kind: JobKind, path: str, context: Context) -> None:
        """Have something read, once for each context."""
        job = Job(kind, path, context)
        if job not in self._seen:
            self._seen.add(job)
            self.waiting.append(job)

    def find(
        self, context: Context, folder: str, term: str, place: Place, *, as_lookup: str | None = None
    ) -> tuple[str, ...]:
        """Bind the file or folder a path names, as Ansible would look for it, and name the files bound.

        Every place where Ansible could find it is bound, so that it finds the same one in a snapshot.

        Args:
            context: from where it is looked for.
            folder: folder Ansible looks in by the kind of file (`files`, `templates`, `vars`).
            term: the path as written; a templated one binds its whole role or folder.
            place: where it is written.
            as_lookup: text of the lookup that names it; leading outside is then noted as unbound.
        """
        if _leads_outside(term):
            self._outside(term, place, as_lookup)
            return ()
        if has_template(term):
            return self._find_whole(context, folder, term, place)
        candidates = tuple(_inside(_candidates(context, folder, term)))
        if not candidates:
            self._outside(term, place, as_lookup)
            return ()
        return self._bind_one_of(candidates, term, place)

    def find_tasks(self, context: Context, term: str, place: Place) -> None:
        """Bind the list of tasks a path names and have it read."""
        if _leads_outside(term):
            self._outside(term, place, None)
            return
        if has_template(term):
            for path in self._find_whole_tasks(context, term, place):
                self.later(JobKind.ANYTHING, path, context.at(path))
            return
        candidates = tuple(_inside(_task_candidates(context, term)))
        for path in self._bind_one_of(candidates, term, place):
            self.later(JobKind.TASKS, path, context.at(path))

    def find_anything(self, context: Context, place: Place) -> None:
        """Bind every folder beside the playbook in which Ansible looks for files; a role is bound whole anyway."""
        for folder in SEARCHED if not context.roles else ():
            self.ledger.bind_folder(f"{context.playbook_dir}/{folder}", place)

    def _bind_one_of(self, candidates: tuple[str, ...], term: str, place: Place) -> tuple[str, ...]:
        before = len(self.ledger.problems)
        found = self.ledger.bind_existing(candidates, place)
        if not found and len(self.ledger.problems) == before:
            message = N_('"{file}" is missing; it is looked for as {places}')
            self.ledger.problem(place, message, file=term, places=", ".join(candidates[:3]))
        return found

    def _outside(self, term: str, place: Place, as_lookup: str | None) -> None:
        if as_lookup is not None:
            self.ledger.lookup(place, as_lookup)
        else:
            message = N_('"{file}" lies outside playbooks/: a run sees nothing of the controller but its content')
            self.ledger.problem(place, message, file=term)

    def _find_whole(self, context: Context, folder: str, term: str, place: Place) -> tuple[str, ...]:
        """Bind what a templated path could name: the role, or the folder its written beginning names."""
        if context.roles:
            return tuple(path for path in self.ledger.blobs if path.startswith(f"{context.roles[0]}/{folder}/"))
        head = posixpath.dirname(literal_head(term))
        folders = [f"{context.playbook_dir}/{folder}/{head}"]
        if head:
            folders.append(f"{context.playbook_dir}/{head}")
        before = len(self.ledger.problems)
        found = [path for one in _inside(folders) for path in self.ledger.bind_folder(one, place)]
        if not found and len(self.ledger.problems) == before:
            wanted = posixpath.normpath(folders[0])
            message = N_('"{file}" is known only at run time; everything it may name goes into the folder {folder}/')
            self.ledger.problem(place, message, file=term, folder=wanted)
        return tuple(found)

    def _find_whole_tasks(self, context: Context, term: str, place: Place) -> tuple[str, ...]:
        if context.roles:
            return tuple(path for path in self.ledger.blobs if path.startswith(f"{context.roles[0]}/"))
        folder = posixpath.normpath(posixpath.join(context.folder, posixpath.dirname(literal_head(term))))
        if inside_playbooks(folder) is None or folder == PLAYBOOKS:
            message = N_('"{file}" is known only at run time; put what it may name into a folder of its own')
            self.ledger.problem(place, message, file=term)
            return ()
        return self.ledger.bind_folder(folder, place)


def _leads_outside(term: str) -> bool:
    """Whether a path is absolute, also when it is written inside a template."""
    return term.startswith(("/", "~")) or (has_template(term) and _ABSOLUTE.search(term) is not None)


def is_yaml(path: str) -> bool:
    """Whether Ansible reads the file as YAML where it looks for files by their name without ending."""
    name = path.rsplit("/", 1)[-1]
    return "." not in name or name.endswith((".yml", ".yaml", ".json"))


def _inside(paths: list[str]) -> Iterator[str]:
    for path in dict.fromkeys(paths):
        if (normal := inside_playbooks(path)) is not None:
            yield normal


def _candidates(context: Context, folder: str, term: str) -> list[str]:
    bases = [*context.roles, context.folder, context.playbook_dir]
    return [path for base in bases for path in (f"{base}/{folder}/{term}", f"{base}/{term}")]


def _task_candidates(context: Context, term: str) -> list[str]:
    inside_roles = [f"{role}/{part}/{term}" for role in context.roles[:1] for part in ("tasks", "handlers")]
    return [
        f"{context.folder}/{term}",
        *inside_roles,
        f"{context.playbook_dir}/{term}",
        f"{context.playbook_dir}/tasks/{term}",
    ]
