"""What lists of tasks make a run reach, and what in them a run does not allow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from runner.rules.variables import PLAY_SETTINGS
from runner.runbook.ansible_words import (
    BLOCKS,
    CONNECTION_KEYWORDS,
    CONTROLLER_FILES,
    DELIMITERS,
    REFUSED_KEYWORDS,
    REFUSED_MODULES,
    REMOTE_BY_DEFAULT,
    ROLE_IMPORTS,
    TASK_IMPORTS,
    TASK_KEYWORDS,
    plain_name,
)
from runner.runbook.jinja import has_template
from runner.runbook.ledger import Delegate
from runner.runbook.play_source import (
    Entry,
    Node,
    Place,
    PlaySource,
    Scalar,
    is_true,
    items_of,
    split_free_form,
    text_of,
)
from runner.runbook.roles import find_role, find_role_file
from runner.runbook.template_uses import follow_loop
from runner.runbook.walk import Context, JobKind, ModuleUse, Walk
from runner.words import N_

_OWN_NAME: Final = re.compile(r"\{\{-?\s*inventory_hostname\s*-?\}\}")
_LOOP: Final = "with_"
_LOOP_NAMES: Final = frozenset({"loop_var", "index_var"})
_FALSE: Final = frozenset({"false", "no", "off", "0", "n", "f"})


@dataclass(frozen=True, slots=True)
class Action:
    """A module with its arguments."""

    name: str
    place: Place
    arguments: Mapping[str, Argument]
    free_form: Argument
    """What is written after the module without a key."""


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a module."""

    text: str | None
    """None when it is a list or a mapping."""
    place: Place
    node: Node | None = None


def read_tasks(walk: Walk, source: PlaySource, tasks: Node | None, context: Context) -> None:
    """Follow a list of tasks and the blocks in it; a playbook that lies among lists of tasks is none."""
    if any(entry.key == "hosts" for task in items_of(tasks) for entry in source.entries(task)):
        return
    seen: set[int] = set()
    waiting: list[tuple[Node, Context]] = [(task, context) for task in items_of(tasks)]
    while waiting:
        task, here = waiting.pop(0)
        if id(task) in seen:
            continue
        seen.add(id(task))
        entries = source.entries(task)
        here = _with_collections(here, entries)
        for entry in entries:
            if entry.key in BLOCKS:
                waiting += [(inner, here) for inner in items_of(entry.value)]
        read_keywords(walk, source, entries, here)
        if not any(entry.key == "block" for entry in entries):
            _read_task(walk, source, entries, here)


def read_keywords(walk: Walk, source: PlaySource, entries: tuple[Entry, ...], context: Context) -> None:
    """Judge the keywords of a play, a block, a task or a role."""
    for entry in entries:
        if objection := _objection_to(entry):
            walk.ledger.problem(entry.place, objection, key=entry.key)
        elif entry.key == "vars":
            read_variable_names(walk, source, entry.value)
        elif entry.key == "delegate_to":
            _read_delegate(walk, source, entry)
        elif entry.key == "module_defaults":
            _read_defaults(walk, source, entry, context)
        elif entry.key == "args" and isinstance(entry.value, Scalar):
            walk.ledger.problem(source.place(entry.value), _WRITTEN_OUT)
        elif entry.key in {"register", "loop_control"}:
            _read_named_variables(walk, source, entry)


def read_variable_names(walk: Walk, source: PlaySource, variables: Node | None) -> None:
    """Judge the names of variables that content sets."""
    for inner in items_of(variables) or (variables,):
        for entry in source.entries(inner):
            if entry.key.startswith("ansible_") and entry.key not in PLAY_SETTINGS:
                walk.ledger.problem(entry.place, _STEERS, name=entry.key)


def _objection_to(entry: Entry) -> str | None:
    """Why a keyword must not stand there, or not with this value; a message id."""
    if entry.key in CONNECTION_KEYWORDS:
        return N_('"{key}": the plan has bound how a host is reached; a play does not change it')
    if entry.key == "check_mode":
        return None if is_true(entry.value) else _NO_CHECK
    if entry.key == "poll":
        return None if _is_waited_for(entry.value) else _NOT_WAITED_FOR
    return _WHY_REFUSED[entry.key] if entry.key in REFUSED_KEYWORDS else None


def _is_waited_for(poll: Node | None) -> bool:
    """Whether Ansible looks for the end of a task that runs in the background."""
    text = text_of(poll) or ""
    return text.isdecimal() and int(text) > 0


def _read_named_variables(walk: Walk, source: PlaySource, entry: Entry) -> None:
    """Judge the names of variables that a task fills: its result, the item of a loop and its index."""
    inside = source.entries(entry.value)
    if entry.key == "loop_control":
        named = [(text_of(one.value) or "", source.place(one.value)) for one in inside if one.key in _LOOP_NAMES]
    else:
        named = [(one.key, one.place) for one in inside] or [(text_of(entry.value) or "", source.place(entry.value))]
    for name, place in named:
        _judge_name(walk, name, place)


