"""From a document as read to its shape: what does not fit becomes findings, and what fits is kept.

A part that does not fit is taken out and the rest is tried again, so that rules about meaning can still be applied to
everything that could be read. Findings come from the first look only; later looks would speak of what was taken out.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from runner.errors import Fact
from runner.model.document import JsonValue
from runner.model.finding import DocumentPath, Finding
from runner.model.nearest import nearest
from runner.wire.fields import SAID, Shape, TextShape, shown
from runner.wire.steps import KINDS, SHAPES_BY_TAG, TAG
from runner.words import N_
from runner.words import _ as words

_LOOKS: Final = 12
_FREE_FORM: Final = frozenset({"vars", "default"})
"""Keys below which any value, also none, means itself."""
_WHOLE: Final = "*"
_KEY_ITSELF: Final = "[key]"

S = TypeVar("S", bound=Shape)


@dataclass(frozen=True, slots=True)
class Fitted(Generic[S]):
    """What fits of a document."""

    shape: S | None
    """None when too little fits to judge the rest."""
    findings: tuple[Finding, ...]
    lost: frozenset[DocumentPath]
    """Parts that were taken out."""


def fit(document: JsonValue, shape: type[S], stand_ins: Mapping[str, JsonValue] | None = None) -> Fitted[S]:
    """Fit a document into a shape.

    Args:
        document: what YAML held.
        shape: shape of the whole document.
        stand_ins: values for required keys at the top that are missing or do not fit, so that the rest can be judged.
    """
    if not isinstance(document, dict):
        return Fitted(None, (Finding((), N_("expected a mapping, got {got}"), {"got": _kind(document)}),), frozenset())
    working: dict[str, JsonValue] = copy.deepcopy(document)
    findings = list(_empty_values(working))
    for finding in findings:
        _take_out(working, finding.path, {})
    findings += _mend_kinds(working)
    lost = {finding.path for finding in findings}
    for look in range(_LOOKS):
        try:
            return _fitted(shape.model_validate(working), findings, lost)
        except ValidationError as error:
            details = error.errors(include_url=False)
        if look == 0:
            findings += [_finding(detail, document, shape) for detail in details]
        if not _repair(working, details, shape, stand_ins or {}, lost):
            break
    return _fitted(None, findings, lost)


def rests_on_lost(finding: Finding, lost: Collection[DocumentPath]) -> bool:
    """Whether a finding is only true if a part could be read that could not."""
    return any(_rests_on(need, gone) for need in finding.needs for gone in lost)


def _rests_on(need: DocumentPath, gone: DocumentPath) -> bool:
    if need and need[-1] == _WHOLE:
        around = need[:-1]
        return gone[: len(around)] == around or around[: len(gone)] == gone
    return need[: len(gone)] == gone or gone[:-1] == need


def _fitted(shape: S | None, findings: Sequence[Finding], lost: set[DocumentPath]) -> Fitted[S]:
    return Fitted(shape, tuple(one for one in findings if not rests_on_lost(one, lost)), frozenset(lost))


def _empty_values(value: JsonValue, path: DocumentPath = ()) -> Iterator[Finding]:
    """Keys without a value: to say nothing is not to leave out."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key in _FREE_FORM:
                continue
            if item is None:
                message = N_('key "{key}" has no value; give it one or leave the key out')
                yield Finding((*path, key), message, {"key": key}, at_key=True)
            else:
                yield from _empty_values(item, (*path, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _empty_values(item, (*path, position))


def _mend_kinds(document: Mapping[str, JsonValue]) -> Iterator[Finding]:
    """Take a step's misspelt kind for what it was meant to be, so that the rest of the step can be judged."""
    steps = document.get("steps")
    for position, step in enumerate(steps if isinstance(steps, list) else []):
        if not isinstance(step, dict) or any(kind in step for kind in KINDS):
            continue
        for key in list(step):
            if kind := nearest(key, KINDS):
                step[kind] = step.pop(key)
                message = N_('unknown key "{key}" (did you mean "{near}"?)')
                yield Finding(("steps", position, key), message, {"key": key, "near": kind}, at_key=True)
                break


def _repair(
    working: dict[str, JsonValue],
    details: Sequence[ErrorDetails],
    shape: type[Shape],
    stand_ins: Mapping[str, JsonValue],
    lost: set[DocumentPath],
) -> bool:
    """Take out what does not fit; whether anything was done."""
    done = False
    for detail in details:
        path = _document_path(detail["loc"], working)
        if detail["type"] == "extra_forbidden" and (near := nearest(str(path[-1]), _legal_keys(detail["loc"], shape))):
            lost.add((*path[:-1], near))
        lost.add(path)
        done = _take_out(working, path, stand_ins) or done
    return done


def _take_out(working: dict[str, JsonValue], path: DocumentPath, stand_ins: Mapping[str, JsonValue]) -> bool:
    """Remove the part at a path, or what must go with it; whether the document changed."""
    if len(path) == 1 and path[0] in stand_ins:
        changed = working.get(str(path[0])) != stand_ins[str(path[0])]
        working[str(path[0])] = copy.deepcopy(stand_ins[str(path[0])])
        return changed
    if len(path) <= 1:
        return bool(path) and working.pop(str(path[0]), _KEY_ITSELF) != _KEY_ITSELF
    holder = _at(working, path[:-1])
    last = path[-1]
    if isinstance(holder, dict) and last in holder:
        del holder[str(last)]
        return True
    if isinstance(holder, list) and path[0] == "steps" and len(path) == 2:  # noqa: PLR2004 - a step of the list
        return _replace_step(holder, int(last))
    return _take_out(working, path[:-1], stand_ins)


def _replace_step(steps: list[JsonValue], position: int) -> bool:
    """Put a step that asks nothing of others in the place of one that does not fit; positions must stay."""
    if position >= len(steps):
        return False
    stand_in: JsonValue = {"id": f"unreadable-{position}", "remote": {"reachable": True}}
    changed = steps[position] != stand_in
    steps[position] = stand_in
    return changed


def _at(value: JsonValue, path: DocumentPath) -> JsonValue:
    for part in path:
        if isinstance(value, dict) and part in value:
            value = value[str(part)]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def _document_path(location: Sequence[str | int], document: JsonValue) -> DocumentPath:
    """Where an error is in the document: tags and short forms are not part of it, a missing key is."""
    path: list[str | int] = []
    here = document
    for number, part in enumerate(location):
        is_last = number == len(location) - 1
        inside = isinstance(here, dict) and part in here
        if not inside and isinstance(here, list) and isinstance(part, int):
            inside = part < len(here)
        if inside:
            here = _at(here, (part,))
            path.append(part)
        elif is_last and isinstance(here, dict) and part != _KEY_ITSELF and not str(part).startswith(TAG):
            path.append(part)
    return tuple(path)


def _finding(detail: ErrorDetails, document: JsonValue, shape: type[Shape]) -> Finding:
    path = _document_path(detail["loc"], document)
    special = _SPECIAL.get(detail["type"])
    if special is not None:
        return special(detail, path, shape)
    say = _MESSAGES.get(detail["type"])
    if detail["type"] == "string_type" and isinstance(detail["input"], int):
        say = N_('got {kind}, expected text; quote it: "{got}"')
    if detail.get("ctx", {}).get("class_name") == TextShape.__name__:
        say = N_("got {kind}, expected both languages: {{en: …, zh: …}}")
    if say is None:
        return Finding(path, N_("{what}"), {"what": detail["msg"]})
    facts: dict[str, Fact] = {"got": shown(detail["input"]), "kind": _kind(detail["input"])}
    facts |= {key: fact for key, fact in detail.get("ctx", {}).items() if isinstance(fact, str | int)}
    return Finding(path, say, facts)


def _said(detail: ErrorDetails, path: DocumentPath, _: type[Shape]) -> Finding:
    facts = dict(detail["ctx"])
    message, beside = str(facts.pop("message")), str(facts.pop("needs", ""))
    needs = ((*path[:-1], beside),) if beside else ()
    return Finding(path, message, facts, needs, at_key=detail["loc"][-1] == _KEY_ITSELF)


def _missing_key(_: ErrorDetails, path: DocumentPath, __: type[Shape]) -> Finding:
    return Finding(path[:-1], N_('key "{key}" is missing'), {"key": path[-1]})


def _unknown_key(detail: ErrorDetails, path: DocumentPath, shape: type[Shape]) -> Finding:
    legal = _legal_keys(detail["loc"], shape)
    belongs = [tag for tag, one in SHAPES_BY_TAG.items() if str(path[-1]) in _keys(one)]
    tag = detail["loc"][-2] if len(detail["loc"]) > 1 else ""
    if belongs and tag in SHAPES_BY_TAG:
        message = N_('key "{key}" does not belong to a {kind} step')
        return Finding(path, message, {"key": path[-1], "kind": str(tag).removeprefix(TAG)}, at_key=True)
    near = nearest(str(path[-1]), legal)
    message = N_('unknown key "{key}" (did you mean "{near}"?)') if near else N_('unknown key "{key}", known: {known}')
    facts: dict[str, Fact] = {"key": path[-1], "near": near, "known": ", ".join(sorted(legal))}
    return Finding(path, message, facts, at_key=True)


def _kindless_step(detail: ErrorDetails, path: DocumentPath, _: type[Shape]) -> Finding:
    step = detail["input"]
    kinds = ", ".join(KINDS)
    if not isinstance(step, Mapping):
        return Finding(path, N_("expected a mapping, got {got}"), {"got": _kind(step)})
    given = [str(key) for key in step if key in KINDS]
    if given:
        message = N_("a step is exactly one of {kinds}; this one is {given}")
        return Finding((*path, given[1]), message, {"kinds": kinds, "given": ", ".join(given)}, at_key=True)
    return Finding(path, N_("a step is exactly one of {kinds}"), {"kinds": kinds})


def _not_among(detail: ErrorDetails, path: DocumentPath, _: type[Shape]) -> Finding:
    legal = re.findall(r"'([^']*)'", str(detail.get("ctx", {}).get("expected", "")))
    got = shown(detail["input"])
    near = nearest(got, legal)
    facts: dict[str, Fact] = {"got": got, "legal": ", ".join(legal), "near": near}
    if len(legal) == 1:
        return Finding(path, N_('got "{got}", expected "{legal}"'), facts)
    if near:
        return Finding(path, N_('got "{got}", expected one of {legal} (did you mean "{near}"?)'), facts)
    return Finding(path, N_('got "{got}", expected one of {legal}') if legal else N_("got {got}, expected true"), facts)


def _kind(value: object) -> str:
    """What a value is, in words of YAML."""
    for kind, name in _KINDS.items():
        if isinstance(value, kind):
            return words(name)
    return words(N_("nothing"))


_KINDS: Final[Mapping[type, str]] = {
    bool: N_("a flag"), int: N_("a number"), str: N_("text"), list: N_("a list"), dict: N_("a mapping"),
}  # fmt: skip
_SPECIAL: Final[Mapping[str, Callable[[ErrorDetails, DocumentPath, type[Shape]], Finding]]] = {
    SAID: _said,
    "extra_forbidden": _unknown_key,
    "missing": _missing_key,
    "union_tag_not_found": _kindless_step,
    "union_tag_invalid": _kindless_step,
    "literal_error": _not_among,
    "enum": _not_among,
}
_MESSAGES: Final[Mapping[str, str]] = {
    "string_type": N_("got {kind}, expected text"),
    "int_type": N_('got {kind} "{got}", expected a whole number'),
    "bool_type": N_('got {kind} "{got}", expected true or false'),
    "list_type": N_("got {kind}, expected a list"),
    "dict_type": N_("got {kind}, expected a mapping"),
    "model_type": N_("got {kind}, expected a mapping"),
    "model_attributes_type": N_("got {kind}, expected a mapping"),
    "too_short": N_("expected at least {min_length} entries, got {actual_length}"),
    "too_long": N_("expected at most {max_length} entries, got {actual_length}"),
    "string_too_long": N_("expected at most {max_length} characters"),
    "greater_than_equal": N_("got {got}, expected at least {ge}"),
    "less_than_equal": N_("got {got}, expected at most {le}"),
}


def _legal_keys(location: Sequence[str | int], shape: type[Shape]) -> frozenset[str]:
    """Keys that may stand where an unknown one was found."""
    shapes: tuple[type[Shape], ...] = (shape,)
    skip = False
    for part in location[:-1]:
        if part in SHAPES_BY_TAG:
            shapes = (SHAPES_BY_TAG[str(part)],)
        elif skip or isinstance(part, int):
            skip = False
        else:
            annotations = [found for one in shapes if (found := _annotation(one, part)) is not None]
            shapes = tuple(inner for annotation in annotations for inner in _shapes_in(annotation)) or shapes
            skip = any(_holds_names(annotation) for annotation in annotations)
    return frozenset(key for one in shapes for key in _keys(one))


def _keys(shape: type[Shape]) -> Iterator[str]:
    return (field.alias or name for name, field in shape.model_fields.items())


def _annotation(shape: type[Shape], key: str) -> object:
    for name, field in shape.model_fields.items():
        if (field.alias or name) == key:
            return field.annotation
    return None


def _walk(annotation: object, judge: Callable[[object], bool]) -> Iterator[object]:
    if judge(annotation):
        yield annotation
    for part in get_args(annotation):
        yield from _walk(part, judge)


def _shapes_in(annotation: object) -> Iterator[type[Shape]]:
    for found in _walk(annotation, lambda part: isinstance(part, type) and get_origin(part) is None):
        if isinstance(found, type) and issubclass(found, Shape):
            yield found


def _holds_names(annotation: object) -> bool:
    """Whether the keys below are names the author chooses."""
    return any(_walk(annotation, lambda part: get_origin(part) is dict))
