from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.runbook.jinja import UseKind, literal_head, uses_of_expression, uses_of_template


def found_in(text: str) -> list[tuple[str, str, tuple[str | None, ...]]]:
    return [(use.kind.value, use.name, use.arguments) for use in uses_of_template(text)]


@pytest.mark.parametrize(
    "text, found",
    [
        ("no template", []),
        ("{{ a.b['c'] }}", []),
        ("{{ lookup('env', 'HOME') }}", [("lookup", "env", ("HOME",))]),
        ('{{ query("file", "a", "b") }}', [("lookup", "file", ("a", "b"))]),
        ("{{ lookup('file', 'a' ~ b, wantlist=true) }}", [("lookup", "file", (None, None))]),
        ("{{ lookup(name) }}", [("lookup", "", ())]),
        ("{{ lookup('ansible.builtin.pipe', 'id') }}", [("lookup", "ansible.builtin.pipe", ("id",))]),
        ("{% set f = lookup %}{{ f('pipe', 'id') }}", [("lookup", "", ())]),
        ("{{ [q][0]('pipe', 'id') }}", [("lookup", "", ())]),
        ("{{ vars.lookup }}{{ x | lookup }}", [("filter", "lookup", ())]),
        ("{{ a | default('}}') }}{{ lookup('x') }}", [("filter", "default", ()), ("lookup", "x", ())]),
        ("{{ {'a': {'b': 1}}, lookup('x') }}", [("lookup", "x", ())]),
        ("{{ 'lookup(' }}", []),
        ("{# {{ lookup('x') }} #}", []),
        ("{% raw %}{{ lookup('x') }}{% endraw %}{{ lookup('y') }}", [("lookup", "y", ())]),
        ("{%- raw +%}{{ lookup('x') }}{%- endraw -%}", []),
        ("{{ '{% raw %}' }}{{ lookup('x') }}{{ '{% endraw %}' }}", [("lookup", "x", ())]),
        ("{{ '{#' }}{{ lookup('x') }}{{ '#}' }}", [("lookup", "x", ())]),
        ("{% include 'a.j2' %}", [("include", "include", ("a.j2",))]),
        ("{% include 'a.j2' ignore missing %}", [("include", "include", ("a.j2",))]),
        ("{% include ['a.j2', b] %}", [("include", "include", (None,))]),
        ("{% from 'm.j2' import x as y %}", [("include", "from", ("m.j2",))]),
        ("{%- extends base -%}", [("include", "extends", (None,))]),
        ("{% import 'a' ~ b as c %}", [("include", "import", (None,))]),
        ("{{ x | a.b.c(1) | upper }}", [("filter", "a.b.c", ()), ("filter", "upper", ())]),
        ("{{ x is not a.b.c }}", [("test", "a.b.c", ())]),
        ("{{ x is file }}", [("test", "file", ())]),
        ("{% if x is exists and lookup('y') %}", [("test", "exists", ()), ("lookup", "y", ())]),
        ("{{ lookup('x'", [("lookup", "", ())]),
    ],
)
def test_uses(text: str, found: list[tuple[str, str, tuple[str | None, ...]]]) -> None:
    assert found_in(text) == found


@given(
    st.lists(
        st.sampled_from(
            [
                "{{ a }}",
                "{{ '}}' }}",
                "{# x #}",
                "{% if a %}",
                "{% endif %}",
                "text",
                "{{ {'a': {}} }}",
                "{{ '{%' ~ \"{{\" }}",
            ]
        )
    ),
    st.data(),
)
def test_a_lookup_is_found_wherever_it_stands(parts: list[str], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(parts)))
    text = "".join([*parts[:place], "{{ lookup('pipe', 'id') }}", *parts[place:]])
    assert ("lookup", "pipe", ("id",)) in found_in(text)


@given(st.text("{}%#'\"()[]|.,= alokupqr\\", max_size=60))
def test_no_text_makes_it_fall_over(text: str) -> None:
    assert all(0 <= use.offset < len(text) for use in uses_of_template(text))
    assert all(0 <= use.offset <= len(text) for use in uses_of_expression(text))


def test_expressions_without_braces() -> None:
    uses = list(uses_of_expression("lookup('env', 'X') == 'y' and path is exists"))
    assert [(use.kind, use.name) for use in uses] == [(UseKind.LOOKUP, "env"), (UseKind.TEST, "exists")]


def test_places_in_the_text() -> None:
    text = "line\n{{ a | b }}\n  {{ lookup('x') }}"
    assert [text[use.offset :].split("(", maxsplit=1)[0] for use in uses_of_template(text)] == [
        "b }}\n  {{ lookup",
        "lookup",
    ]


@pytest.mark.parametrize("text, head", [("a/{{ b }}/c", "a/"), ("{{ b }}", ""), ("plain", "plain"), ("x{% if %}", "x")])
def test_what_stands_before_a_template(text: str, head: str) -> None:
    assert literal_head(text) == head
