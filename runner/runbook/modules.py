"""Modules that tasks name: built in, of the site, or of a vendored collection."""

from __future__ import annotations

from typing import Final

from runner.runbook.ansible_words import BUILTIN, builtin_modules, collection_of, plain_name
from runner.runbook.ledger import PLAYBOOKS
from runner.runbook.problems import meant
from runner.runbook.roles import COLLECTIONS
from runner.runbook.walk import ModuleUse, Walk
from runner.words import N_

_UTILITIES: Final = "module_utils"


def bind_modules(walk: Walk) -> None:
    """Bind what the modules found so far need; runs when every role is known, because roles bring modules too."""
    own = _own_modules(walk)
    for use in walk.modules:
        if (collection := collection_of(use.name)) is not None:
            _bind_collection(walk, collection, use)
        else:
            _bind_module(walk, use, own)


def _bind_module(walk: Walk, use: ModuleUse, own: dict[str, list[str]]) -> None:
    name = plain_name(use.name)
    must_be_builtin = use.name.startswith(BUILTIN)
    files = [] if must_be_builtin else [path for path in own.get(name, []) if _is_seen(path, use, walk)]
    if files:
        walk.ledger.bind_existing(files, use.place)
        for folder in dict.fromkeys((PLAYBOOKS, use.context.playbook_dir)):
            walk.ledger.bind_folder(f"{folder}/{_UTILITIES}", use.place)
        return
    if name in builtin_modules():
        return
    for collection in () if must_be_builtin else use.context.collections:
        _bind_collection(walk, collection, use)
        return
    message = N_('"{name}": no module of that name is built in, in library/ or in a vendored collection{meant}')
    near = meant(name, builtin_modules() | frozenset(own))
    walk.ledger.problem(use.place, message, name=use.name, meant=near)


def _own_modules(walk: Walk) -> dict[str, list[str]]:
    """Files of `library/` folders by module name."""
    found: dict[str, list[str]] = {}
    folders = dict.fromkeys((PLAYBOOKS, *(use.context.playbook_dir for use in walk.modules)))
    paths = [path for folder in folders for path in walk.ledger.tree.files(f"{folder}/library")]
    paths += [path for path in walk.ledger.blobs if "/library/" in path]
    for path in dict.fromkeys(paths):
        name, _, suffix = path.rsplit("/", 1)[-1].partition(".")
        if suffix in {"", "py"}:
            found.setdefault(name, []).append(path)
    return found


def _is_seen(path: str, use: ModuleUse, walk: Walk) -> bool:
    """Whether Ansible would look there: beside the playbook, at the top, or in a role that is bound."""
    folders = (PLAYBOOKS, use.context.playbook_dir)
    return path in walk.ledger.blobs or any(path.startswith(f"{folder}/library/") for folder in folders)


def _bind_collection(walk: Walk, collection: str, use: ModuleUse) -> None:
    if not walk.ledger.bind_folder(f"{COLLECTIONS}/{collection.replace('.', '/')}", use.place):
        message = N_('collection "{collection}" is not vendored in {folder}')
        walk.ledger.problem(use.place, message, collection=collection, folder=COLLECTIONS)
