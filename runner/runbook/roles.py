"""Roles: found as Ansible finds them, bound whole."""

from __future__ import annotations

from typing import Final

from runner.runbook.ansible_folders import NOT_FROM_CONTENT
from runner.runbook.ansible_words import collection_of
from runner.runbook.jinja import has_template
from runner.runbook.ledger import PLAYBOOKS, inside_playbooks
from runner.runbook.play_source import Place
from runner.runbook.problems import meant
from runner.runbook.walk import Context, JobKind, Walk, is_yaml
from runner.words import N_

COLLECTIONS: Final = f"{PLAYBOOKS}/collections/ansible_collections"
_SUFFIXES: Final = ("", ".yml", ".yaml")


def find_role(walk: Walk, name: str, place: Place, context: Context) -> str | None:
    """Have a role read and name its folder; a templated name has every role read."""
    if has_template(name):
        for folder in _role_folders(context):
            for role in _roles_in(walk, folder):
                _have_read(walk, role, context)
        return None
    if (collection := collection_of(name)) is not None:
        candidates = [f"{COLLECTIONS}/{collection.replace('.', '/')}/roles/{name.split('.', 2)[2]}"]
    else:
        short = [f"{COLLECTIONS}/{known.replace('.', '/')}/roles" for known in context.collections]
        folders = [*short, *_role_folders(context), context.playbook_dir]
        candidates = [path for folder in folders if (path := inside_playbooks(f"{folder}/{name}")) is not None]
    found = next((path for path in candidates if walk.ledger.tree.is_folder(path)), None)
    if found is None:
        known = {path.rsplit("/", 1)[-1] for folder in _role_folders(context) for path in _roles_in(walk, folder)}
        walk.ledger.problem(place, N_('role "{name}" is missing{meant}'), name=name, meant=meant(name, known))
        return None
    if collection is not None or found.startswith(f"{COLLECTIONS}/"):
        walk.ledger.bind_folder("/".join(found.split("/")[:5]), place)
    _have_read(walk, found, context)
    return found


def find_role_file(walk: Walk, role: str, part: str, name: str, place: Place) -> None:
    """Note a problem when a role lacks a file that is asked for by name."""
    candidates = [f"{role}/{part}/{name}{suffix}" for suffix in _SUFFIXES]
    if not any(walk.ledger.tree.read(path) for path in candidates if inside_playbooks(path) == path):
        walk.ledger.problem(
            place, N_('"{file}" is missing; it is looked for as {places}'), file=name, places=candidates[1]
        )


def read_role(walk: Walk, role: str, context: Context) -> None:
    """Bind a role and have everything in it read."""
    here = context.in_role(role)
    for path in walk.ledger.bind_folder(role, Place(role, 1, 1)):
        part, _, rest = path.removeprefix(f"{role}/").partition("/")
        if part in NOT_FROM_CONTENT:
            message = N_("{folder}: plugins of this kind are Ansible's own; a role does not bring them")
            walk.ledger.problem(Place(path, 1, 1), message, folder=part)
        elif part == "templates" or path.endswith(".j2"):
            walk.later(JobKind.TEMPLATE, path, here.at(path))
        elif part in {"tasks", "handlers"} and is_yaml(path):
            walk.later(JobKind.TASKS, path, here.at(path))
        elif part in {"vars", "defaults", "meta"} and rest and is_yaml(path):
            walk.later(JobKind.VARIABLES, path, here.at(path))


def _have_read(walk: Walk, role: str, context: Context) -> None:
    if role not in context.roles:
        walk.later(JobKind.ROLE, role, context)


def _role_folders(context: Context) -> list[str]:
    beside = [role.rsplit("/", 1)[0] for role in context.roles]
    return list(dict.fromkeys([f"{context.playbook_dir}/roles", f"{PLAYBOOKS}/roles", *beside]))


def _roles_in(walk: Walk, folder: str) -> list[str]:
    """Folders right below a folder."""
    below = (path.removeprefix(f"{folder}/").split("/") for path in walk.ledger.tree.files(folder))
    return [f"{folder}/{name}" for name in sorted({parts[0] for parts in below if len(parts) > 1})]