def _judge_name(walk: Walk, name: str, place: Place) -> None:
    if name.strip().startswith("ansible_"):
        walk.ledger.problem(place, _STEERS, name=name)
    elif has_template(name):
        walk.ledger.problem(place, N_('"{name}": the name of a variable is written out'), name=name)


def _read_defaults(walk: Walk, source: PlaySource, entry: Entry, context: Context) -> None:
    """Follow arguments that are given to modules once for all."""
    for item in items_of(entry.value) or (entry.value,):
        if isinstance(item, Scalar):
            walk.ledger.problem(source.place(item), _WRITTEN_OUT)
        for module in source.entries(item):
            if not module.key.startswith("group/"):
                _read_action(walk, _action(source, module, None), context, are_defaults=True)


def _with_collections(context: Context, entries: tuple[Entry, ...]) -> Context:
    names = [text_of(item) for entry in entries if entry.key == "collections" for item in items_of(entry.value)]
    return replace(context, collections=(*context.collections, *(name for name in names if name)))


def _read_delegate(walk: Walk, source: PlaySource, entry: Entry) -> None:
    name = text_of(entry.value) or ""
    place = source.place(entry.value)
    if _OWN_NAME.fullmatch(name.strip()):
        return
    if not name or has_template(name):
        message = N_('"delegate_to": expected the name of a host of the plan, or {own}')
        walk.ledger.problem(place, message, own="{{ inventory_hostname }}")
        return
    walk.ledger.delegates.append(Delegate(name, place))


def _read_task(walk: Walk, source: PlaySource, entries: tuple[Entry, ...], context: Context) -> None:
    extra = next((entry.value for entry in entries if entry.key == "args"), None)
    for entry in entries:
        if entry.key.startswith(_LOOP):
            follow_loop(walk, entry.key.removeprefix(_LOOP), entry.value, source, context)
        elif entry.key == "action":
            for action in _old_style(source, entry):
                _read_own_action(walk, source, action, context)
        elif entry.key not in TASK_KEYWORDS:
            _read_own_action(walk, source, _action(source, entry, extra), context)


def _old_style(source: PlaySource, entry: Entry) -> Iterator[Action]:
    """`action: module key=value`, or `action: {module: …}`."""
    inside = source.entries(entry.value)
    if inside:
        for named in inside:
            if named.key == "module":
                arguments = {one.key: _argument(source, one) for one in inside if one.key != "module"}
                yield Action(
                    text_of(named.value) or "", source.place(named.value), arguments, Argument("", entry.place)
                )
        return
    name, _, rest = (text_of(entry.value) or "").strip().partition(" ")
    place = source.place(entry.value)
    written, free_form = split_free_form(rest)
    yield Action(
        name, place, {key: Argument(value, place) for key, value in written.items()}, Argument(free_form, place)
    )


def _action(source: PlaySource, entry: Entry, extra: Node | None) -> Action:
    place = source.place(entry.value)
    arguments = {one.key: _argument(source, one) for one in source.entries(extra)}
    free_form = ""
    if isinstance(entry.value, Scalar):
        written, free_form = split_free_form(entry.value.text)
        arguments |= {key: Argument(value, place) for key, value in written.items()}
    arguments |= {one.key: _argument(source, one) for one in source.entries(entry.value)}
    return Action(entry.key, entry.place, arguments, Argument(free_form, place))


def _argument(source: PlaySource, entry: Entry) -> Argument:
    return Argument(text_of(entry.value), source.place(entry.value), entry.value)


def _read_own_action(walk: Walk, source: PlaySource, action: Action, context: Context) -> None:
    """Follow what a task does, and judge the keywords it gives to the tasks it brings in."""
    applied = action.arguments.get("apply")
    if applied is not None and plain_name(action.name) in _WITH_KEYWORDS:
        read_keywords(walk, source, source.entries(applied.node), context)
    _read_action(walk, action, context)


def _read_action(walk: Walk, action: Action, context: Context, *, are_defaults: bool = False) -> None:
    name = plain_name(action.name)
    if name in _NOT_FREE and has_template(action.free_form.text or ""):
        walk.ledger.problem(action.free_form.place, _WRITTEN_OUT)
    walk.modules.append(ModuleUse(action.name, action.place, context))
    if name in REFUSED_MODULES:
        walk.ledger.problem(action.place, _WHY_REFUSED[name], key=name)
    elif name in TASK_IMPORTS:
        term = _given(action, "file") or action.free_form
        if term.text:
            walk.find_tasks(context, term.text, term.place)
    elif name in ROLE_IMPORTS:
        _read_role_import(walk, action, context)
    elif name == "include_vars":
        _read_include_vars(walk, action, context)
    elif name in CONTROLLER_FILES:
        _read_controller_file(walk, name, action, context)
    elif name == "set_fact":
        _read_facts(walk, action)
    elif name == "pause" and not are_defaults and not {"seconds", "minutes"} & set(action.arguments):
        walk.ledger.problem(action.place, N_("it waits for a person without end; use a gate of the runbook"))


