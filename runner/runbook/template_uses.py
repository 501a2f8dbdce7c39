"""What templates make a run reach: files they look up or include, collections whose filters they use, the outside."""

from __future__ import annotations

from collections.abc import Iterator

from runner.runbook.ansible_words import (
    DELIMITERS,
    EXPRESSIONS,
    FILE_LOOKUPS,
    OUTSIDE_FILTERS,
    OUTSIDE_TESTS,
    PURE_LOOKUPS,
    collection_of,
    plain_name,
)
from runner.runbook.jinja import Use, UseKind, uses_of_expression, uses_of_template
from runner.runbook.play_source import Items, Node, Pairs, Place, PlaySource, Scalar, items_of, text_of
from runner.runbook.walk import Context, JobKind, ModuleUse, Walk
from runner.words import N_

_OWN_DELIMITERS = ("_start_string", "_end_string")


def read_templates(walk: Walk, source: PlaySource, context: Context) -> None:
    """Follow what the templates of a YAML file use."""
    for node, is_expression in _scalars(source.top, is_expression=False, seen=set()):
        place = source.place(node)
        text = node.text
        if node.tag == "!vault":
            walk.ledger.problem(place, N_("secrets are not kept in files of the site; name them by reference"))
            continue
        if any(mark in text for mark in _OWN_DELIMITERS) and (text in DELIMITERS or "lookup" in text):
            walk.ledger.problem(place, N_("templates keep Ansible's own delimiters"))
        for use in uses_of_expression(text) if is_expression else uses_of_template(text):
            follow_use(walk, use, place, context)


def read_template_file(walk: Walk, path: str, context: Context) -> None:
    """Follow what a template file uses."""
    try:
        text = walk.ledger.blobs[path].data.decode("utf-8")
    except UnicodeDecodeError:
        return
    if text.startswith("#jinja2:") and any(mark in text.split("\n", 1)[0] for mark in _OWN_DELIMITERS):
        walk.ledger.problem(Place(path, 1, 1), N_("templates keep Ansible's own delimiters"))
    for use in uses_of_template(text):
        line = text.count("\n", 0, use.offset) + 1
        place = Place(path, line, use.offset - text.rfind("\n", 0, use.offset))
        follow_use(walk, use, place, context)


def follow_use(walk: Walk, use: Use, place: Place, context: Context) -> None:
    """Follow one thing a template uses."""
    if (collection := collection_of(use.name)) is not None and use.kind is not UseKind.INCLUDE:
        walk.modules.append(ModuleUse(f"{collection}.{use.name.split('.')[-1]}", place, context))
    name = plain_name(use.name)
    if use.kind is UseKind.LOOKUP:
        _follow_lookup(walk, name, use, place, context)
    elif use.kind is UseKind.INCLUDE:
        _follow_include(walk, use, place, context)
    elif name in (OUTSIDE_FILTERS if use.kind is UseKind.FILTER else OUTSIDE_TESTS):
        walk.ledger.lookup(place, use.what)


def follow_loop(walk: Walk, name: str, terms: Node, source: PlaySource, context: Context) -> None:
    """Follow `with_NAME`, which is a lookup too."""
    items = items_of(terms) or (terms,)
    arguments = tuple(text_of(item) for item in items)
    use = Use(UseKind.LOOKUP, name, 0, f"with_{name}", arguments)
    follow_use(walk, use, source.place(terms), context)


def _follow_lookup(walk: Walk, name: str, use: Use, place: Place, context: Context) -> None:
    if name in PURE_LOOKUPS:
        return
    folder = FILE_LOOKUPS.get(name)
    if folder is None:
        walk.ledger.lookup(place, use.what)
        return
    if name == "first_found":
        walk.find_anything(context, place)
        return
    for argument in use.arguments or (None,):
        term = argument
        if term is None or name in {"csvfile", "ini"}:
            term = "{{ }}"
        elif name == "fileglob":
            term = _folder_of_pattern(term)
        for path in walk.find(context, folder, term, place, as_lookup=use.what):
            if name == "template":
                walk.later(JobKind.TEMPLATE, path, context)


def _folder_of_pattern(pattern: str) -> str:
    """A glob pattern as the path that binds everything it may match."""
    head, separator, _ = pattern.rpartition("/")
    if any(letter in pattern for letter in "*?["):
        return f"{head}{separator}{{{{ }}}}" if not any(letter in head for letter in "*?[") else "{{ }}"
    return pattern


def _follow_include(walk: Walk, use: Use, place: Place, context: Context) -> None:
    file = use.arguments[0] if use.arguments else None
    if file is not None and "ignore missing" in use.what:
        file = "{{ }}" if context.roles else file
    for path in walk.find(context, "templates", file if file is not None else "{{ }}", place):
        walk.later(JobKind.TEMPLATE, path, context.at(path))


def _scalars(node: Node | None, *, is_expression: bool, seen: set[int]) -> Iterator[tuple[Scalar, bool]]:
    """Every scalar with whether it is an expression without braces."""
    if node is None or id(node) in seen:
        return
    if isinstance(node, Scalar):
        yield node, is_expression
        return
    seen.add(id(node))
    if isinstance(node, Items):
        for item in node.items:
            yield from _scalars(item, is_expression=is_expression, seen=seen)
    elif isinstance(node, Pairs):
        for key, value in node.pairs:
            yield from _scalars(key, is_expression=False, seen=seen)
            word = text_of(key)
            yield from _scalars(value, is_expression=word in EXPRESSIONS or word == "var", seen=seen)
