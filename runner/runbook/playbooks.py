"""What playbooks make a run reach, and the folders Ansible looks at beside them."""

from __future__ import annotations

from typing import Final

from runner.runbook.ansible_folders import FOLDERS, NOT_FROM_CONTENT
from runner.runbook.ansible_words import STRATEGIES, TASK_LISTS, collection_of, plain_name
from runner.runbook.jinja import has_template
from runner.runbook.ledger import PLAYBOOKS, inside_playbooks
from runner.runbook.play_source import Entry, Node, Place, PlaySource, items_of, text_of
from runner.runbook.roles import find_role
from runner.runbook.tasks import read_keywords, read_tasks, read_variable_names
from runner.runbook.walk import Context, JobKind, Walk
from runner.words import N_

_BY_NAME: Final = frozenset({"roles", "library", "module_utils", "collections"})
"""Folders of which only what is named is bound."""
_SUFFIXES: Final = (".yml", ".yaml")
_VARIABLES: Final = ("group_vars", "host_vars")


def read_playbook(walk: Walk, source: PlaySource, context: Context) -> None:
    """Follow a playbook."""
    if source.path not in walk.playbooks:
        walk.playbooks.append(source.path)
    _read_beside(walk, context.playbook_dir)
    for play in items_of(source.top):
        entries = source.entries(play)
        imported = next((entry for entry in entries if plain_name(entry.key) == "import_playbook"), None)
        read_keywords(walk, source, entries, context)
        if imported is not None:
            _read_import(walk, source, imported, context)
        else:
            _read_play(walk, source, entries, context)


def _read_import(walk: Walk, source: PlaySource, entry: Entry, context: Context) -> None:
    term = text_of(entry.value) or ""
    place = source.place(entry.value)
    if has_template(term) or (collection_of(term) is not None and not term.endswith(_SUFFIXES)):
        walk.ledger.problem(place, N_('"{file}": an imported playbook is named by its path'), file=term)
        return
    path = inside_playbooks(f"{context.folder}/{term}") if not term.startswith("/") else None
    if path is None or walk.ledger.bind(path, place) is None:
        walk.ledger.problem(place, N_('playbook "{name}" is missing{meant}'), name=term, meant="")
        return
    folder = path.rsplit("/", 1)[0]
    walk.later(JobKind.PLAYBOOK, path, Context(folder, folder))


def _read_play(walk: Walk, source: PlaySource, entries: tuple[Entry, ...], context: Context) -> None:
    named = {entry.key: entry for entry in entries}
    collections = tuple(name for item in items_of(_value(named, "collections")) if (name := text_of(item)))
    here = Context(context.playbook_dir, context.folder, collections=collections)
    strategy = named.get("strategy")
    if strategy is not None and plain_name(text_of(strategy.value) or "") not in STRATEGIES:
        message = N_('strategy "{name}": expected one of {known}')
        name = text_of(strategy.value) or ""
        walk.ledger.problem(strategy.place, message, name=name, known=", ".join(sorted(STRATEGIES)))
    for item in items_of(_value(named, "roles")):
        _read_role_entry(walk, source, item, here)
    files = _value(named, "vars_files")
    for item in items_of(files) or ((files,) if files is not None else ()):
        for inner in items_of(item) or (item,):
            _read_vars_file(walk, source, inner, here)
    for key in TASK_LISTS:
        read_tasks(walk, source, _value(named, key), here)


def _value(named: dict[str, Entry], key: str) -> Node | None:
    return named[key].value if key in named else None


def read_dependencies(walk: Walk, source: PlaySource, context: Context) -> None:
    """Follow the roles that a role's `meta/main.yml` names, each judged like a role of a play."""
    for entry in source.entries(source.top):
        if entry.key == "dependencies":
            for item in items_of(entry.value):
                _read_role_entry(walk, source, item, context)


def _read_role_entry(walk: Walk, source: PlaySource, item: Node, context: Context) -> None:
    """Follow a role with the keywords and variables it is given."""
    entries = source.entries(item)
    read_keywords(walk, source, entries, context)
    read_variable_names(walk, source, item)
    named = {entry.key: entry.value for entry in entries}
    node = item if text_of(item) else named.get("role") or named.get("name")
    if node is not None and (name := text_of(node)):
        find_role(walk, name, source.place(node), context)


def _read_vars_file(walk: Walk, source: PlaySource, item: Node, context: Context) -> None:
    if term := text_of(item):
        for path in walk.find(context, "vars", term, source.place(item)):
            walk.later(JobKind.VARIABLES, path, context.at(path))


def _read_beside(walk: Walk, folder: str) -> None:
    """Bind the plugins Ansible loads for a playbook, and refuse what it would read beside one and a run does not."""
    for around in dict.fromkeys((PLAYBOOKS, folder)):
        place = Place(around, 1, 1)
        for kind in FOLDERS.values():
            if kind not in _BY_NAME:
                walk.ledger.bind_folder(f"{around}/{kind}", place)
        for kind in (*NOT_FROM_CONTENT, *_VARIABLES):
            if walk.ledger.tree.files(f"{around}/{kind}"):
                walk.ledger.problem(Place(f"{around}/{kind}", 1, 1), _NOT_READ[kind in _VARIABLES])


_NOT_READ: Final = {
    True: N_("variables of hosts and groups belong into the inventory; a run does not read them here"),
    False: N_("plugins of this kind are Ansible's own; content does not bring them"),
}