def _given(action: Action, *keys: str) -> Argument | None:
    found = (action.arguments.get(key) for key in keys)
    return next((argument for argument in found if argument is not None and argument.text), None)


def _read_role_import(walk: Walk, action: Action, context: Context) -> None:
    named = _given(action, "name", "role")
    if named is None or named.text is None:
        return
    role = find_role(walk, named.text, named.place, context)
    for key, part in (("tasks_from", "tasks"), ("handlers_from", "handlers"), ("vars_from", "vars")):
        file = action.arguments.get(key)
        if role and file is not None and file.text and not has_template(file.text):
            find_role_file(walk, role, part, file.text, file.place)


def _read_include_vars(walk: Walk, action: Action, context: Context) -> None:
    if (named := action.arguments.get("name")) is not None:
        _judge_name(walk, named.text or "", named.place)
    folder = _given(action, "dir")
    term = folder or _given(action, "file") or action.free_form
    if not term.text:
        return
    # NOTE: a folder is looked for below vars/ in a role only, a file everywhere.
    where = "" if folder is not None and not context.roles else "vars"
    is_exact = folder is None and not has_template(term.text)
    for path in walk.find(context, where, term.text, term.place):
        walk.later(JobKind.VARIABLES if is_exact else JobKind.ANYTHING, path, context.at(path))


def _read_controller_file(walk: Walk, name: str, action: Action, context: Context) -> None:
    if any(key in DELIMITERS for key in action.arguments):
        walk.ledger.problem(action.place, N_("templates keep Ansible's own delimiters"))
    body_format = action.arguments.get("body_format")
    if name == "uri" and body_format is not None and body_format.text == "form-multipart":
        walk.ledger.problem(body_format.place, N_('"form-multipart" sends files of the controller'))
    remote = action.arguments.get("remote_src")
    if remote is not None and is_true(remote.node or Scalar(remote.text or "", 0, 0)):
        return
    if name in REMOTE_BY_DEFAULT and (remote is None or (remote.text or "").lower() not in _FALSE):
        return
    term = _given(action, "src")
    if name == "script":
        written = _given(action, "cmd") or action.free_form
        term = Argument((written.text or "").strip().split(" ", 1)[0], written.place)
    if term is None or not term.text:
        return
    if "://" in term.text and not has_template(term.text.split("://", 1)[0]):
        walk.ledger.problem(
            term.place, N_('"{url}": the controller fetches nothing; let the host do it'), url=term.text
        )
        return
    for path in walk.find(context, CONTROLLER_FILES[name], term.text, term.place):
        if name == "template":
            walk.later(JobKind.TEMPLATE, path, context.at(path))


def _read_facts(walk: Walk, action: Action) -> None:
    for name, argument in action.arguments.items():
        if name.startswith("ansible_") and name not in PLAY_SETTINGS:
            walk.ledger.problem(argument.place, _STEERS, name=name)
        elif has_template(name):
            walk.ledger.problem(argument.place, N_('"{name}": the name of a fact is written out'), name=name)


_NOT_FREE: Final = frozenset({*CONTROLLER_FILES, *ROLE_IMPORTS, "set_fact"}) - {"script"}
"""Modules whose arguments decide what is reached, and which take none without a key."""
_WITH_KEYWORDS: Final = frozenset({"include_tasks", *ROLE_IMPORTS})
"""Modules that give the tasks they bring in keywords of their own."""
_NO_CHECK: Final = N_(
    '"check_mode": a check changes nothing, so it is never switched off; leave a task out of checks by '
    '"when: not ansible_check_mode"'
)
_NOT_WAITED_FOR: Final = N_(
    '"poll": expected a number of seconds from 1: the end of a task is waited for, otherwise nobody sees it'
)
_WRITTEN_OUT: Final = N_("arguments of a module are written out, so that what they reach can be seen")
_STEERS: Final = N_('"{name}": variables beginning with "ansible_" steer Ansible and must not be set here')
_WHY_REFUSED: Final[Mapping[str, str]] = {
    "vars_prompt": N_('"{key}": nobody is there to answer; use a parameter of the runbook'),
    "debugger": N_('"{key}": nobody is there to answer'),
    "local_action": N_('"{key}": the controller is no host of the plan; name the host with delegate_to'),
    "add_host": N_('"{key}": hosts that are not in the plan cannot be added'),
    "fetch": N_('"{key}": a run writes nothing on the controller; report values with set_stats'),
}
