from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import UsageError
from runner.model.document import JsonValue
from runner.rules.parameters import has_template
from runner.rules.references import Malformed, Reference, Scope, Source, fill, fill_vars, references_in, scan

SCOPE = Scope(
    parameters={"count": 3, "name": "db", "flag": True, "list": ["a"], "none": None},
    outputs={"back-up": {"path": "/srv/x"}},
    run={"id": "BG-2026-0001/1", "request": ""},
)


@pytest.mark.parametrize(
    "text, found",
    [
        ("{{ parameters.count }}", Reference(Source.PARAMETERS, "count")),
        ("{{parameters.count}}", Reference(Source.PARAMETERS, "count")),
        ("{{ outputs.back-up.path }}", Reference(Source.OUTPUTS, "path", "back-up")),
        ("{{\n run.id\n}}", Reference(Source.RUN, "id")),
    ],
)
def test_references(text: str, found: Reference) -> None:
    assert scan(text) == (found,)


@pytest.mark.parametrize(
    "text",
    [
        "{{ count }}",
        "{{ parameters }}",
        "{{ parameters.a.b }}",
        "{{ outputs.a }}",
        "{{ outputs.a.b.c }}",
        "{{ parameters.a | upper }}",
        "{{ parameters['a'] }}",
        "{{ parameters.a() }}",
        "{{ parameters.a + 1 }}",
        "{{ 'x' }}",
        "{{ }}",
        "{{- parameters.a -}}",
        "{{ parameters.a",
        "{{ {{ parameters.a }} }}",
        "{% if x %}",
        "{# note #}",
        "{{ parameters.\uff41 }}",
    ],
)
def test_everything_else_is_malformed(text: str) -> None:
    assert any(isinstance(found, Malformed) for found in scan(text))
    with pytest.raises(UsageError):
        fill(text, SCOPE)


@pytest.mark.parametrize(
    "value, filled",
    [
        ("{{ parameters.count }}", 3),
        ("{{ parameters.flag }}", True),
        ("{{ parameters.list }}", ["a"]),
        (" {{ parameters.count }}", " 3"),
        ("{{ parameters.name }}-{{ parameters.count }}-{{ parameters.flag }}", "db-3-true"),
        ({"a": ["{{ outputs.back-up.path }}", 5, None]}, {"a": ["/srv/x", 5, None]}),
        ("{{ run.request }}", ""),
        ("} no template }}", "} no template }}"),
    ],
)
def test_filling(value: JsonValue, filled: JsonValue) -> None:
    assert fill(value, SCOPE) == filled


@pytest.mark.parametrize(
    "text", ["{{ parameters.nope }}", "{{ outputs.other.path }}", "{{ outputs.back-up.nope }}", "{{ run.nope }}"]
)
def test_a_value_that_is_not_there_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="it has no value"):
        fill(text, SCOPE)


@pytest.mark.parametrize("name", ["list", "none"])
def test_only_text_numbers_and_flags_stand_inside_text(name: str) -> None:
    with pytest.raises(UsageError, match="inside a text"):
        fill(f"x {{{{ parameters.{name} }}}}", SCOPE)


@pytest.mark.parametrize(
    "text, first, second",
    [
        ("{{ parameters.a }}", "{{ evil }}", ""),
        ("{{ parameters.a }}{ x }}", "{", ""),
        ("{{ parameters.a }}{{ parameters.b }}", "{", "{ evil }}"),
        ("{{ parameters.a }}% x %}", "{", ""),
        ("{{ parameters.a }}{{ parameters.b }}", "{", "# x #}"),
    ],
)
def test_parts_cannot_join_into_a_template(text: str, first: str, second: str) -> None:
    with pytest.raises(UsageError):
        fill(text, Scope(parameters={"a": first, "b": second}))


@given(st.text("{}%# ax", max_size=6), st.text("{}%# ax", max_size=6), st.text("{}%# ax", max_size=4))
def test_what_is_filled_in_never_makes_a_template(first: str, second: str, between: str) -> None:
    scope = Scope(parameters={"a": first, "b": second})
    try:
        filled = fill("{{ parameters.a }}" + between + "{{ parameters.b }}", scope)
    except UsageError:
        return
    assert isinstance(filled, str)
    assert not has_template(filled)


def test_values_are_not_filled_twice() -> None:
    with pytest.raises(UsageError):
        fill("{{ parameters.a }}", Scope(parameters={"a": "{{ parameters.b }}", "b": "secret"}))


def test_keys_hold_no_references() -> None:
    found = dict(references_in({"{{ parameters.a }}": [{"b": "{{ parameters.b }}"}]}))
    assert isinstance(found["{{ parameters.a }}",], Malformed)
    assert found["{{ parameters.a }}", 0, "b"] == Reference(Source.PARAMETERS, "b")


def test_variables_of_a_play() -> None:
    assert fill_vars({"a": "{{ parameters.count }}", "b": 1}, SCOPE) == {"a": 3, "b": 1}
